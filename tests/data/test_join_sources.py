"""A supplied test set behind the data: columns by name, classes by name, parts marked."""

import numpy as np
import pytest
from pandas import DataFrame

from layerwise.data.join import joined
from layerwise.data.memory import from_arrays, from_frame
from layerwise.errors import LayerwiseError


def test_columns_are_matched_by_name_and_classes_united():
    train = from_frame(DataFrame({"a": [1.0, 2.0], "y": ["cat", "dog"]}))
    test = from_frame(DataFrame({"extra": [0, 0], "y": ["eel", "cat"], "a": [3.0, None]}))
    both = joined(train, test)
    assert both.columns["y"].names == ("cat", "dog", "eel")
    assert [both.columns["y"].show(row) for row in range(4)] == ["cat", "dog", "eel", "cat"]
    assert both.columns["a"].values[:3].tolist() == [1, 2, 3]
    assert [both.columns["part"].show(row) for row in range(4)] == ["train", "train", "test", "test"]
    assert both.named("part") == ("part",)
    assert "extra" not in both.columns
    assert any("extra" in note for note in both.notes)


def test_a_missing_column_and_another_kind():
    train = from_frame(DataFrame({"a": [1.0], "y": ["cat"]}))
    with pytest.raises(LayerwiseError, match="no column 'a'"):
        joined(train, from_frame(DataFrame({"y": ["cat"]})))
    with pytest.raises(LayerwiseError, match="'a' is number in the data, category in the test data"):
        joined(train, from_frame(DataFrame({"a": ["x"], "y": ["cat"]})))


def test_pictures_of_both_sources_are_decoded():
    grey = from_arrays(np.full((2, 3, 3), 7, np.uint8), [0, 1])
    colour = from_arrays(np.arange(27, dtype=np.uint8).reshape(1, 3, 3, 3), [1])
    both = joined(grey, colour).columns["image"]
    assert both.channels == 3
    assert both[0].tolist() == np.full((3, 3, 3), 7).tolist()
    assert both[2].reshape(-1).tolist() == list(range(27))
    assert both.take(np.array([2]))[0].shape == (3, 3, 3)
