"""Records of JSON written here by hand: what is loaded, what is reported, and in which words."""

import json

import pandas
import pytest

from layerwise.data.formats import jsonl
from layerwise.data.open import open_source, sniff_format
from layerwise.errors import LayerwiseError


@pytest.fixture
def write(tmp_path):
    def written(content, name="table.jsonl"):
        content = content if isinstance(content, str | bytes) else "\n".join(map(json.dumps, content))
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def shown(source, name):
    return [source.columns[name].show(row) for row in range(len(source))]


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ("1 2 3", "number", ["1", "2", "3"]),
        ("1.5 -2e3 0", "number", ["1.5", "-2000", "0"]),
        ("1 null 3", "number", ["1", "", "3"]),
        ("1 NaN 3", "number", ["1", "", "3"]),
        ("true false true", "category", ["True", "False", "True"]),
        ("true null true", "category", ["True", "", "True"]),
        ('"m" "f" "m"', "category", ["m", "f", "m"]),
        ('"m" "" "f"', "category", ["m", "", "f"]),
        ('"m" "NA" "f"', "category", ["m", "", "f"]),
        ('"1" "2" "3"', "number", ["1", "2", "3"]),
        ('"1" 2 "3.5"', "number", ["1", "2", "3.5"]),
        ('"1,234" "12,345,678" 7', "number", ["1234", "12345678", "7"]),
        ('"01" "02" "01"', "category", ["01", "02", "01"]),
        ('"2024-03-01" "2024-03-02" null', "text", ["2024-03-01", "2024-03-02", ""]),
        (r'"\ud55c\uae00" "日本" "한글"', "category", ["한글", "日本", "한글"]),
        (r'"a\nb" "a\tb" "a\"b"', "category", ["a\nb", "a\tb", 'a"b']),
        (r'"\ud83d\ude00" "x" "x"', "category", ["😀", "x", "x"]),
        ('true 1 "x"', "category", ["True", "1", "x"]),
        ("null null null", "number", ["", "", ""]),
        ("-0.0 1 2", "number", ["-0", "1", "2"]),
        ("1234567890123456789 2 3", "number", ["1.23456789012e+18", "2", "3"]),
    ],
)
def test_kinds_of_values(write, cells, kind, expected):
    content = "\n".join(f'{{"held": {cell}, "row": {row}.5}}' for row, cell in enumerate(cells.split(" ")))
    source = jsonl.read(write(content))
    assert source.columns["held"].kind == kind
    assert shown(source, "held") == expected
    assert not source.problems
    assert source.places == ("line 1", "line 2", "line 3")


def test_keys_may_come_later_be_missing_and_stand_in_any_order(write):
    source = jsonl.read(write('{"a": 1, "b": "x"}\n{"b": "y", "c": 2.5, "a": 2}\n{"a": 3}\n'))
    assert list(source.columns) == ["a", "b", "c"]
    assert shown(source, "b") == ["x", "y", ""]
    assert shown(source, "c") == ["", "2.5", ""]
    assert "Keys that some records lack, read as missing there: 'b' (1), 'c' (2)." in source.notes


PLACES = [
    ('{"a": 2, "b": [1]}', "key 'b' holds a list"),
    ('{"a": 2, "b": {"c": 1}}', "key 'b' holds an object"),
    ('{"a": 2, "b": {"c": 1, "c": 2}}', "key 'b' holds an object"),
    ('{"a": 2, "a": 3}', "key 'a' twice or more"),
    ("[1, 2]", "a list"),
    ("[]", "a list"),
    ("17", "the value 17"),
    ('"word"', "the value 'word'"),
    ("null", "the value None"),
    ("{}", "an object without a key"),
    ('{"a": 2', "place 8: Expecting ',' delimiter"),
    ('{"a": 2}}', "place 9: Extra data"),
    ('{"a": 2} {"a": 3}', "place 10: Extra data"),
    ("{'a': 2}", "place 2: Expecting property name enclosed in double quotes"),
    ('{"a": 02}', "place 8: Expecting ',' delimiter"),
    ('{"a": "x', "place 7: Unterminated string starting at"),
    ('{"a": "\\x"}', "place 8: Invalid \\escape"),
    ('{"a": undefined}', "place 7: Expecting value"),
    ("hello", "place 1: Expecting value"),
    (r'{"a": "\ud800"}', "key 'a'"),
    (r'{"\udc00": 1}', r"key '\udc00'"),
    ('{"": 1}', "key ''"),
    ('{"a": ' + "9" * 5000 + "}", "Exceeds the limit"),
    ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "recursion"),
    ('{"a": 1e999}', "'inf'"),
    ('{"a": -Infinity}', "'-inf'"),
]


@pytest.mark.parametrize(("line", "found"), PLACES)
def test_a_line_that_cannot_be_read_is_a_problem_with_its_number(write, line, found):
    source = open_source(write(f'{{"a": 1}}\n\n{line}\n{{"a": 4}}\n'), exclude_problems=True)
    assert len(source) == 2
    assert source.columns["a"].values.tolist() == [1, 4]
    assert source.places == ("line 1", "line 4")
    assert len(source.problems) == 1
    assert source.problems[0].where.startswith("table.jsonl, line 3")
    assert found in source.problems[0].found
    assert source.problems[0].remedy


