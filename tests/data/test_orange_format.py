"""Tables of Orange: headers of three rows and of one, real files counted by hand and by pandas."""

import os
from pathlib import Path

import pandas
import pytest

from layerwise.data.formats import orange
from layerwise.data.open import open_source, sniff_format
from layerwise.data.orange_header import one_row, three_rows
from layerwise.errors import LayerwiseError

SHELVES = [Path(part) for part in os.environ.get("LAYERWISE_DATA", "").split(os.pathsep) if part]


@pytest.fixture
def write(tmp_path):
    def written(content, name="table.tab"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def rows(*lines, sign="\t"):
    return "".join(line.replace(" | ", sign) + "\n" for line in lines)


def shown(source, name):
    return [source.columns[name].show(row) for row in range(len(source))]


def roles(source):
    return {part.name: part.role for part in source.fields}


@pytest.mark.parametrize(
    ("kind", "cells", "found", "expected"),
    [
        ("c", "1 2.5 -3", "number", ["1", "2.5", "-3"]),
        ("continuous", "1 ? 3", "number", ["1", "", "3"]),
        ("numeric", "1 . 3", "number", ["1", "", "3"]),
        ("C", "1 ~ 3", "number", ["1", "", "3"]),
        ("c", "1 NA 3", "number", ["1", "", "3"]),
        ("c", "1 * 3", "number", ["1", "", "3"]),
        ("d", "1 2 10", "category", ["1", "2", "10"]),
        ("discrete", "a b a", "category", ["a", "b", "a"]),
        ("categorical", "a ? a", "category", ["a", "", "a"]),
        ("DISCRETE", "a b a", "category", ["a", "b", "a"]),
        ("b a", "a b a", "category", ["a", "b", "a"]),
        ("s", "1 2 3", "text", ["1", "2", "3"]),
        ("string", "a ? b", "text", ["a", "", "b"]),
        ("text", "a b a", "text", ["a", "b", "a"]),
        ("t", "2024-01-01 2024-01-02 ?", "text", ["2024-01-01", "2024-01-02", ""]),
        ("time", "13:50 14:00 15:10", "text", ["13:50", "14:00", "15:10"]),
        ("", "1 2 3", "number", ["1", "2", "3"]),
        ("", "a b a", "category", ["a", "b", "a"]),
    ],
)
def test_kinds_are_those_of_the_second_row(write, kind, cells, found, expected):
    lines = [f"{cell} | {row}.5" for row, cell in enumerate(cells.split(" "))]
    source = orange.read(write(rows("held | y", f"{kind} | c", " | class", *lines)))
    assert source.columns["held"].kind == found
    assert shown(source, "held") == expected
    assert source.places == ("line 4", "line 5", "line 6")
    assert not source.problems


@pytest.mark.parametrize(
    ("flag", "role"),
    [
        ("class", "target"), ("c", "target"), ("CLASS", "target"), ("ignore", "unused"), ("i", "unused"),
        ("weight", "weight"), ("w", "weight"), ("", "input"), ("color=red", "input"), ("class color=red", "target"),
        ("meta", "id"), ("m", "id"),
    ],
)  # fmt: skip
def test_roles_are_those_of_the_third_row(write, flag, role):
    source = orange.read(write(rows("held | x", "c | c", f"{flag} | ", "1 | 1", "2 | 5", "3 | 5")))
    assert roles(source) == {"held": role, "x": "input"}


def test_a_listed_order_is_kept_and_other_values_are_problems(write):
    table = rows(
        "size | y", r"small very\ large large | d", " | class", "large | 1", "very large | 2", "huge | 1", "? | 1"
    )
    source = orange.read(write(table))
    assert source.columns["size"].names == ("small", "very large", "large")
    assert shown(source, "size") == ["large", "very large", ""]
    assert source.problems[0].where == "table.tab, line 6"
    assert source.problems[0].found == "'huge'"
    assert len(source) + len(source.problems) == 4


def test_a_word_in_a_continuous_column_is_a_problem_however_few_numbers_there_are(write):
    source = orange.read(write(rows("a | y", "c | d", " | class", "x | 1", "z | 2", "3 | 1")))
    assert [problem.where for problem in source.problems] == ["table.tab, line 4", "table.tab, line 5"]
    assert source.columns["a"].values.tolist() == [3]


def test_metas_that_repeat_are_set_aside(write):
    table = rows("name | note | x | y", "s | s | c | d", "m | m |  | class", "a | p | 1 | u", "b | p | 2 | v")
    assert roles(orange.read(write(table))) == {"name": "id", "note": "unused", "x": "input", "y": "target"}


def test_several_classes(write):
    table = rows("x | y | z", "c | d | d", " | class | class", "1 | a | p", "2 | b | q", "3 | a | q")
    source = orange.read(write(table))
    assert (source.named("target"), source.named("unused")) == (("y",), ("z",))
    assert "'z': set aside: 'y' is the class that is predicted" in source.notes
    amounts = orange.read(
        write(
            table.replace("d\td", "c\tc")
            .replace("a\tp", "1\t2")
            .replace("q", "3")
            .replace("b", "4")
            .replace("a\t", "5\t")
        )
    )
    assert amounts.named("target") == ("y", "z")


@pytest.mark.parametrize(
    ("cell", "name", "kind", "role"),
    [
        ("C#age", "age", "number", ""), ("D#sex", "sex", "category", ""), ("S#note", "note", "text", ""),
        ("T#day", "day", "time", ""), ("m#name", "name", "", "meta"), ("mS#name", "name", "text", "meta"),
        ("Sm#name", "name", "text", "meta"), ("c#y", "y", "", "target"), ("cD#y", "y", "category", "target"),
        ("Dc#y", "y", "category", "target"), ("i#x", "x", "", "unused"), ("iC#x", "x", "number", "unused"),
        ("w#x", "x", "", "weight"), ("C#a#b", "a#b", "number", ""), ("C# age ", "age", "number", ""),
    ],
)  # fmt: skip
def test_signs_of_a_header_of_one_row(cell, name, kind, role):
    (head,) = one_row([cell])
    assert (head.name, head.kind, head.role) == (name, kind, role)


@pytest.mark.parametrize("cell", ["C#", "#", "#1", "age", "x#y", "CD#y", "cm#y", "subject#", "A#b", "C #x", ""])
def test_names_without_signs(cell):
    assert one_row([cell, "plain"]) is None


def test_a_table_with_signs(write):
    path = write(rows("mS#name,C#age,sex,cD#ill,i#x", "Kim,31,m,1,9", "Lee,45,f,0,9", "Park,29,f,1,9"), "table.csv")
    assert sniff_format(path) == "orange"
    source = open_source(path)
    assert roles(source) == {"name": "id", "age": "input", "sex": "input", "ill": "target", "x": "unused"}
    assert source.columns["ill"].names == ("0", "1")
    assert source.places[0] == "line 2"
    assert any("header of 1 rows" in note and "--format csv" in note for note in source.notes)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16"])
def test_encodings(write, encoding):
    table = rows(
        "이름 | 나이 | 병", "string | continuous | discrete", "meta |  | class", "김 | 31 | 예", "이 | 45 | 아니오"
    )
    path = write(table.encode(encoding))
    assert sniff_format(path) == "orange"
    assert roles(open_source(path)) == {"이름": "id", "나이": "input", "병": "target"}


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (rows("a | b", "1 | x", "2 | y"), "t.tab"),
        (rows("a | b", "c | d", "1 | x"), "t.tab"),
        (rows("a,b", "c,d", "c,d", "d,c"), "t.csv"),
        (rows("first,second", "x y,u v", "class,class"), "t.csv"),
        (rows("a,b", "c,c", "m,w", "i,c"), "t.csv"),
        (rows("note#,x", "1,2", "3,4"), "t.csv"),
        (rows("a,b"), "t.csv"),
        ("\n\n", "t.tab"),
        ("", "t.tab"),
        (b"\0\0\0\0", "t.tab"),
        ('"open\n' + rows("c | d", " | class"), "t.tab"),
    ],
)
def test_other_tables_are_not_taken(write, table, name):
    assert not orange.sniff(write(table, name))


