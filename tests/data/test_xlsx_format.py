"""Workbooks written here by openpyxl, some changed inside: what is loaded, what is reported, and with which address."""

import datetime
import unicodedata
import zipfile

import openpyxl
import pandas
import pytest

from layerwise.data.formats import xlsx
from layerwise.data.open import open_source, sniff_format

PLAIN = [["age", "sex"], [31, "m"], [45, "f"], [29, "f"]]


@pytest.fixture
def book(tmp_path):
    """Write sheets of rows; a sheet is named by its key."""

    def written(sheets, name="book.xlsx", merged=()):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in (sheets if isinstance(sheets, dict) else {"Sheet1": sheets}).items():
            sheet = made.create_sheet(title)
            for row in rows:
                sheet.append(row)
            for place in merged:
                sheet.merge_cells(place)
        made.save(tmp_path / name)
        return tmp_path / name

    return written


def shown(source, name):
    return [source.columns[name].show(row) for row in range(len(source))]


DAY = datetime.datetime(2024, 3, 1)
MORNING = datetime.datetime(2024, 3, 2, 8, 30)


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ([31, 45, 29], "number", ["31", "45", "29"]),
        ([1.5, 2, -0.25], "number", ["1.5", "2", "-0.25"]),
        ([True, False, True], "category", ["True", "False", "True"]),
        (["m", "f", "m"], "category", ["m", "f", "m"]),
        ([DAY, MORNING, DAY], "text", ["2024-03-01", "2024-03-02 08:30:00", "2024-03-01"]),
        ([datetime.date(2024, 3, 1)] * 3, "text", ["2024-03-01"] * 3),
        ([datetime.time(13, 50)] * 3, "text", ["13:50:00"] * 3),
        ([datetime.timedelta(hours=26, minutes=3)] * 3, "text", ["26:03:00"] * 3),
        (["31", "45", "29"], "number", ["31", "45", "29"]),
        (["31", 45, "29.5"], "number", ["31", "45", "29.5"]),
        (["1,234", "12,345.5", 7], "number", ["1234", "12345.5", "7"]),
        (["2,6", "3,25", "-1"], "number", ["2.6", "3.25", "-1"]),
        (["01234", "04321", "01234"], "category", ["01234", "04321", "01234"]),
        (["1234567890123456789", "1234567890123456788", "1"], "category",
         ["1234567890123456789", "1234567890123456788", "1"]),
        ([None, 1, 2], "number", ["", "1", "2"]),
        (["NA", 1, 2], "number", ["", "1", "2"]),
        (["  ", 1, 2], "number", ["", "1", "2"]),
        ([" m ", "f", "m"], "category", ["m", "f", "m"]),
        ([1e300, 1e-300, 0], "number", ["1e+300", "1e-300", "0"]),
        ([True, 1, "x"], "category", ["True", "1", "x"]),
        (["한글", "日本", "한글"], "category", ["한글", "日本", "한글"]),
        (["a\nb", "c", "c"], "category", ["a\nb", "c", "c"]),
        ([None, None, None], "number", ["", "", ""]),
    ],
)  # fmt: skip
def test_kinds_of_cells(book, cells, kind, expected):
    source = xlsx.read(book([["held", "row"], *([cell, row] for row, cell in enumerate(cells))]))
    assert source.columns["held"].kind == kind
    assert shown(source, "held") == expected
    assert source.places == ("Sheet1, row 2", "Sheet1, row 3", "Sheet1, row 4")


def test_numbers_stored_as_text_are_counted(book):
    notes = xlsx.read(book([["a", "b"], ["1", 1], [2, 2], ["3", 3]])).notes
    assert "'a': 2 numbers are stored as text" in notes


def test_whole_numbers_beyond_what_is_exact_are_said(book):
    path = changed(book([["a", "b"], [31, 1], [2, 2], [3, 3]]), SHEET, b"<v>31</v>", b"<v>9007199254740993</v>")
    source = xlsx.read(path)
    assert source.columns["a"].values[0] == 2.0**53
    assert any("'a': whole numbers beyond 2^53" in note for note in source.notes)


