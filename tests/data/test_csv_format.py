"""The CSV reader against files written here byte by byte: what is loaded, what is reported, and in which words."""

from pathlib import Path

import numpy as np
import pytest

from layerwise.data.formats import csv
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError


@pytest.fixture
def write(tmp_path):
    def written(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def numbers(source, name):
    column = source.columns[name]
    assert isinstance(column, Numbers)
    return column.values.tolist()


def test_a_plain_table(write):
    source = csv.read(write("age,sex,score\n31,m,1.5\n45,f,2e3\n29,f,-.5\n"))
    assert [part.name for part in source.fields] == ["age", "sex", "score"]
    assert numbers(source, "age") == [31, 45, 29]
    assert numbers(source, "score") == [1.5, 2000.0, -0.5]
    assert source.columns["sex"].names == ("f", "m")
    assert source.place(0) == "line 2"


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiters_are_found(write, sign):
    source = csv.read(write(f"a{sign}b{sign}c\n1{sign}2{sign}x\n3{sign}4{sign}y\n"))
    assert list(source.columns) == ["a", "b", "c"]
    assert numbers(source, "b") == [2, 4]


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(write):
    source = csv.read(write('name,n\n"Kim, ""Lee""",1\n"two\nlines",2\nplain,3\n'))
    assert [source.columns["name"].show(row) for row in range(3)] == ['Kim, "Lee"', "two\nlines", "plain"]
    assert source.place(2) == "line 5"


def test_decimal_comma_with_semicolons(write):
    source = csv.read(write("time;ozone;n\n18.00.00;2,6;1360\n19.00.00;-1;1292\n"))
    assert numbers(source, "ozone") == [2.6, -1.0]
    assert numbers(source, "n") == [1360, 1292]
    assert source.columns["time"].kind == "text"
    assert any("Decimal comma in: ozone" in note for note in source.notes)


def test_quoted_thousands_in_a_comma_table(write):
    assert numbers(csv.read(write('a,b\n"1,234",x\n"12,345.5",y\n7,z\n')), "a") == [1234, 12345.5, 7]


def test_missing_words_become_missing(write):
    source = csv.read(write("a,b\n1,x\n?,y\nNA,x\n-,NA\n,y\n6,x\n"))
    assert np.isnan(source.columns["a"].values).tolist() == [False, True, True, True, True, False]
    assert source.columns["b"].missing().tolist() == [False, False, False, True, False, False]
    assert any("'NA' (1)" in note and "--keep-words" in note for note in source.notes)


def test_keep_words_and_missing_words(write):
    path = write("a;b\n1;None\n-200,0;None\n3;x\n")
    source = csv.read(path, keep_words=("None",), missing_words=("-200",))
    assert source.columns["b"].names == ("None", "x")
    assert source.columns["a"].missing().tolist() == [False, True, False]


def test_the_fast_way_for_fractions_reads_the_same(write):
    assert csv.read(write("a,b\n1.5,x\n2_5,y\n3.5,z\n")).columns["a"].kind == "category"
    assert csv.read(write("a,b\n1.5,x\nnan,y\n3.5,z\n")).columns["a"].missing().tolist() == [False, True, False]
    source = csv.read(write("a,b\n1.5,x\n-200.0,y\n3,z\n"), missing_words=("-200",))
    assert source.columns["a"].missing().tolist() == [False, True, False]


def test_a_cell_named_nan_or_infinite_is_no_number(write):
    source = csv.read(write("a,b\n" + "1,x\n" * 30 + "1e999,x\n"))
    assert len(source) == 30
    assert source.problems[0].where == "table.csv, line 32"
    assert source.problems[0].found == "'1e999'"


def test_underscores_are_no_thousands_marks(write):
    assert csv.read(write("a,b\nx,1_000\ny,2_000\n")).columns["b"].kind == "category"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n6.3,3.3,virginica\n", False),
        ("a,b\n1,x\n2,y\n", True),
        ("1,2\n3,4\n", False),
        ("year,2019,2020\nSeoul,1,2\n", False),
        ("p,x,p\ne,x,s\np,y,s\n", False),
        ("subject,sentence\nwolf,He blew.\npig,He ran.\n", True),
        ("x,s\ne,t\nx,t\ne,s\n", False),
    ],
)
def test_headers_are_found(write, text, named):
    source = csv.read(write(text))
    assert len(source) == text.count("\n") - named
    assert (next(iter(source.columns)) == "column 1") is not named


def test_a_header_can_be_forced(write):
    path = write("year,2019\nSeoul,1\nBusan,2\n")
    assert list(csv.read(path, header="yes").columns) == ["year", "2019"]
    assert len(csv.read(write("a,b\n1,2\n"), header="no")) == 2


def test_ragged_rows_are_all_reported(write):
    lines = ["a,b,c", *["1,2,3"] * 4, *["1,2"] * 4, *["1,2,3,4"] * 3]
    path = write("\n".join(lines) + "\n")
    source = csv.read(path)
    assert len(source) == 4
    assert len(source.problems) == 7
    with pytest.raises(LayerwiseError) as caught:
        open_source(path)
    message = str(caught.value)
    assert "7 of 11 items" in message
    assert "table.csv, line 6: 2 cells, expected 3" in message
    assert "table.csv, line 10: 4 cells, expected 3" in message
    assert "line 11" not in message
    assert "... and 2 more" in message
    assert "--exclude-problems" in message
    assert caught.value.exit_code == 1
    assert len(open_source(path, exclude_problems=True)) == 4


