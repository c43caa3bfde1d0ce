"""Sets of labels are read from cells and from columns of 0 and 1; how they were read is said."""

import numpy as np
import pytest

from layerwise.config import Assign
from layerwise.data.assign import assign
from layerwise.data.inspect import inspect
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.labels import Labels, holds_label_sets, is_marked, read_labels, separator_of
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError

SETS = ["cat", "dog", "cat{0}dog", "bird", "bird{0}cat", "", "dog{0}bird", "cat{0}dog"]


def table(**columns):
    return Source("table", "memory", tuple(Field(name) for name in columns), columns)


def amounts(count=8):
    return Numbers(np.linspace(0, 1, count))


@pytest.mark.parametrize("separator", [";", ",", "|", " "])
def test_the_separator_is_what_makes_most_cells_known_labels(separator):
    found = read_labels(Texts([cell.format(separator) for cell in SETS]))
    assert (found.separator, found.names) == (separator, ("bird", "cat", "dog"))
    assert found.marks.astype(int).tolist()[2] == [0, 1, 1]
    assert found.counts() == {"bird": 3, "cat": 4, "dog": 4}


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["traffic light;car", "car", "traffic light", "bus;car", "bus"], ";"),
        (["New York", "New Jersey", "New York", "New Jersey"], ""),
        (["a, b", "b, c", "a", "c"], ","),
        (["red", "blue", "red"], ""),
    ],
)
def test_spaces_inside_names_do_not_separate(cells, separator):
    assert separator_of(cells) == separator


def test_an_empty_cell_is_an_example_without_a_label_and_is_counted():
    column = read_labels(Texts([cell.format(";") for cell in SETS]))
    assert not column.missing().any()
    whole, task, reasons = assign(table(a=amounts(), tags=Texts([cell.format(";") for cell in SETS])), Assign())
    assert (task, whole.named("target")) == ("tag", ("tags",))
    assert "3 labels, 1.38 a row, 1 rows without any" in reasons[-1]
    assert isinstance(whole.columns["tags"], Labels)
    assert whole.columns["tags"].take(np.array([5, 2])).show(1) == "cat;dog"


@pytest.mark.parametrize("cells", [["a,b", "c,d", "e,f", "g,h"], ["yes", "no", "yes", "no"], ["a b", "a", "b", "a b"]])
def test_other_texts_are_no_label_sets_unless_that_is_asked_for(cells):
    assert not holds_label_sets(Texts(cells))
    assert assign(table(a=amounts(4), y=Texts(cells)), Assign(target="y", task="tag"))[1] == "tag"


def test_columns_of_yes_and_no_are_labels_named_after_them():
    cat, dog = Numbers(np.array([0.0, 1, 1, 0])), Numbers(np.array([1.0, 1, 0, 0]))
    whole, task, reasons = assign(table(a=amounts(4), cat=cat, dog=dog), Assign(target=("cat", "dog"), task="tag"))
    assert (whole.named("target"), task) == (("cat", "dog"), "tag")
    assert "Each of 2 targets" in reasons[-1]
    words = Categories(np.array([0, 1, 1, 0]), ("No", "Yes"))
    assert assign(table(a=amounts(4), cat=words, dog=words), Assign(target=("cat", "dog")))[1] == "tag"
    assert is_marked(Numbers(np.array([0.0, 0.5]))) is None


def test_a_column_that_says_something_else_is_refused_with_its_row():
    cat, dog = Numbers(np.array([0.0, 1, 1, 0])), Numbers(np.array([1.0, 1, 3, 0]))
    with pytest.raises(LayerwiseError, match=r"'dog' holds '3' \(row 3\)") as caught:
        assign(table(a=amounts(4), cat=cat, dog=dog), Assign(target=("cat", "dog"), task="tag"))
    assert caught.value.exit_code == 2


def test_data_shows_the_labels_with_their_counts():
    found = inspect(table(a=amounts(), tags=Texts([cell.format("|") for cell in SETS])))
    assert (found.task, found.target, found.classes) == ("tag", "tags", {"bird": 3, "cat": 4, "dog": 4})
    assert not any("missing" in line for line in found.findings)
    assert "Labels of 'tags': 3" in found.lines()