@pytest.mark.parametrize(
    ("rows", "options", "names", "count"),
    [
        (PLAIN, {}, ["age", "sex"], 3),
        (PLAIN[1:], {}, ["column 1", "column 2"], 3),
        (PLAIN, {"header": "no"}, ["column 1", "column 2"], 4),
        ([["y", 2019], ["a", 1], ["b", 2]], {"header": "yes"}, ["y", "2019"], 2),
        ([["a", None], [1, "x"], [2, "y"]], {}, ["a", "column 2"], 2),
        ([[], [], *PLAIN], {}, ["age", "sex"], 3),
        ([*PLAIN, [], [], [1, "m"]], {}, ["age", "sex"], 4),
        ([[None, *row] for row in PLAIN], {}, ["age", "sex"], 3),
        ([[row[0], None, None, row[1]] for row in PLAIN], {}, ["age", "sex"], 3),
        ([["Patients of 2024"], ["age", "sex", "n"], [3, "m", 1], [4, "f", 2]], {}, ["age", "sex", "n"], 2),
        ([["Patients"], ["in Seoul"], [], ["a", "b", "c"], [3, "m", 1], [4, "f", 2]], {}, ["a", "b", "c"], 2),
    ],
)
def test_where_a_table_begins(book, rows, options, names, count):
    source = xlsx.read(book(rows), **options)
    assert list(source.columns) == names
    assert len(source) == count
    assert not source.problems


def test_what_is_left_out_is_counted(book):
    rows = [["Patients"], [], *([None, *row, "x"] for row in PLAIN), []]
    source = xlsx.read(book(rows))
    assert "Rows above the table, left out: 1 ('Patients')." in source.notes
    assert "Empty rows: 1, empty columns: 0; left out." in source.notes
    assert source.places[0] == "Sheet1, row 4"
    empty = xlsx.read(book([[], [], *([None, row[0], None, row[1]] for row in PLAIN)]))
    assert "Empty rows: 2, empty columns: 2; left out." in empty.notes


def test_an_index_without_a_title_is_an_id(book):
    source = xlsx.read(book([[None, "a", "b"], *([row, row % 3, "xy"[row % 2]] for row in range(6))]))
    assert source.named("id") == ("column 1",)


def test_roles_and_names_as_in_text_tables(book):
    rows = [["patient_id", "split", "x"], ["a1", "train", 1], ["a2", "test", 2], ["a3", "train", 1]]
    source = xlsx.read(book(rows), category_columns=("x",))
    assert source.named("id") == ("patient_id",)
    assert source.named("part") == ("split",)
    assert source.columns["x"].names == ("1", "2")
    assert xlsx.read(book([["a", "b"], ["None", 1], ["x", 2]]), keep_words=("None",)).columns["a"].names == (
        "None",
        "x",
    )


def test_a_word_among_numbers_is_named_with_its_address(book):
    rows = [["a", "b"], *([row, "x"] for row in range(30)), ["abc", "x"]]
    source = open_source(book({"My sheet": rows}), exclude_problems=True)
    assert len(source) == 30
    assert [problem.where for problem in source.problems] == ["book.xlsx, 'My sheet'!A32"]
    assert source.problems[0].found == "'abc'"
    assert "--missing-words=abc" in source.problems[0].remedy


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!"])
def test_error_cells_are_problems_with_their_address(book, error):
    path = book([["a", "b"], [1, 2], [2, error], [3, error], [4, 5]])
    source = xlsx.read(path)
    assert [problem.where for problem in source.problems] == ["book.xlsx, Sheet1!B3", "book.xlsx, Sheet1!B4"]
    assert source.problems[0].found == f"'{error}'"
    assert "--skip-columns b" in source.problems[0].remedy
    assert source.columns["b"].values.tolist() == [2, 5]
    missing = xlsx.read(path, missing_words=(error,))
    assert missing.columns["b"].missing().tolist() == [False, True, True, False]
    aside = xlsx.read(path, skip_columns=("b",))
    assert (len(aside), aside.named("unused"), aside.problems) == (4, ("b",), ())


def test_a_formula_without_a_saved_value_is_a_problem(book):
    path = book([["a", "b"], [1, "=A2*2"], [2, 4], [3, "=A4*2"]])
    source = xlsx.read(path)
    assert [problem.where for problem in source.problems] == ["book.xlsx, Sheet1!B2", "book.xlsx, Sheet1!B4"]
    assert "without a saved value" in source.problems[0].found
    assert len(source) == 1
    assert len(xlsx.read(path, skip_columns=("b",))) == 3


