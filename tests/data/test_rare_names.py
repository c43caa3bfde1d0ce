"""Rare names become one: scikit-learn's infrequent categories, unseen names, wrong input."""

import json

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder

from layerwise.config import Preprocess
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.preprocess import Preprocessing, fit
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError


def table(words, extra=None):
    names = tuple(sorted({word for word in words if word}))
    column = Categories(np.array([names.index(word) if word else -1 for word in words]), names)
    columns = {"도시": column, **({"n": extra} if extra else {})}
    return Source("table", "memory", tuple(Field(name) for name in columns), columns)


WORDS = ["서울"] * 5 + ["부산"] * 3 + ["대구"] * 2 + ["광주", "제주", "서울"]


def test_names_below_a_count_are_those_that_scikit_learn_calls_infrequent():
    training = np.arange(12)
    words = [*WORDS, "독도"]
    whole = table(words)
    ours = fit(whole, training, Preprocess(rare=3))
    peer = OneHotEncoder(min_frequency=3, handle_unknown="infrequent_if_exist", sparse_output=False)
    cells = np.array(words)[:, None]
    assert ours.apply(whole).tolist() == peer.fit(cells[training]).transform(cells).tolist()
    assert ours.names == ("도시=부산", "도시=서울", "도시=(rare)")
    assert ours.steps[0].rare == ("광주", "대구", "제주")


def test_a_name_of_the_test_part_counts_for_nothing():
    fitted = fit(table([*WORDS, *["광주"] * 50]), np.arange(13), Preprocess(rare=3))
    assert "광주" in fitted.steps[0].rare


def test_without_rare_names_a_new_one_is_zero_everywhere_as_before():
    fitted = fit(table(["a", "a", "b", "b"]), np.arange(4), Preprocess(rare=2))
    assert fitted.names == ("도시=a", "도시=b")
    assert fitted.apply(table(["z"])).tolist() == [[0, 0]]


def test_a_missing_name_is_the_most_frequent_one_and_a_name_like_the_mark_shares_its_input():
    fitted = fit(table(["a", "a", "a", "", "x", "(rare)", "(rare)"]), np.arange(7), Preprocess(rare=2))
    assert fitted.names == ("도시=a", "도시=(rare)")
    assert fitted.apply(table(["", "x", "(rare)", "new"])).tolist() == [[1, 0], [0, 1], [0, 1], [0, 1]]


def test_the_steps_survive_json():
    fitted = fit(table(WORDS), np.arange(12), Preprocess(rare=3))
    assert Preprocessing.from_json(json.loads(json.dumps(fitted.to_json()))) == fitted


def test_runs_without_the_setting_are_still_read():
    stored = [{"field": "c", "values": ["a"], "fill": "a", "missing": 0, "kind": "category"}]
    assert Preprocessing.from_json(stored).names == ("c=a",)


def test_what_has_no_frequent_name_or_no_names_is_refused():
    with pytest.raises(LayerwiseError, match="'서울', has 5 training rows of the 9 of --rare"):
        fit(table(WORDS), np.arange(12), Preprocess(rare=9))
    numbers = Source("t", "memory", (Field("n"),), {"n": Numbers(np.arange(3.0))})
    with pytest.raises(LayerwiseError, match="--rare: no input holds names"):
        fit(numbers, np.arange(3), Preprocess(rare=2))
