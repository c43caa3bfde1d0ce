"""Times of rows: forms that people write, checked against the calendar of Python, and what cannot be read."""

from datetime import UTC, datetime

import numpy as np
import pytest

from layerwise.config import Assign
from layerwise.data.assign import assign
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.open import open_source
from layerwise.data.source import Field, Source
from layerwise.data.times import moments
from layerwise.errors import LayerwiseError


def source(column, name="when"):
    return Source("t", "memory", (Field(name, "time"),), {name: column})


def days(*parts):
    return (datetime(*parts, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() / 86_400


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2017-12-31", "2018-01-13"), ("2017/12/31", "2018/1/13"), ("31/12/2017", "13/1/2018"),
        ("12/31/2017", "1/13/2018"), ("31.12.2017", "13.01.2018"), ("2017. 12. 31.", "2018. 1. 13."),
        ("2017년 12월 31일", "2018년 1월 13일"), ("20171231", "20180113"), ("31 Dec 2017", "13 Jan 2018"),
        ("Dec 31, 2017", "Jan 13, 2018"), ("31-Dec-17", "13-Jan-18"),
    ],
)  # fmt: skip
def test_days_are_those_of_the_calendar(first, second):
    assert moments(source(Texts([second, first]))).tolist() == [days(2018, 1, 13), days(2017, 12, 31)]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31 14:30", "2024-01-31T14:30:00", "2024-01-31T14:30:00Z", "2024-01-31T23:30:00+09:00",
        "31/01/2024 14:30", "2024. 1. 31. 14:30", "2024년 1월 31일 14시 30분", "2024년 1월 31일 오후 2:30",
        "01/31/2024 2:30 PM", "31.01.2024 14.30.00",
    ],
)  # fmt: skip
def test_a_time_of_day_counts(text):
    assert moments(source(Texts([text])))[0] == pytest.approx(days(2024, 1, 31, 14, 30), abs=1e-9)


def test_numbers_and_names_of_numbers_are_taken_as_they_stand():
    assert moments(source(Numbers(np.array([3.0, -1.5])))).tolist() == [3.0, -1.5]
    assert moments(source(Categories(np.array([1, 0]), ("1999", "2003")))).tolist() == [2003.0, 1999.0]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1/2/2018", "3/4/2018", "5/1/2018"], "can be read in two ways"),
        (["31/12/17", "13/01/18"], "can be read in two ways"),
        (["2018-01-01", "2018-02-30", "2018-03-01"], "row 2: '2018-02-30' in 'when'"),
        (["2018-01-01", "yesterday"], "row 2: 'yesterday'"),
        (["2018-01-01", "", "2018-01-02"], "missing in 1 rows: row 2"),
    ],
)
def test_what_is_no_time_is_named_with_its_row(cells, words):
    with pytest.raises(LayerwiseError) as problem:
        moments(source(Texts(cells)))
    assert words in problem.value.found


def test_dates_that_fit_two_forms_in_the_same_order_are_taken():
    # Day and month of 1/1, 2/2, 3/3 cannot be told apart, and need not be.
    assert np.argsort(moments(source(Texts(["3/3/2018", "1/1/2018", "2/2/2018"])))).tolist() == [1, 2, 0]


def test_without_a_time_the_flag_is_named():
    with pytest.raises(LayerwiseError, match="needs a field") as problem:
        moments(Source("t", "memory", (Field("a"),), {"a": Numbers(np.zeros(2))}))
    assert "--time FIELD" in problem.value.remedy


def test_a_bad_date_in_a_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("day,sold\n2024-01-01,3\n2024-01-02,4\n2024-13-03,5\n", encoding="utf-8")
    read, _, _ = assign(open_source(str(path)), Assign(target="sold", time="day", task="regress"))
    assert read.named("time") == ("day",)
    with pytest.raises(LayerwiseError) as problem:
        moments(read)
    assert "line 4" in problem.value.found


def test_a_named_time_takes_the_place_of_the_one_the_data_have():
    data = Source("t", "memory", (Field("a", "time"), Field("b"), Field("x"), Field("y", "target")),
                  {name: Numbers(np.arange(4.0)) for name in "abxy"})  # fmt: skip
    roles = {part.name: part.role for part in assign(data, Assign(time="b", task="regress"))[0].fields}
    assert roles == {"a": "unused", "b": "time", "x": "input", "y": "target"}