def test_an_ordinary_format_can_be_asked_for(write):
    path = write(rows("a | b", "c | d", " | class", "1 | x", "2 | y"))
    assert len(open_source(path, format="csv")) == 4


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (rows("a | b", "1 | 2"), "begins otherwise"),
        (rows("a | b", "c | c", " | class"), "header only"),
        (rows("a | a", "c | c", " | class", "1 | 2"), "twice or more: 'a'"),
        ("", "begins otherwise"),
    ],
)
def test_what_cannot_be_read(write, table, words):
    with pytest.raises(LayerwiseError) as caught:
        open_source(write(table), format="orange")
    assert words in str(caught.value)
    assert "table.tab" in str(caught.value)


def test_ragged_rows_and_empty_rows(write):
    source = orange.read(write(rows("a | b", "c | d", " | class", "1 | x", "2", "", "3 | y | z", "4 | y")))
    assert (len(source), [problem.where for problem in source.problems]) == (
        2, ["table.tab, line 5", "table.tab, line 7"],
    )  # fmt: skip
    assert any("Empty rows: 1 (line 6)" in note for note in source.notes)


def test_a_third_row_that_lost_its_empty_cells(write):
    assert three_rows([["a", "b"], ["c", "d"], ["class"]])[0].role == "target"


def real(name):
    for shelf in SHELVES:
        if (shelf / "tabular" / "tab" / name).exists():
            return shelf / "tabular" / "tab" / name
    pytest.skip(f"no {name} below a folder that LAYERWISE_DATA lists")


def test_zoo():
    path = real("zoo.tab")
    source = open_source(path)
    frame = pandas.read_csv(path, sep="\t", skiprows=[1, 2], dtype=str)
    assert len(source) == len(frame) == 101
    assert roles(source) == {"name": "unused", **dict.fromkeys(frame.columns[1:-1], "input"), "type": "target"}
    # Counts published with the set: 41 mammals, 20 birds, 5 reptiles, 13 fish, 4 amphibians, 8 insects, 10 others.
    assert list(source.columns["type"].counts().values()) == [4, 20, 13, 8, 10, 41, 5]
    assert all(shown(source, name) == frame[name].tolist() for name in frame.columns)


def test_heart_disease():
    path = real("heart_disease.tab")
    source = open_source(path)
    frame = pandas.read_csv(path, sep="\t", skiprows=[1, 2], na_values="?")
    assert len(source) == len(frame) == 303
    assert source.named("target") == ("diameter narrowing",)
    # 164 of 303 patients of Cleveland have no disease; six values are missing.
    assert source.columns["diameter narrowing"].counts() == {"0": 164, "1": 139}
    assert sum(int(column.missing().sum()) for column in source.columns.values()) == 6
    assert source.columns["slope peak exc ST"].names == ("upsloping", "flat", "downsloping")
    for name in ("age", "rest SBP", "cholesterol", "max HR", "ST by exercise"):
        assert source.columns[name].values.tolist() == frame[name].tolist()