def test_a_word_among_numbers_names_its_line_and_key(write):
    records = [{"a": row, "b": 1} for row in range(30)] + [{"a": "abc", "b": 2}]
    source = jsonl.read(write(records))
    assert [problem.where for problem in source.problems] == ["table.jsonl, line 31, key 'a'"]
    assert "--category a" in source.problems[0].remedy


def test_nested_values_can_be_set_aside(write):
    path = write([{"a": 1, "tags": ["x", "한"]}, {"a": 2, "tags": {"k": 1}}, {"a": 3}])
    with pytest.raises(LayerwiseError, match=r"2 of 3 items have a problem.*\n.*line 1: key 'tags' holds a list"):
        open_source(path)
    source = jsonl.read(path, skip_columns=("tags",))
    assert source.named("unused") == ("tags",)
    assert shown(source, "tags") == ['["x", "한"]', '{"k": 1}', ""]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_of_records(write, indent):
    records = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, 3, {"a": 4, "b": "y"}]
    source = jsonl.read(write(json.dumps(records, indent=indent), "table.json"))
    assert source.columns["a"].values.tolist() == [1, 2, 4]
    assert source.places == ("record 1", "record 2", "record 4")
    assert source.problems[0].where == "table.json, record 3"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(write, end, last):
    content = end.join(['{"a": 1}', '{"a": 2}']) + (end if last else "")
    assert jsonl.read(write(content)).places == ("line 1", "line 2")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16", "utf-8"])
@pytest.mark.parametrize("name", ["table.jsonl", "table.json"])
def test_encodings(write, encoding, name):
    records = [{"지점": "서울", "기온": 13.5}, {"지점": "부산", "기온": 15}]
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    content = lines if name.endswith("l") else json.dumps(records, ensure_ascii=False)
    source = jsonl.read(write(content.encode(encoding), name))
    assert shown(source, "지점") == ["서울", "부산"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("[]", "empty list"),
        ("[1, 2, 3]", "none of 3 records can be read; table.jsonl, record 1: the value 1"),
        ("[[1, 2], [3, 4]]", "none of 2 records"),
        ("[1, 2]\n[3, 4]\n", "none of 2 records can be read; table.jsonl, line 1: a list"),
        ('[{"a": 1}, {"a": 2}', "line 1, place 20: Expecting ',' delimiter"),
        ('[\n{"a": 1},\n{"a" 2}]', "line 3, place 6: Expecting ':' delimiter"),
        ('{\n"a": [1, 2],\n"b": [3, 4]\n}', "is one object with 'a', 'b'"),
        ('{\n"a": 1,\n"a": 2}', "is one object"),
        ('{"a": {"0": 1, "1": 2}, "b": {"0": 3, "1": 4}}', "is one object with 'a', 'b'"),
        ("hello\nworld\n", "none of 2 records"),
        ("[" * 100_000, "whole"),
        (b'{"a": "\xff\xff\xff"}', "utf-8"),
        (b'{"a": "\x00"}', "NUL"),
    ],
)
def test_files_that_are_no_records(write, content, words):
    path = write(content)
    with pytest.raises(LayerwiseError) as caught:
        open_source(path)
    assert words in str(caught.value)
    assert "table.jsonl" in str(caught.value)
    assert caught.value.remedy


def test_one_line_is_one_record(write):
    source = jsonl.read(write('{"a": 1, "b": 2}\n'))
    assert (len(source), list(source.columns)) == (1, ["a", "b"])


def test_roles_as_in_text_tables(write):
    records = [{"user_id": f"u{row}", "split": "train" if row else "test", "x": row} for row in range(3)]
    source = jsonl.read(write(records), category_columns=("x",))
    assert (source.named("id"), source.named("part")) == (("user_id",), ("split",))
    assert source.columns["x"].names == ("0", "1", "2")
    with pytest.raises(LayerwiseError, match="Did you mean 'x'"):
        jsonl.read(write(records), category_columns=("xx",))
    assert "Columns to set aside that are not there: q." in jsonl.read(write(records), skip_columns=("q",)).notes


def test_long_ids_keep_their_digits(write):
    source = jsonl.read(write([{"id": 1234567890123456789 + row, "x": row} for row in range(3)]))
    assert source.ids()[1] == "1234567890123456790"
    assert not any("2^53" in note for note in source.notes)


def test_nan_is_counted_in_a_note(write):
    source = jsonl.read(write('{"a": NaN, "b": 1}\n{"a": 2, "b": NaN}\n{"a": 3, "b": 4}'))
    assert "NaN, which JSON does not know, read as missing: 2 cells." in source.notes


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "A.JSONL"])
def test_a_file_is_known_by_its_name(write, name):
    assert sniff_format(write([{"a": 1}], name)) == "jsonl"


@pytest.mark.parametrize("lines", [True, False])
def test_the_same_values_as_pandas(tmp_path, lines):
    frame = pandas.DataFrame({"n": range(40), "x": [row / 7 for row in range(40)], "word": list("abcd") * 10})
    path = tmp_path / ("frame.jsonl" if lines else "frame.json")
    frame.to_json(path, orient="records", lines=lines, double_precision=15)
    read, source = pandas.read_json(path, lines=lines), jsonl.read(path)
    assert source.columns["n"].values.tolist() == read["n"].tolist()
    assert source.columns["x"].values.tolist() == pytest.approx(read["x"].tolist(), rel=1e-14)
    assert shown(source, "word") == read["word"].tolist()
