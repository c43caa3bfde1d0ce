"""A target that may be a class or an amount is asked back, several targets are of one kind, and doubts are said."""

import numpy as np
import pytest

from layerwise.config import Assign
from layerwise.data.assign import assign
from layerwise.data.builtin import builtin
from layerwise.data.doubts import doubts, tells_the_same
from layerwise.data.inspect import inspect
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError


def table(**columns):
    return Source("table", "memory", tuple(Field(name) for name in columns), columns)


def amounts(count=60):
    return Numbers(np.random.default_rng(0).normal(size=count))


def repeated(*values, count=60):
    return Numbers(np.resize(np.array(values, dtype=float), count))


CLEAR = [((0, 1), "classify"), ((1, 2, 3), "classify"), ((-1, 1), "classify"), (tuple(range(10)), "classify"),
         ((0.5, 1, 2), "regress"), (tuple(range(30)), "regress"), (tuple(range(25)), "regress")]  # fmt: skip
UNCLEAR = [(3, 4, 5, 6, 7, 8), (10, 20, 30), (0, 1, 3), (-1, 0, 1), tuple(range(11)), tuple(range(1, 16))]


@pytest.mark.parametrize(("values", "task"), CLEAR)
def test_what_the_values_say_clearly_is_taken(values, task):
    assert assign(table(a=amounts(), y=repeated(*values)), Assign(target="y"))[1] == task


@pytest.mark.parametrize("values", UNCLEAR)
def test_what_they_leave_open_is_asked_back_with_both_flags(values):
    held = table(a=amounts(), y=repeated(*values))
    with pytest.raises(LayerwiseError, match=f"'y' holds {len(values)} different whole numbers") as caught:
        assign(held, Assign(target="y"))
    assert caught.value.exit_code == 2
    assert "--task classify" in caught.value.remedy
    assert "--task regress" in caught.value.remedy
    for task in ("classify", "regress"):
        assert assign(held, Assign(target="y", task=task))[1] == task


def test_data_shows_both_commands_instead_of_asking():
    found = inspect(table(a=amounts(), grade=repeated(*UNCLEAR[0])), "grade", data="wines.csv")
    assert (found.task, found.command) == ("", found.alternatives[0])
    assert found.alternatives == tuple(
        f"layerwise train wines.csv mlp --target grade --task {task}" for task in ("classify", "regress")
    )
    assert [line.strip() for line in found.lines()[-2:]] == list(found.alternatives)
    assert inspect(builtin("iris")).alternatives == ()


@pytest.mark.parametrize("name", ["iris", "wine", "breast-cancer", "diabetes", "digits", "xor"])
def test_sets_of_the_house_know_their_task(name):
    assert assign(builtin(name), Assign())[1] in ("classify", "regress")


def test_several_targets_of_numbers_are_one_regression():
    whole, task, reasons = assign(table(a=amounts(), y=amounts(), z=repeated(3, 5, 9)), Assign(target=("y", "z")))
    assert (task, whole.named("target"), whole.named("input")) == ("regress", ("y", "z"), ("a",))
    assert "'y', 'z' hold numbers" in reasons[0]


def test_several_columns_of_0_and_1_are_asked_back():
    held = table(a=amounts(), y=repeated(0, 1), z=repeated(0, 0, 1))
    with pytest.raises(LayerwiseError, match="may be labels or amounts") as caught:
        assign(held, Assign(target=("y", "z")))
    assert "--task tag" in caught.value.remedy
    assert "--task regress" in caught.value.remedy
    assert inspect(held, ("y", "z")).alternatives[0].endswith("--target y --target z --task tag")


def test_two_targets_of_different_kinds_are_refused():
    names = Categories(np.arange(60) % 3, ("a", "b", "c"))
    held = table(a=amounts(), y=amounts(), z=names)
    with pytest.raises(LayerwiseError, match="'y' is of kind number, 'z' is of kind category") as caught:
        assign(held, Assign(target=("y", "z")))
    assert caught.value.exit_code == 2
    with pytest.raises(LayerwiseError, match="Several targets are for numbers or labels"):
        assign(held, Assign(target=("y", "z"), task="classify"))


def test_a_missing_second_target_is_named():
    second = Numbers(np.where(np.arange(60) == 3, np.nan, 1.5 * np.arange(60)))
    with pytest.raises(LayerwiseError, match="'z' is missing in 1 rows: row 4"):
        assign(table(a=amounts(), y=amounts(), z=second), Assign(target=("y", "z")))


def test_a_target_among_the_inputs_is_found_in_any_unit_and_by_other_names():
    classes = Categories(np.arange(60) % 3, ("a", "b", "c"))
    coded, target = Numbers(np.array([7.0, 2, 5])[np.arange(60) % 3]), amounts()
    for held in (table(x=Numbers(target.values * 1.8 + 32), b=amounts(60), y=target).assign({"b": "unused"}),
                 table(x=coded, b=amounts(), y=classes)):  # fmt: skip
        source = held.assign({"y": "target"})
        assert doubts(source) == ["The target 'y' stands among the inputs as 'x': --drop x"]
        assert doubts(source)[0] in inspect(source).findings


def test_what_is_near_or_has_a_value_a_row_is_no_copy():
    target = amounts()
    noise = Numbers(target.values + 1e-3 * np.random.default_rng(1).normal(size=60))
    assert not tells_the_same(noise, target)
    assert not tells_the_same(Categories(np.arange(60), tuple(map(str, range(60)))), Categories(
        np.arange(60), tuple(map(str, range(60)))))  # fmt: skip
    for name in ("iris", "wine", "breast-cancer", "diabetes"):
        assert doubts(builtin(name)) == []


def test_a_column_of_numbers_with_one_word_is_pointed_at():
    age = Categories(np.arange(60) % 6, ("21", "25", "30", "41", "56", "old"))
    source = table(age=age, b=amounts(), y=amounts())
    assert doubts(source) == [
        "'age' holds numbers but for 'old', and is read as names (--missing-words=old reads numbers)."
    ]
