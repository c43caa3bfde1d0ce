"""Parquet written here by pyarrow and pandas: what is loaded, what is reported, and in which words."""

import datetime
import decimal
import sys

import numpy as np
import pandas
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from layerwise.data.formats import parquet
from layerwise.data.open import open_source, sniff_format
from layerwise.errors import LayerwiseError


@pytest.fixture
def write(tmp_path):
    def written(columns, name="table.parquet", **options):
        table = columns if isinstance(columns, pa.Table) else pa.table(columns)
        pq.write_table(table, tmp_path / name, **options)
        return tmp_path / name

    return written


def shown(source, name):
    return [source.columns[name].show(row) for row in range(len(source))]


def codes(indices, words):
    return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(words))


DAY = datetime.datetime(2024, 3, 1)
MORNING = datetime.datetime(2024, 3, 1, 8, 30, 0, 250000)


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (pa.array([1, 2, None], pa.int8()), "number", ["1", "2", ""]),
        (pa.array([1, 2, None], pa.uint16()), "number", ["1", "2", ""]),
        (pa.array([-1, 2, 3], pa.int32()), "number", ["-1", "2", "3"]),
        (pa.array([2**53, 2, None], pa.int64()), "number", ["9.00719925474e+15", "2", ""]),
        (pa.array([2**64 - 1, 2, 3], pa.uint64()), "number", ["1.84467440737e+19", "2", "3"]),
        (pa.array([0.5, None, float("nan")], pa.float64()), "number", ["0.5", "", ""]),
        (pa.array([0.5, None, 2], pa.float32()), "number", ["0.5", "", "2"]),
        (pa.array(np.array([0.5, 1, 2], np.float16())), "number", ["0.5", "1", "2"]),
        (pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3.00")]), "number", ["1.25", "", "-3"]),
        (pa.array([True, None, False]), "category", ["True", "", "False"]),
        (pa.array([True, True, True]), "category", ["True", "True", "True"]),
        (pa.array(["m", None, "f"]), "category", ["m", "", "f"]),
        (pa.array(["m", "", "f"], pa.large_string()), "category", ["m", "", "f"]),
        (pa.array(["한글", "日本", " x "], pa.string_view()), "category", ["한글", "日本", "x"]),
        (pa.array(["1", "2.5", None]), "number", ["1", "2.5", ""]),
        (pa.array(["01", "02", "03"]), "category", ["01", "02", "03"]),
        (pa.array(["NA", "x", "y"]), "category", ["", "x", "y"]),
        (codes([2, None, 0], ["z", "b", "a"]), "category", ["a", "", "z"]),
        (codes([1, 1, 0], [10, 9]), "number", ["9", "9", "10"]),
        (codes([0, 1, 2], ["x", "y", "x"]), "category", ["x", "y", "x"]),
        (pa.array([DAY, None, DAY], pa.timestamp("s")), "text", ["2024-03-01", "", "2024-03-01"]),
        (pa.array([DAY, MORNING, None], pa.timestamp("ns")), "text", ["2024-03-01", "2024-03-01 08:30:00.25", ""]),
        (pa.array([DAY] * 3, pa.timestamp("us", tz="UTC")), "text", ["2024-03-01 00:00:00Z"] * 3),
        (pa.array([DAY.date(), None, DAY.date()]), "text", ["2024-03-01", "", "2024-03-01"]),
        (pa.array([DAY.date()] * 3, pa.date64()), "text", ["2024-03-01"] * 3),
        (pa.array([MORNING.time(), None, DAY.time()], pa.time64("us")), "text", ["08:30:00.25", "", "00:00:00"]),
        (pa.array([1500, None, 0], pa.duration("ms")), "number", ["1.5", "", "0"]),
        (pa.array([None, None, None], pa.null()), "number", ["", "", ""]),
        (pa.array([None, None, None], pa.string()), "number", ["", "", ""]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else None,
)
def test_kinds_of_columns(write, cells, kind, expected):
    source = parquet.read(write({"held": cells, "row": [0.5, 1.5, 0.5]}))
    assert source.columns["held"].kind == kind
    assert shown(source, "held") == expected
    assert not source.problems
    assert source.places == ("row 1", "row 2", "row 3")


def test_categories_keep_the_order_of_the_file_and_those_without_a_row(write, tmp_path):
    frame = pandas.DataFrame({"x": [1.5, 2, 3, 4]})
    frame["size"] = pandas.Categorical(["small", "large", None, "small"], categories=["small", "medium", "large"])
    frame.to_parquet(tmp_path / "frame.parquet", row_group_size=2)
    column = parquet.read(tmp_path / "frame.parquet").columns["size"]
    assert column.names == ("small", "medium", "large")
    assert column.codes.tolist() == frame["size"].cat.codes.tolist()
    asked = parquet.read(tmp_path / "frame.parquet", category_columns=("size",))
    assert asked.columns["size"].names == ("small", "medium", "large")


def test_dictionaries_of_several_row_groups_become_one(write):
    several = pa.chunked_array([codes([0, 1], ["z", "a"]), codes([0, 1], ["q", "a"])])
    source = parquet.read(write({"c": several, "x": [1, 2, 3, 4]}, row_group_size=2))
    assert shown(source, "c") == ["z", "a", "q", "a"]


def test_whole_numbers_beyond_what_is_exact_are_said_and_can_be_names(write):
    path = write({"a": [2**53 + 1, 2, 3], "b": [1.5, 2, 3]})
    assert any(note.startswith("'a': whole numbers beyond 2^53") for note in parquet.read(path).notes)
    assert parquet.read(path, category_columns=("a",)).columns["a"].names == ("2", "3", "9007199254740993")
    exact = parquet.read(write({"a": [2**53, 2, -(2**53)], "b": [1.5, 2, 3]}))
    assert not any("2^53" in note for note in exact.notes)


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinite_numbers_are_problems(write, value):
    source = open_source(write({"a": [1.5, value, 2.5], "b": [1, 2, 3]}), exclude_problems=True)
    assert [problem.where for problem in source.problems] == ["table.parquet, row 2, column 'a'"]
    assert source.columns["a"].values.tolist() == [1.5, 2.5]
    assert source.places == ("row 1", "row 3")


def test_a_word_among_texts_that_are_numbers_is_a_problem(write):
    path = write({"a": [str(row) for row in range(30)] + ["abc"], "b": list(range(31))})
    source = parquet.read(path)
    assert [problem.where for problem in source.problems] == ["table.parquet, row 31, column 'a'"]
    assert parquet.read(path, missing_words=("abc",)).columns["a"].missing().sum() == 1
    assert "'a': 30 numbers are stored as text" in source.notes


def test_missing_words_of_the_user_hold_for_numbers_and_categories_too(write):
    path = write({"a": [-200, 2, 3], "b": [-200.0, 2, 3], "c": codes([0, 1, 0], ["unknown", "x"])})
    source = parquet.read(path, missing_words=("-200", "unknown"))
    assert [source.columns[name].missing().sum() for name in "abc"] == [1, 1, 2]
    assert source.columns["c"].names == ("x",)


def test_a_category_named_na_is_kept(write):
    source = parquet.read(write({"a": codes([0, 1, 0], ["NA", "x"]), "b": [1, 2, 3]}))
    assert source.columns["a"].names == ("NA", "x")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (pa.array([[1], [2, 3]]), "'held' (list<element: int64>)"),
        (pa.array([{"x": 1}, {"x": 2}]), "'held' (struct<x: int64>)"),
        (pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())), "'held' (map<string, int64"),
        (pa.array([b"\0", b"\1"]), "'held' (binary)"),
        (pa.array([b"ab", b"cd"], pa.binary(2)), "'held' (fixed_size_binary[2])"),
        (pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float64(), 2)), "'held' (fixed_size_list<element: double>[2])"),
    ],
)
def test_nested_columns_are_refused_by_name_or_set_aside(write, cells, words):
    path = write({"held": cells, "a": [1, 2]})
    with pytest.raises(LayerwiseError) as caught:
        open_source(path)
    assert words in str(caught.value)
    assert "--skip-columns held" in str(caught.value)
    source = parquet.read(path, skip_columns=("held",))
    assert source.named("unused") == ("held",)
    assert source.columns["a"].values.tolist() == [1, 2]


