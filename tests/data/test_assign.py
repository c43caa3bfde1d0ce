"""What each field is for: named, guessed and said; wrong names and missing targets are refused."""

from dataclasses import replace

import numpy as np
import pytest

from layerwise.config import Assign
from layerwise.data.assign import assign
from layerwise.data.kinds import Categories, Images, Numbers, Texts
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError


def table(**columns):
    return Source("table", "memory", tuple(Field(name) for name in columns), columns)


def amounts(count=30):
    return Numbers(np.linspace(0, 1, count))


def codes(count=30, classes=3):
    return Numbers(np.arange(count, dtype=np.float64) % classes)


def names(count=30):
    return Categories(np.arange(count, dtype=np.int32) % 2, ("no", "yes"))


def test_the_last_field_is_the_target_and_that_is_said():
    whole, task, reasons = assign(table(a=amounts(), b=names()), Assign())
    assert (whole.named("target"), task) == (("b",), "classify")
    assert "'b', the last field" in reasons[0]
    assert len(reasons) == 2


@pytest.mark.parametrize("word", ["Outcome", "class", "종류", "y"])
def test_a_telling_name_goes_before_the_last_field(word):
    columns = {"a": amounts(), word: names(), "z": amounts()}
    whole, _, reasons = assign(table(**columns), Assign())
    assert whole.named("target") == (word,)
    assert "by its name" in reasons[0]


@pytest.mark.parametrize(
    ("column", "task"),
    [
        (names(), "classify"),
        (Texts(["a", "b"] * 15), "classify"),
        (codes(), "classify"),
        (amounts(), "regress"),
        (Numbers(np.arange(30.0)), "regress"),
        (Numbers(np.array([0.5, 1.5] * 15)), "regress"),
    ],
)
def test_the_task_follows_from_the_target(column, task):
    assert assign(table(a=amounts(), y=column), Assign(target="y"))[1] == task


def test_free_text_is_a_target_only_when_it_is_named():
    held = table(a=amounts(), note=Texts(["x", "y"] * 15), b=names())
    assert assign(held.assign({"b": "unused"}), Assign())[0].named("target") == ("a",)
    whole, task, _ = assign(held, Assign(target="note"))
    assert (whole.named("target"), task, whole.columns["note"].names) == (("note",), "classify", ("x", "y"))


def test_the_only_field_beside_text_is_said_to_be_the_only_one():
    _, _, reasons = assign(table(a=amounts(), note=Texts(["x", "y"] * 15)), Assign())
    assert "the only field" in reasons[0]


def test_the_user_settles_the_task():
    whole, task, reasons = assign(table(a=amounts(), y=codes()), Assign(target="y", task="regress"))
    assert (task, reasons, whole.columns["y"].kind) == ("regress", (), "number")
    whole, task, _ = assign(table(a=amounts(), y=codes()), Assign(target="y", task="classify"))
    assert (task, whole.columns["y"].names) == ("classify", ("0", "1", "2"))


def test_another_target_leaves_the_first_one_as_an_input():
    given = table(a=amounts(), b=amounts(), y=names()).assign({"y": "target"})
    whole, _, _ = assign(given, Assign(target="b"))
    assert (whole.named("target"), whole.named("input")) == (("b",), ("a", "y"))


def test_every_role_can_be_named():
    columns = {"a": amounts(), "w": amounts(), "p": names(), "g": names(), "i": amounts(), "d": amounts(), "y": names()}
    chosen = Assign(target="y", weight="w", part="p", group="g", id="i", drop=("d",))
    whole, _, _ = assign(table(**columns), chosen)
    roles = {part.name: part.role for part in whole.fields}
    assert roles == {"a": "input", "w": "weight", "p": "part", "g": "group", "i": "id", "d": "unused", "y": "target"}


def test_numbers_may_be_names():
    whole, _, _ = assign(table(zone=codes(), y=names()), Assign(category=("zone",)))
    assert (whole.columns["zone"].kind, whole.columns["zone"].names) == ("category", ("0", "1", "2"))


def test_a_missing_number_stays_missing_as_a_category():
    zone = Numbers(np.array([1.0, np.nan, 2.0, 1.0]))
    whole, _, _ = assign(table(zone=zone, y=names(4)), Assign(category=("zone",)))
    assert whole.columns["zone"].codes.tolist() == [0, -1, 1, 0]


@pytest.mark.parametrize("setting", ["target", "id", "weight", "part", "group"])
def test_an_unknown_field_is_refused_with_the_nearest(setting):
    with pytest.raises(LayerwiseError, match="Did you mean 'outcome'") as caught:
        assign(table(outcome=names(), age=amounts()), replace(Assign(), **{setting: "outcom"}))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("setting", ["drop", "category"])
def test_unknown_fields_in_lists_are_refused_with_the_nearest(setting):
    with pytest.raises(LayerwiseError, match="Did you mean 'age'"):
        assign(table(outcome=names(), age=amounts()), replace(Assign(), **{setting: ("agee",)}))


def test_a_missing_target_is_named_with_its_rows_and_the_flag():
    column = Numbers(np.array([1.0, np.nan, 2.0, np.nan]))
    with pytest.raises(LayerwiseError, match="row 2, row 4") as caught:
        assign(table(a=amounts(4), y=column), Assign())
    assert "--exclude-problems" in caught.value.remedy


def test_pictures_alone_have_no_target():
    image = Images(np.zeros((2, 1, 2, 2)), None, np.full((2, 2), 2), 1)
    with pytest.raises(LayerwiseError, match="--target"):
        assign(table(image=image), Assign())


def test_only_some_classes_are_kept_in_the_order_named():
    column = Categories(np.array([0, 1, 2, 0, 2]), ("a", "b", "c"))
    whole, _, _ = assign(table(x=amounts(5), y=column), Assign(classes=("c", "a")))
    assert whole.columns["y"].names == ("c", "a")
    assert [whole.columns["y"].show(row) for row in range(4)] == ["a", "c", "a", "c"]
    assert whole.ids() == ["row 1", "row 3", "row 4", "row 5"]


def test_an_unknown_class_is_refused_with_the_nearest():
    with pytest.raises(LayerwiseError, match="Did you mean 'yes'"):
        assign(table(x=amounts(), y=names()), Assign(classes=("yess",)))
