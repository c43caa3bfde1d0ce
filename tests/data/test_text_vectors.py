"""Texts by tf-idf: scikit-learn's TfidfVectorizer to 1e-12, fitted on the training texts, applied without it."""

import json
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from layerwise.config import Preprocess
from layerwise.data.inspect import inspect
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.named import open_named
from layerwise.data.open import open_source
from layerwise.data.preprocess import Preprocessing, fit
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError

REVIEWS = [
    "이 영화 정말 재밌다!", "정말 재미없는 영화... 시간이 아깝다", "연기는 좋았지만 별로", "재밌다 재밌다  재밌다",
    "A film of WIT and wit, and  warmth", "not a   film; a bore\tof 2 hours", "", "감동 그 자체 ㅠㅠ 10점",
]  # fmt: skip


def table(texts, **others):
    columns = {"review": Texts(list(texts)), **others}
    return Source("table", "memory", tuple(Field(name) for name in columns), columns)


def dense(step, column):
    found = np.zeros((len(column), len(step.terms)))
    for row, (places, values) in enumerate(step.weights(column)):
        found[row, places] = values
    return found


def plain(text):
    return " ".join(unicodedata.normalize("NFC", text).split()).lower()


@pytest.mark.parametrize(("unit", "lengths"), [("words", (1, 2)), ("words", (2, 3)), ("characters", (1, 3)),
                                               ("characters", (3, 5))])  # fmt: skip