def test_what_is_dropped_need_not_be_understood(write):
    path = write({"held": [[1], [2]], "a": [1, 2]})
    assert open_source(path, drop=("held",)).named("unused") == ("held",)
    # New data may lack what is dropped anyway.
    source = open_source(write({"a": [1, 2]}), drop=("held",))
    assert "Columns to set aside that are not there: held." in source.notes


def test_the_index_of_a_frame_is_no_input(tmp_path):
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [4, 5, 7]}, index=["p", "q", "r"])
    frame.to_parquet(tmp_path / "a.parquet")
    source = parquet.read(tmp_path / "a.parquet")
    assert source.named("id") == ("__index_level_0__",)
    assert source.ids() == ["p", "q", "r"]
    frame.set_axis([1, 1, 2]).to_parquet(tmp_path / "b.parquet")
    assert parquet.read(tmp_path / "b.parquet").named("unused") == ("__index_level_0__",)


def test_roles_as_in_text_tables(write):
    source = parquet.read(write({"patient_id": [7, 8, 9], "split": ["train", "test", "train"], "x": [1, 2, 3]}))
    assert source.named("id") == ("patient_id",)
    assert source.named("part") == ("split",)
    assert source.ids() == ["7", "8", "9"]


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.6"])
def test_ways_of_writing(write, compression, version):
    path = write({"a": list(range(1000)), "b": ["x", "y"] * 500}, compression=compression, version=version)
    assert parquet.read(path).columns["a"].values.tolist() == list(range(1000))