def changed(path, member, old, new):
    """Replace some bytes in one member of a workbook."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert old in held[member]
    held[member] = held[member].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (b'<c r="B2"><f>A2*2</f><v>62</v></c>', ["62", "2", "3"]),
        (b'<c r="B2" t="str"><f>A2</f><v>7</v></c>', ["7", "2", "3"]),
        (b'<c r="B2" t="str"><f>A2</f><v></v></c>', ["", "2", "3"]),
        (b'<c r="B2" t="inlineStr"><is><t>5</t></is></c>', ["5", "2", "3"]),
        (b'<c r="B2" t="inlineStr"><is><r><t>1</t></r><r><t>5</t></r></is></c>', ["15", "2", "3"]),
        (b'<c r="B2" t="b"><v>1</v></c>', ["True", "2", "3"]),
    ],
)
def test_cells_as_other_programs_write_them(book, cell, expected):
    path = changed(book([["a", "b"], [31, 1], [4, 2], [5, 3]]), SHEET, b'<c r="B2" t="n"><v>1</v></c>', cell)
    source = xlsx.read(path)
    assert shown(source, "b") == expected
    assert not source.problems


@pytest.mark.parametrize(
    "cell",
    [b'<c r="B2"><f>A2*2</f></c>', b'<c r="B2"><f>A2*2</f><v/></c>', b'<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'],
)
def test_formulas_without_a_value_as_other_programs_write_them(book, cell):
    path = changed(book([["a", "b"], [31, 1], [4, 2], [5, 3]]), SHEET, b'<c r="B2" t="n"><v>1</v></c>', cell)
    source = xlsx.read(path)
    assert [problem.where for problem in source.problems] == ["book.xlsx, Sheet1!B2"]
    assert len(source) == 2


def test_a_date_outside_the_calendar_is_a_problem(book):
    path = book([["a", "b"], [1, DAY], [2, DAY], [3, DAY]])
    path = changed(path, SHEET, b'<v>45352</v></c></row><row r="3"', b'<v>99999999</v></c></row><row r="3"')
    assert [problem.where for problem in xlsx.read(path).problems] == ["book.xlsx, Sheet1!B2"]


def test_merged_cells_are_said(book):
    source = xlsx.read(book([["a", "b"], [1, 1], [2, None], [3, 3]], merged=["B2:B3"]))
    assert "Merged cells: 1 (B2:B3); their value stands in the first, the others are empty." in source.notes
    assert source.columns["b"].missing().tolist() == [False, True, False]


def test_the_only_sheet_with_cells_is_taken(book):
    source = xlsx.read(book({"notes": [], "Φύλλο1": PLAIN, "empty": [[]]}))
    assert "Sheet 'Φύλλο1', the only one of 3 with cells." in source.notes
    assert source.place(0) == "Φύλλο1, row 2"


def test_several_sheets_are_listed_with_their_sizes_and_one_is_chosen(book, message):
    path = book({"men": PLAIN, "women": [["a", "b", "c"], [1, 2, 3], [4, 5, 6]], "empty": []})
    found = message(path, code=2)
    assert "'men' with 4 rows and 2 columns; 'women' with 3 rows and 3 columns" in found
    assert "--sheet men" in found
    for asked in ("women", "2", 2):
        assert list(open_source(path, options={"sheet": asked}).columns) == ["a", "b", "c"]
    assert "Did you mean 'women'" in message(path, code=2, sheet="woman")
    assert "Valid names: men, women, empty" in message(path, code=2, sheet="9")
    assert "sheet 'empty'" in message(path, sheet="empty")


def test_a_sheet_is_found_by_its_name_before_its_number_and_in_either_spelling_of_hangul(book):
    path = book({"2": PLAIN, "학생": [["a", "b"], [1, 2], [3, 4]]})
    assert list(xlsx.read(path, sheet="2").columns) == ["age", "sex"]
    assert list(xlsx.read(path, sheet=unicodedata.normalize("NFD", "학생")).columns) == ["a", "b"]


@pytest.fixture
def message():
    """Read a path that cannot be read; return the words of the refusal."""
    from layerwise.errors import LayerwiseError

    def refused(path, code=1, **options):
        with pytest.raises(LayerwiseError) as caught:
            open_source(path, options=options)
        assert caught.value.exit_code == code
        assert path.name in str(caught.value)
        assert caught.value.remedy
        return str(caught.value)

    return refused


def test_tables_that_are_none(book, message):
    assert "header only" in message(book([["a", "b"]]))
    assert "no cell in any of its 2 sheets" in message(book({"a": [], "b": []}))
    assert "Sheet1!A1: twice or more: 'a'" in message(book([["a", "a"], [1, 2], [3, 4]]))
    assert "Columns to set aside that are not there: c." in xlsx.read(book(PLAIN), skip_columns=("c",)).notes
    assert "no column 'agee'" in message(book(PLAIN), code=2, category_columns=("agee",))
    assert "auto, yes or no" in message_of(book(PLAIN), header="maybe")


def message_of(path, **options):
    from layerwise.errors import LayerwiseError

    with pytest.raises(LayerwiseError) as caught:
        open_source(path, options=options)
    return str(caught.value)


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("old.xls", OLD, "an old .xls file"),
        ("old.xlsx", OLD, "an old .xls file"),
        ("locked.xlsx", OLD + "EncryptedPackage".encode("utf-16-le"), "behind a password"),
        ("text.xls", b"<html><table></table></html>", "a .xls file"),
        ("sheet.ods", b"PK\x03\x04", "a .ods file"),
        ("sheet.xlsb", b"PK\x03\x04", "a .xlsb file"),
        ("empty.xlsx", b"", "not a zip"),
        ("noise.xlsx", b"PK\x03\x04" + bytes(100), "not a zip"),
        ("text.xlsx", b"a,b\n1,2\n", "not a zip"),
    ],
)
def test_other_spreadsheets_are_named(tmp_path, message, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert words in message(tmp_path / name)
    assert sniff_format(tmp_path / name) == "xlsx"


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_zips_that_are_no_workbooks(tmp_path, message):
    assert "without a workbook" in message(zipped(tmp_path / "a.xlsx", {"a.txt": "x"}))
    assert ".ods" in message(zipped(tmp_path / "b.xlsx", {"mimetype": "x", "content.xml": "<a/>"}))
    assert ".xlsb" in message(zipped(tmp_path / "c.xlsx", {"[Content_Types].xml": "<a/>", "xl/workbook.bin": "x"}))
    broken = {"[Content_Types].xml": "<Types>", "xl/workbook.xml": "<workbook/>"}
    assert "whole zip" in message(zipped(tmp_path / "d.xlsx", broken))


def test_a_bomb_is_refused_before_it_unpacks(book, message):
    path = book(PLAIN)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/big.xml", "w") as stream:
        for _ in range(100):
            stream.write(bytes(1 << 20))
    assert "packs at most" in message(path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet', "XML entities"),
        (b'r="A2"', b'r="AAAAAAAA2"', "a cell AAAAAAAA2"),
        (b'<row r="2"', b'<row r="99999999999"', "a cell 99999999999"),
        (b'<row r="2"', b'<row r="1048580"', "more than 1048576 rows"),
        (b"<sheetData>", b"<sheetData><sheetData>", "mismatched tag"),
        (b"<v>31</v>", b"<v>x31</v>", "whole zip"),
        (b"<v>31</v>", b"\0", "NUL"),
    ],
)
def test_what_is_hostile_inside_a_sheet(book, message, old, new, words):
    assert words in message(changed(book(PLAIN), SHEET, old, new))


def test_the_announced_size_is_not_trusted(book):
    path = changed(book(PLAIN), SHEET, b'<dimension ref="A1:B4"', b'<dimension ref="A1:XFD1048576"')
    assert len(xlsx.read(path)) == 3
    path = changed(book(PLAIN), SHEET, b'<dimension ref="A1:B4"', b'<dimension ref="A1:A2"')
    assert len(xlsx.read(path)) == 3


def test_a_workbook_is_known_by_its_content(book):
    path = book(PLAIN, name="book.xlsm")
    assert sniff_format(path) == "xlsx"
    assert len(open_source(path.rename(path.with_name("book")))) == 3


def test_without_openpyxl_the_extra_is_named(book, monkeypatch):
    path = book(PLAIN)
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    assert "layerwise[tables]" in message_of(path)


def test_the_same_values_as_pandas(book):
    rows = [["n", "x", "word", "day"]]
    rows += [[row * 7 % 5, row / 3, "abc"[row % 3], DAY + datetime.timedelta(days=row)] for row in range(50)]
    path = book(rows)
    frame, source = pandas.read_excel(path), xlsx.read(path)
    assert list(frame.columns) == list(source.columns)
    assert source.columns["n"].values.tolist() == frame["n"].tolist()
    assert source.columns["x"].values.tolist() == frame["x"].tolist()
    assert shown(source, "word") == frame["word"].tolist()
    assert shown(source, "day") == frame["day"].dt.strftime("%Y-%m-%d").tolist()
