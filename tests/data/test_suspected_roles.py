"""Fields that tie rows together are suspected by their names and values, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.data.builtin import builtin
from layerwise.data.inspect import inspect
from layerwise.data.kinds import Categories, Column, Numbers, Texts
from layerwise.data.source import Field, Source
from layerwise.data.suspected_roles import suspected_group, suspected_time


def _table(name: str, column: Column, role: str = "input") -> Source:
    rows = len(column)
    noise = np.random.default_rng(0).normal(size=(2, rows))
    # What is asked wanders from row to row, as a temperature does.
    noise[1] = noise[1].cumsum()
    fields = (Field(name, role), Field("size", "input"), Field("worth", "target"))
    return Source("s", "memory", fields, {name: column, "size": Numbers(noise[0]), "worth": Numbers(noise[1])})


def _series(name: str, column: Column, role: str = "input") -> tuple[Source, list[str]]:
    return _table(name, column, role), ["worth"]


WHO = Numbers(np.repeat(np.arange(12.0), 5))


@pytest.mark.parametrize(
    "name",
    ["subject#", "patient_id", "PatientID", "Patient ID", "user", "userIds", "id", "ID", "customer number", "환자번호",
     "환자", "회원 ID", "학생_번호", "speakers",
     "shop_id", "plotID", "관찰자번호"],
)  # fmt: skip
def test_a_name_for_persons_or_things_that_returns_is_a_group(name: str) -> None:
    assert suspected_group(_table(name, WHO)) == name
    assert suspected_group(_table(name, WHO, role="unused")) == name
    assert not suspected_group(_table(name, WHO, role="group"))


@pytest.mark.parametrize(
    "name",
    [
        "driver_age",
        "age",
        "sex",
        "number of patients",
        "환자 나이",
        "grade",
        "user_rating",
        "no",
        "key",
        "index",
        "name",
        "width",
        "grid",
    ],
)
def test_other_names_are_none(name: str) -> None:
    assert not suspected_group(_table(name, WHO))


@pytest.mark.parametrize(
    "column",
    [
        Numbers(np.arange(60.0)),  # every row its own
        Numbers(np.repeat(np.arange(12.0), 5) + 0.5),  # measured
        Numbers(np.tile([0.0, 1.0], 30)),  # yes or no
        Categories(np.tile([0, 1, 2], 20), ("a", "b", "c")),  # too few to be divided
        Numbers(np.full(60, np.nan)),
    ],
)
def test_other_values_are_none(column: Column) -> None:
    assert not suspected_group(_table("patient", column))


def test_rows_that_follow_their_dates_are_a_series() -> None:
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 4) for day in range(1, 29)]
    assert suspected_time(*_series("day", Texts(days))) == "day"
    assert suspected_time(*_series("day", Texts(days[::-1]))) == "day"
    assert suspected_time(*_series("day", Texts([day for day in days for _ in range(3)]))) == "day"
    assert suspected_time(*_series("day", Texts(days), role="unused")) == "day"
    assert not suspected_time(*_series("day", Texts(days), role="time"))


@pytest.mark.parametrize("name", ["year", "Date", "연도", "time"])
def test_numbers_named_like_times_are_one_too(name: str) -> None:
    assert suspected_time(*_series(name, Numbers(np.arange(60.0) // 2))) == name
    assert not suspected_time(*_series("length of time", Numbers(np.arange(60.0))))
    assert not suspected_time(*_series(name, Numbers(np.random.default_rng(0).permutation(np.arange(60.0)))))


def test_what_would_leave_no_input_is_left_as_it_is() -> None:
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 4) for day in range(1, 29)]
    for column in (Texts(days), Numbers(np.arange(84.0))):
        source = _table("date", column).assign({"size": "unused"})
        assert "--time" not in inspect(source).command
        assert not [said for said in inspect(source).findings if "--time" in said]


DAYS = Texts([f"2024-{month:02}-{day:02}" for month in range(1, 9) for day in range(1, 26)])
"""Two hundred days."""


def _with_target(target: Column) -> Source:
    return Source("s", "memory", (Field("day", "input"), Field("t", "target")), {"day": DAYS, "t": target})


def test_rows_that_have_nothing_to_do_with_each_other_are_no_series() -> None:
    drawn = np.random.default_rng(0)
    kinds = ("a", "b", "c")
    for target in (Numbers(drawn.normal(size=200)), Categories(drawn.integers(0, 3, 200), kinds)):
        assert not suspected_time(_with_target(target), ["t"])
    wandering = Categories(np.repeat(drawn.integers(0, 3, 40), 5), kinds)
    assert suspected_time(_with_target(wandering), ["t"]) == "day"
    # Sorted by class, the last rows hold nothing that was learned.
    assert not suspected_time(_with_target(Categories(np.repeat([0, 1, 2], [80, 80, 40]), kinds)), ["t"])


@pytest.mark.parametrize("classes", [0, 2, 5])
def test_chance_is_hardly_ever_taken_for_a_series(classes: int) -> None:
    found = 0
    for seed in range(400):
        drawn = np.random.default_rng(seed)
        target = (
            Categories(drawn.integers(0, classes, 200), tuple("abcde"[:classes]))
            if classes
            else Numbers(drawn.normal(size=200))
        )
        found += bool(suspected_time(_with_target(target), ["t"]))
    # Three standard deviations on one side: 1.35 in a thousand; of 400 at most 4 in 99.9 % of such tests.
    assert found <= 4


def test_dates_in_no_order_are_none() -> None:
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 4) for day in range(1, 29)]
    swapped = [*days[:40], days[41], days[40], *days[42:]]
    assert not suspected_time(*_series("born", Texts(swapped)))
    assert not suspected_time(*_series("day", Texts(["2024-01-01"] * 60)))
    assert not suspected_time(*_series("clock", Texts([f"{hour % 24:02}:00" for hour in range(60)])))
    assert not suspected_time(*_series("day", Texts([*days[:50], "", *days[50:]])))


@pytest.mark.parametrize("name", ["iris", "wine", "breast-cancer", "diabetes", "digits"])
def test_clean_sets_raise_no_alarm(name: str) -> None:
    source = builtin(name)
    assert not suspected_group(source)
    assert not suspected_time(source, source.named("target"))


def test_the_next_command_keeps_them_together() -> None:
    found = inspect(_table("patient id", WHO))
    assert found.command.endswith("mlp --group 'patient id'")
    assert [said for said in found.findings if "'patient id' seems to name what the rows belong to: 12" in said]
    days = Texts([f"2024-{month:02}-{day:02}" for month in range(1, 4) for day in range(1, 29)])
    found = inspect(_table("day", days))
    assert found.command.endswith("mlp --time day")
    assert "--drop" not in found.command


def test_a_suspected_group_on_both_sides_of_given_parts_is_named() -> None:
    parts = Categories(np.tile([0, 0, 0, 0, 1], 12), ("train", "test"))
    source = _table("patient", WHO)
    source = Source(
        "s", "memory", (*source.fields, Field("split", "part")), {**source.columns, "split": parts}
    )  # fmt: skip
    found = inspect(source)
    assert "--group" not in found.command
    assert [said for said in found.findings if said.startswith("Groups of 'patient' that stand in both")]