def test_every_row_with_one_cell_more_than_the_header_is_an_error(write):
    with pytest.raises(LayerwiseError, match="2 names, but 3 cells in every row; line 2: r1, 1, 2"):
        open_source(write("a,b\nr1,1,2\nr2,3,4\n"))


def test_one_word_among_numbers_is_named_and_can_be_read_as_a_category(write):
    path = write("a,b\n" + "".join(f"{row},x\n" for row in range(40)) + "abc,x\n")
    with pytest.raises(LayerwiseError) as caught:
        open_source(path)
    assert "table.csv, line 42: 'abc'" in str(caught.value)
    assert "--category a" in str(caught.value)
    source = open_source(path, category=("a",))
    assert isinstance(source.columns["a"], Categories)
    assert len(source) == 41
    assert open_source(path, options={"missing_words": ("abc",)}).columns["a"].missing().sum() == 1


def test_an_unknown_category_column_is_named(write):
    with pytest.raises(LayerwiseError, match="no column 'colour'"):
        open_source(write("color,b\n1,2\n3,4\n"), category=("colour",))


def test_empty_rows_and_columns_are_counted(write):
    source = csv.read(write("a;b;;\n1;2;;\n;;;\n   ;;;\n3;4;;\n"))
    assert len(source) == 2
    assert list(source.columns) == ["a", "b"]
    assert any("Empty rows: 2 (line 3, 4)" in note for note in source.notes)
    assert any("left out: 2" in note for note in source.notes)


def test_an_unnamed_column_with_cells_gets_a_name(write):
    source = csv.read(write(",a\n0,x\n1,y\n"))
    assert list(source.columns) == ["column 1", "a"]


def test_an_empty_column_is_kept_but_unused(write):
    source = csv.read(write("a,b\n1,\n2,NA\n"))
    assert source.named("unused") == ("b",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"a,b\n", "has a header only"),
        (b"a,b,a\n1,2,3\n", "line 1: twice or more: 'a'"),
        (b"a,b\n1,2\n3,\x004\n", "line 3: a NUL character"),
        (b'a,b\n1,2\n"3,4\n5,6\n', "line 3"),
        (b'a,b\n"x"y,2\n', "line 2"),
    ],
)
def test_files_that_are_no_tables(write, content, words):
    path = write(content)
    with pytest.raises(LayerwiseError) as caught:
        open_source(path)
    assert words in str(caught.value)
    assert "table.csv" in str(caught.value)


def test_lone_quotes_in_tab_separated_text_are_ordinary(write):
    source = csv.read(write('n\ttext\n1\t"so she said\n2\tplain\n', "talk.tsv"))
    assert source.columns["text"].show(0) == '"so she said'
    assert any("Quotes" in note for note in source.notes)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(write, end):
    source = csv.read(write(end.join(["a,b", "1,x", "2,y"])))
    assert numbers(source, "a") == [1, 2]
    assert source.place(1) == "line 3"


def test_roles_are_guessed_from_names_and_cells(write):
    source = csv.read(write("번호,split,x\n001,train,1\n002,valid,2\n003,test,3\n"))
    assert source.named("id") == ("번호",)
    assert source.ids() == ["001", "002", "003"]
    assert source.named("part") == ("split",)
    parts = source.columns["split"]
    assert [parts.show(row) for row in range(3)] == ["train", "validation", "test"]


def test_an_id_that_repeats_is_no_id(write):
    assert csv.read(write("id,x\n1,1\n1,2\n")).named("id") == ()


def test_long_numbers_and_leading_zeros_are_names(write):
    source = csv.read(write("zip,card,x\n01234,1234567890123456789,1\n04321,1234567890123456788,2\n"))
    assert source.columns["zip"].names == ("01234", "04321")
    assert len(source.columns["card"].names) == 2


@pytest.mark.parametrize("date", ["2024-03-01", "1/12/2017", "2019-02-03 11:20", "18.00.00", "13:50", "2024년 3월 1일"])
def test_dates_are_text_with_a_note(write, date):
    source = csv.read(write(f"when;x\n{date};1\n{date};2\n"))
    assert source.columns["when"].kind == "text"
    assert any("dates or times" in note for note in source.notes)


def test_few_or_repeated_words_are_categories_and_others_text(write):
    rows = "".join(f"c{row % 12},word number {row}\n" for row in range(48))
    source = csv.read(write("colour,sentence\n" + rows))
    assert source.columns["colour"].kind == "category"
    assert source.columns["sentence"].kind == "text"


def test_options_are_checked(write):
    path = write("a,b\n1,2\n")
    for options, words in (
        ({"delimiter": "comm"}, "comma"),
        ({"header": "maybe"}, "auto, yes or no"),
        ({"decimal": "dot"}, "auto, point or comma"),
        ({"encoding": "utf-9"}, "unknown encoding"),
        ({"delimeter": ","}, "delimiter"),
    ):
        with pytest.raises(LayerwiseError) as caught:
            open_source(path, options=options)
        assert words in str(caught.value)
        assert caught.value.exit_code == 2