@pytest.mark.parametrize("texts", [REVIEWS, "fairy-tales"], ids=["reviews", "fairy tales"])
def test_the_numbers_are_those_of_scikit_learn(unit, lengths, texts):
    if texts == "fairy-tales":
        texts = list(fairy_tales().columns["sentence"].values)
    training = np.arange(len(texts) * 2 // 3)
    settings = Preprocess(texts="tf-idf", tokens=unit, text_ngrams=lengths)
    step = fit(table(texts), training, settings).steps[0]
    kind = {"analyzer": "word", "token_pattern": r"\w+"} if unit == "words" else {"analyzer": "char"}
    peer = TfidfVectorizer(preprocessor=plain, ngram_range=lengths, **kind).fit([texts[row] for row in training])
    assert list(step.terms) == peer.get_feature_names_out().tolist()
    np.testing.assert_allclose(step.idf, peer.idf_, rtol=1e-12)
    np.testing.assert_allclose(dense(step, Texts(texts)), peer.transform(texts).toarray(), rtol=0, atol=1e-12)


def fairy_tales():
    try:
        return open_named("fairy-tales")
    except LayerwiseError:
        pytest.skip("LAYERWISE_DATA does not hold the fairy tales")


def test_the_most_frequent_are_kept_and_of_equals_the_first():
    fitted = fit(table(["b a c", "b a", "b d"]), np.arange(3), Preprocess(
        texts="tf-idf", tokens="words", text_features=3, text_ngrams=(1, 1)))  # fmt: skip
    assert fitted.names == ('review "a"', 'review "b"', 'review "c"')
    # the length is that of the kept terms, as with max_features in scikit-learn
    peer = TfidfVectorizer(token_pattern=r"\w+", vocabulary=["a", "b", "c"]).fit(["b a c", "b a", "b d"])
    np.testing.assert_allclose(fitted.apply(table(["d b a"])), peer.transform(["d b a"]).toarray(), rtol=1e-6)


def test_decomposed_korean_is_the_same_text():
    step = fit(table(REVIEWS), np.arange(8), Preprocess(texts="tf-idf")).steps[0]
    apart = Texts([unicodedata.normalize("NFD", text) for text in REVIEWS])
    assert dense(step, apart).tolist() == dense(step, Texts(REVIEWS)).tolist()


def test_texts_of_the_test_part_count_for_nothing_and_the_steps_survive_json():
    settings = Preprocess(texts="tf-idf")
    one, other = (fit(table([*REVIEWS, last]), np.arange(8), settings) for last in ("a", "정말 " * 1000))
    assert one.to_json() == other.to_json()
    again = Preprocessing.from_json(json.loads(json.dumps(one.to_json(), ensure_ascii=False)))
    assert again == one
    assert again.apply(table(REVIEWS)).tobytes() == one.apply(table(REVIEWS)).tobytes()


def test_words_that_training_never_saw_are_nothing_and_names_are_texts():
    fitted = fit(table(["wolf bear", "bear"]), np.arange(2), Preprocess(texts="tf-idf", tokens="words"))
    assert not fitted.apply(table(["fox", ""])).any()
    few = table(["x"])
    few.columns["review"] = Categories(np.array([0, 1]), ("bear", "fox"))
    assert fitted.apply(few)[:, list(fitted.names).index('review "bear"')].tolist() == [1, 0]


def test_scikit_learn_is_neither_needed_to_fit_nor_to_apply():
    code = (
        "import sys, numpy as np; from layerwise.config import Preprocess; from layerwise.data.preprocess import fit;"
        "from layerwise.data.open import open_source;"
        "s = open_source((np.array(['ab ' * n + 'c' * n * 9 for n in range(20)]), np.arange(20) % 2));"
        "f = fit(s, np.arange(20), Preprocess(texts='tf-idf', select=('mutual-information=3',)));"
        "f.apply(s); sys.exit(', '.join({'torch', 'sklearn', 'scipy'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_what_is_no_text_is_refused_with_what_to_do():
    rows, settings = np.arange(8), Preprocess(texts="tf-idf")
    dates = Texts([f"2024-07-{day + 1:02}" for day in range(8)])
    with pytest.raises(LayerwiseError, match=r"(?s)dates in 'day'.*remedy: Leave them out with --drop day"):
        fit(table(REVIEWS, day=dates), rows, settings)
    with pytest.raises(LayerwiseError, match=r"Read text with --texts tf-idf\. Leave them out with --drop review"):
        fit(table(REVIEWS), rows, Preprocess())
    with pytest.raises(LayerwiseError, match="'review' holds no characters there"):
        fit(table([*[""] * 8, "text"]), rows, settings)
    with pytest.raises(LayerwiseError, match="'review' holds no words there"):
        fit(table(["!?"] * 8), rows, Preprocess(texts="tf-idf", tokens="words"))
    with pytest.raises(LayerwiseError, match="--texts: no input is a text"):
        fit(Source("t", "memory", (Field("n"),), {"n": Numbers(np.arange(8.0))}), rows, settings)
    with pytest.raises(LayerwiseError, match="--texts: the task reads the texts symbol by symbol"):
        fit(table(REVIEWS), rows, settings, texts=True)
    numbers = Source("t", "memory", (Field("n"),), {"n": Numbers(np.arange(8.0))})
    for unused in (Preprocess(text_features=9), Preprocess(text_ngrams=(1, 2))):
        with pytest.raises(LayerwiseError, match="no text is read by --texts tf-idf"):
            fit(numbers, rows, unused)


def test_what_would_not_fit_into_memory_is_refused_with_the_number_that_does(monkeypatch):
    monkeypatch.setattr("layerwise.data.text_vectors.LARGEST", 8 * 4 * 5)
    settings = Preprocess(texts="tf-idf", text_features=6)
    with pytest.raises(LayerwiseError, match=r"(?s)8 texts with 6 n-grams.*--text-features 5 or less"):
        fit(table(REVIEWS), np.arange(8), settings).apply(table(REVIEWS))


def written(tmp_path, header, rows):
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return inspect(open_source(path))


def test_the_next_command_reads_a_text_that_is_the_only_useful_input(tmp_path):
    rows = [f"one of {row} reviews that all differ from one another,{'ab'[row % 2]}" for row in range(30)]
    found = written(tmp_path, "review,mood", rows)
    assert "Text in 'review': --texts tf-idf reads it, --drop review leaves it out." in found.findings
    assert found.command.endswith("mlp --texts tf-idf --target mood")
    dated = written(tmp_path, "day,review,mood", [f"2024-01-{row + 1},{line}" for row, line in enumerate(rows)])
    assert "No model here reads dates: --drop day" in dated.findings
    assert dated.command.endswith("mlp --texts tf-idf --target mood --drop day")
    beside = written(tmp_path, "age,review,mood", [f"{row},{line}" for row, line in enumerate(rows)])
    assert beside.command.endswith("mlp --target mood --drop review")
    assert written(tmp_path, "day,mood", [f"2024-01-{row + 1},{'ab'[row % 2]}" for row in range(30)]).command == ""