def test_a_file_is_known_by_its_content(write):
    path = write({"a": [1, 2], "b": [3, 4]}, name="table")
    assert sniff_format(path) == "parquet"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not start with PAR1"),
        (b"PAR1", "found"),
        (b"PAR1" + bytes(100) + b"PAR1", "found"),
        (b"a,b\n1,2\n", "does not start with PAR1"),
        (b"PAR1" + b"\xff" * 20 + b"\xff\xff\xff\x7fPAR1", "found"),
    ],
)
def test_damaged_files(tmp_path, content, words):
    path = tmp_path / "table.parquet"
    path.write_bytes(content)
    with pytest.raises(LayerwiseError) as caught:
        open_source(path)
    assert words in str(caught.value)
    assert "table.parquet" in str(caught.value)


def test_tables_that_are_none(write):
    for columns, words in (
        ({"a": pa.array([], pa.int64())}, "0 rows"),
        (pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), "twice or more: 'a'"),
    ):
        with pytest.raises(LayerwiseError, match=words):
            open_source(write(columns))


def test_a_table_that_would_unpack_without_bounds_is_refused_unread(write):
    # 1.3 billion empty cells pack into a few megabytes at most.
    group = pa.table({f"x{place}": pa.nulls(2**20, pa.int8()) for place in range(8)})
    path = write({"a": [1]})
    with pq.ParquetWriter(path, group.schema) as writer:
        for _ in range(160):
            writer.write_table(group)
    assert path.stat().st_size < 2**22
    with pytest.raises(LayerwiseError, match="at most 1073741824 cells"):
        open_source(path)


def test_a_cut_file_is_refused(write):
    path = write({"a": list(range(100)), "b": ["x"] * 100})
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(LayerwiseError, match=r"table\.parquet"):
            open_source(path)


def test_without_pyarrow_the_extra_is_named(write, monkeypatch):
    path = write({"a": [1, 2], "b": [3, 4]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(LayerwiseError, match=r"layerwise\[tables\]"):
        open_source(path)


def test_the_same_values_as_pandas(write):
    generator = np.random.default_rng(0)
    frame = pandas.DataFrame({
        "x": generator.normal(size=200), "n": generator.integers(0, 9, 200), "word": generator.choice(list("abc"), 200),
        "day": pandas.date_range("2024-01-01", periods=200, freq="6h"),
    })  # fmt: skip
    path = write(pa.Table.from_pandas(frame))
    read, source = pandas.read_parquet(path), parquet.read(path)
    assert source.columns["x"].values.tolist() == read["x"].tolist()
    assert source.columns["n"].values.tolist() == read["n"].tolist()
    assert shown(source, "word") == read["word"].tolist()
    assert shown(source, "day") == [str(day).removesuffix(" 00:00:00") for day in read["day"]]
