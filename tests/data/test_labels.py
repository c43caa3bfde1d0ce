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


def test_of_label_sets_nothing_is_said_of_classes():
    # Every set stands once or twice, and the test part lacks most of them: none of that is a fault of label sets.
    cells = ["cat;all", "dog;all", "cat;dog;all", "bird;all", "bird;cat;all", "owl;all", "dog;bird;all", "cat;dog;all"]
    columns = {"a": amounts(), "tags": read_labels(Texts(cells))}
    for codes, sentence in (
        ([0] * 6 + [1] * 2, "Labels of 'tags' that the test part lacks, so that nothing is measured of them: owl."),
        ([1] * 6 + [0] * 2, "Labels of 'tags' that the training part lacks, so that they cannot be learned: owl."),
    ):
        part = Categories(np.array(codes), ("train", "test"))
        found = inspect(table(**columns, part=part).assign({"part": "part"}), "tags").findings
        assert "lass" not in "\n".join(found)
        assert found[:2] == ("Labels of 'tags' that every row has, or none: all.",
                             "Labels of 'tags' that one row has: owl.")  # fmt: skip
        assert found[-1] == sentence
        assert len(found) == 3


def test_each_of_several_targets_is_looked_at_and_named():
    drawn = np.random.default_rng(0)
    first, second = drawn.normal(size=(2, 60))
    holes = np.where(np.arange(60) < 3, np.nan, second)
    columns = {"a": Numbers(drawn.normal(size=60)), "b": Numbers(holes.copy()), "x": Numbers(first),
               "y": Numbers(holes), "z": Numbers(np.full(60, 0.5))}  # fmt: skip
    found = inspect(table(**columns), ("x", "y", "z"))
    said = "\n".join(found.findings)
    assert "The target 'y' is missing in 3 rows" in said
    assert "'x' is missing" not in said
    assert "The target 'z' has one value throughout." in said
    assert "'y' stands among the inputs as 'b'" in said
    assert "--exclude-problems" in found.command


def test_equal_rows_with_another_second_target_contradict_each_other():
    inputs, same = Numbers(np.array([1.0, 1, 2, 3])), Numbers(np.array([0.5, 0.5, 1.5, 2.5]))
    other = Numbers(np.array([0.5, 0.75, 1.5, 2.5]))
    found = inspect(table(a=inputs, x=same, y=other), ("x", "y"))
    assert (found.duplicates, found.conflicts) == (0, 2)


def test_labels_of_several_targets_are_counted_where_all_have_a_value():
    cat = Numbers(np.array([0.0, 1, 1, np.nan, 1, 0]))
    dog = Numbers(np.array([1.0, 1, 1, 1, 1, 1]))
    given = table(a=amounts(6), cat=cat, dog=dog)
    found = inspect(given.assign({"cat": "target", "dog": "target"}))
    # 0 and 1 may be labels or amounts, whatever is missing.
    assert (found.task, len(found.alternatives)) == ("", 2)
    words = ("No", "Yes")
    cells = {"cat": Categories(np.array([0, 1, 1, -1, 1, 0]), words), "dog": Categories(np.ones(6, int), words)}
    found = inspect(table(a=amounts(6), **cells), ("cat", "dog"))
    assert (found.task, found.classes) == ("tag", {"cat": 3, "dog": 5})
    said = "\n".join(found.findings)
    assert "Labels of 'cat', 'dog' that every row has, or none: dog." in said
    assert "The target 'cat' is missing in 1 rows" in said
    assert "--exclude-problems" in found.command


def test_rows_without_a_target_are_left_out_whoever_named_it():
    cells = ["cat", "dog", "cat;dog", "", "bird;cat", "bird", "dog", "cat;dog"]
    tags = table(a=amounts(), tags=Texts(cells))
    # An empty set is an example without a label, whether the task was asked for or guessed.
    for settings in (Assign(target="tags"), Assign(target="tags", task="tag"), Assign()):
        whole, task, reasons = assign(tags, settings, exclude_missing=True)
        assert (task, len(whole)) == ("tag", 8)
        assert not any("left out" in reason for reason in reasons)
    classes = table(a=amounts(), label=Categories(np.array([0, 1, -1, 1, 0, 0, 1, 0]), ("no", "yes")))
    for settings in (Assign(), Assign(target="label"), Assign(task="classify")):
        whole, _, reasons = assign(classes, settings, exclude_missing=True)
        assert (len(whole), whole.place(2)) == (7, "row 4")
        assert "Rows without 'label' that were left out: 1." in reasons
    marks = {name: Numbers(np.array([np.nan if row == hole else row % 2 for row in range(8)]))
             for hole, name in enumerate(("cat", "dog"))}  # fmt: skip
    whole, _, reasons = assign(
        table(a=amounts(), **marks), Assign(target=("cat", "dog"), task="tag"), exclude_missing=True
    )
    assert len(whole) == 6
    assert "Rows without 'cat', 'dog' that were left out: 2." in reasons
    with pytest.raises(LayerwiseError, match="no row of 'table' has one: 'y'"):
        assign(table(a=amounts(), y=Numbers(np.full(8, np.nan))), Assign(target="y"), exclude_missing=True)
