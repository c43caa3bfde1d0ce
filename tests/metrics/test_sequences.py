import pytest

from layerwise.metrics.sequences import matching_places


@pytest.mark.parametrize(
    ("found", "wanted", "places"),
    [
        ("abc", "abc", [True, True, True]),
        ("abd", "abc", [True, True, False]),
        ("ab", "abc", [True, True, False]),
        ("abcc", "abc", [True, True, True, False]),
        ("", "ab", [False, False]),
        ("", "", []),
        ("bca", "abc", [False, False, False]),
    ],
)
def test_places_are_compared_one_by_one_and_a_wrong_length_counts(found, wanted, places):
    assert matching_places(found, wanted).tolist() == places
    assert matching_places(wanted, found).tolist() == places


def test_words_are_symbols_too():
    assert matching_places(["the", "dog"], ["the", "cat"]).tolist() == [True, False]
