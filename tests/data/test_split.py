"""Dividing rows: shares, units that stay together, given parts, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from layerwise.config import Split
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.source import Field, Source
from layerwise.data.split import Parts, divide, units
from layerwise.errors import LayerwiseError


def source(values, codes, *, groups=None, parts=None, names=None):
    """Return a table of one number field and one target, with a group and a part field where given."""
    names = names or tuple("abcdefgh"[: max(codes) + 1])
    columns = {
        "x": Numbers(np.asarray(values, dtype=np.float64)),
        "y": Categories(np.asarray(codes, dtype=np.int32), names),
    }
    fields = [Field("x"), Field("y", "target")]
    if groups is not None:
        columns["who"] = Texts([str(group) for group in groups])
        fields.append(Field("who", "group"))
    if parts is not None:
        columns["part"] = Texts(list(parts))
        fields.append(Field("part", "part"))
    return Source("table", "memory", tuple(fields), columns)


def every_row(parts: Parts) -> list[int]:
    return sorted([*parts.train, *parts.validation, *parts.test])


def test_every_row_stands_in_exactly_one_part():
    parts = divide(source(np.arange(90), [row % 3 for row in range(90)]), Split(), seed=0)
    assert every_row(parts) == list(range(90))
    assert (len(parts.test), parts.origin, len(parts.seen), parts.duplicates) == (30, "split", 0, 0)


def test_the_share_of_a_class_is_kept_to_within_one_row():
    codes = [0] * 60 + [1] * 31 + [2] * 9
    parts = divide(source(np.arange(100), codes), Split(test_fraction=0.3, validation_fraction=0.0), seed=4)
    held = np.bincount(np.array(codes)[parts.test], minlength=3)
    assert np.abs(held - 0.3 * np.array([60, 31, 9])).max() <= 1
    assert len(parts.test) == 30


def test_the_share_of_all_classes_together_is_kept_where_each_must_round():
    # Eight classes of 10 rows at a quarter: 2.5 each, 20 in all, as scikit-learn's stratified split has it.
    codes = [row % 8 for row in range(80)]
    parts = divide(source(np.arange(80), codes), Split(test_fraction=0.25), seed=0)
    assert len(parts.test) == 20


@st.composite
def tables(draw):
    rows = draw(st.integers(12, 60))
    values = draw(st.lists(st.integers(0, 40), min_size=rows, max_size=rows))
    codes = draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))
    grouped = draw(st.booleans())
    groups = draw(st.lists(st.integers(0, 15), min_size=rows, max_size=rows)) if grouped else None
    return values, codes, groups


@settings(max_examples=80, deadline=None)
@given(tables(), st.integers(0, 5), st.floats(0.1, 0.6))
def test_equal_inputs_and_groups_never_cross(table, seed, fraction):
    values, codes, groups = table
    whole = source(values, codes, groups=groups, names=("a", "b", "c"))
    split = Split(test_fraction=fraction, stratify=False)
    # With one unit in all there is nothing to divide.
    assume(len(np.unique(units(whole)[0])) > 2)
    parts = divide(whole, split, seed=seed)
    assert every_row(parts) == list(range(len(values)))
    place = np.empty(len(values), dtype=int)
    for number, rows in enumerate((parts.train, parts.validation, parts.test)):
        place[rows] = number
    for keys in (values, groups or []):
        for key in set(keys):
            assert len({place[row] for row, other in enumerate(keys) if other == key}) == 1
    assert not len(parts.seen)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(1, 6), min_size=2, max_size=12), min_size=2, max_size=4), st.floats(0.1, 0.7))
def test_a_stratified_share_is_right_to_within_the_largest_unit(strata, fraction):
    # One list a class; each number is a unit of that many rows with the same input.
    values, codes, unit = [], [], 0
    for code, sizes in enumerate(strata):
        for size in sizes:
            values += [unit] * size
            codes += [code] * size
            unit += 1
    parts = divide(source(values, codes), Split(test_fraction=fraction, validation_fraction=0.0), seed=1)
    for code, sizes in enumerate(strata):
        in_test = sum(codes[row] == code for row in parts.test)
        assert 0 < in_test < sum(sizes)
        assert abs(in_test - fraction * sum(sizes)) <= max(sizes) + 1


def test_a_unit_too_large_for_the_test_part_does_not_empty_the_training_part():
    # 1, 1 and 10 equal rows: taking rows until the third is reached could take all twelve.
    values = [0, 1] + [2] * 10 + list(range(10, 20))
    for seed in range(20):
        parts = divide(source(values, [0] * 12 + [1] * 10), Split(validation_fraction=0.0), seed=seed)
        assert sum(row < 12 for row in parts.train) > 0


def test_the_same_seed_gives_the_same_parts_and_another_seed_other_ones():
    whole = source(np.arange(60), [row % 2 for row in range(60)])
    first, again, other = (divide(whole, Split(), seed=seed) for seed in (3, 3, 4))
    assert [getattr(first, part).tolist() for part in ("train", "validation", "test")] == [
        getattr(again, part).tolist() for part in ("train", "validation", "test")
    ]
    assert first.test.tolist() != other.test.tolist()


def test_a_class_with_one_item_is_named():
    with pytest.raises(LayerwiseError, match="class 'c' of 'y' has 1") as caught:
        divide(source(np.arange(21), [row % 2 for row in range(20)] + [2]), Split(), seed=0)
    assert caught.value.exit_code == 1
    assert "--no-stratify" in caught.value.remedy


def test_a_class_whose_items_are_all_equal_counts_as_one():
    with pytest.raises(LayerwiseError, match="class 'b' of 'y' has 1"):
        divide(source([*range(10), 99, 99, 99], [0] * 10 + [1] * 3), Split(), seed=0)


def test_a_class_with_two_items_is_held_out_once_and_learned_from_once():
    codes = [0] * 30 + [1] * 2
    parts = divide(source(np.arange(32), codes), Split(), seed=0)
    assert [sum(codes[row] for row in rows) for rows in (parts.train, parts.validation, parts.test)] == [1, 0, 1]


def test_a_given_test_part_is_respected_and_its_seen_rows_are_counted():
    words = ["train"] * 8 + ["Test"] * 4
    whole = source([0, 1, 2, 3, 4, 5, 6, 7, 0, 3, 50, 51], [0, 1] * 6, parts=words)
    parts = divide(whole, Split(validation_fraction=0.25), seed=0)
    assert parts.test.tolist() == [8, 9, 10, 11]
    assert (parts.origin, parts.seen.tolist(), parts.duplicates) == ("own", [8, 9], 2)
    assert len(parts.validation) == 2


def test_given_validation_rows_are_kept_in_korean_words_too():
    whole = source(np.arange(9), [0, 1, 0] * 3, parts=["학습"] * 5 + ["검증"] * 2 + ["시험"] * 2)
    parts = divide(whole, Split(), seed=0)
    assert (parts.validation.tolist(), parts.test.tolist()) == ([5, 6], [7, 8])


def test_an_unknown_word_in_the_part_field_is_named_with_its_row():
    with pytest.raises(LayerwiseError, match=r"row 3: 'extra'"):
        divide(source(np.arange(4), [0, 1, 0, 1], parts=["train", "test", "extra", "train"]), Split(), seed=0)


@pytest.mark.parametrize("word", ["test", "validation"])
def test_a_group_on_both_sides_of_a_given_part_stops_the_run(word):
    whole = source(
        np.arange(5), [0, 1, 0, 1, 0], groups=["kim", "lee", "kim", "park", "choi"],
        parts=["train", "train", word, word, "test"],
    )  # fmt: skip
    with pytest.raises(LayerwiseError, match="kim"):
        divide(whole, Split(stratify=False), seed=0)


def test_the_training_part_can_be_tested_on():
    parts = divide(source(np.arange(4), [0, 1, 1, 0]), Split(test="training"), seed=0)
    assert parts.train.tolist() == parts.test.tolist() == [0, 1, 2, 3]
    assert not len(parts.validation)


def test_without_a_test_part_nothing_is_held_out_for_it():
    parts = divide(source(np.arange(4), [0, 1, 1, 0]), Split(test="none"), seed=0)
    assert (len(parts.train), len(parts.test), parts.origin) == (4, 0, "none")


def test_a_split_of_its_own_may_replace_the_given_one():
    whole = source(np.arange(40), [0, 1] * 20, parts=["train"] * 39 + ["test"])
    parts = divide(whole, Split(test="split", test_fraction=0.5), seed=0)
    assert (len(parts.test), parts.origin) == (20, "split")


def test_numbers_are_stratified_by_the_quarters_of_the_target():
    values = np.arange(200.0)
    whole = source(values, [0] * 200)
    whole = replace(whole, columns={**whole.columns, "y": Numbers(values)})
    parts = divide(whole, Split(test_fraction=0.2), seed=0)
    quarter = np.searchsorted(np.quantile(values, [0.25, 0.5, 0.75]), values[parts.test], side="right")
    assert np.bincount(quarter).tolist() == [10, 10, 10, 10]


def test_units_join_rows_that_share_inputs_or_a_group():
    whole = source([1, 1, 2, 3, 4], [0] * 5, groups=["a", "b", "b", "c", "c"])
    unit, duplicates = units(whole)
    assert duplicates == 1
    assert [len(set(unit[:3])), len(set(unit[3:])), len(set(unit))] == [1, 1, 2]


def test_one_row_cannot_be_divided():
    with pytest.raises(LayerwiseError, match="part empty"):
        divide(source([1.0], [0]), Split(stratify=False), seed=0)
