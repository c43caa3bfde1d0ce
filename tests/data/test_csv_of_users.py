"""Text tables as people have them: signs for thousands, degrees, indices without a title, dates in either order."""

import numpy as np
import pytest

from layerwise.data.formats import csv
from layerwise.data.inspect import inspect
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError


@pytest.fixture
def write(tmp_path):
    def written(content, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return written


def test_thousands_in_quotes_in_a_cp949_table(write):
    path = write('지점,매출액\n서울,"1,234"\n부산,"12,345,678"\n대구,567\n', encoding="cp949")
    assert csv.read(path).columns["매출액"].values.tolist() == [1234, 12345678, 567]


def test_thousands_between_semicolons(write):
    source = csv.read(write("a;b\n1,234,567;1\n12,345,678;2\n"))
    assert source.columns["a"].values.tolist() == [1234567, 12345678]
    # What may be either is a decimal comma there, and that is said.
    single = csv.read(write("a;b\n1,234;1\n12,345;2\n"))
    assert single.columns["a"].values.tolist() == [1.234, 12.345]
    assert "Decimal comma in: a." in single.notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_units_and_blanks_in_headers(write, encoding):
    path = write("Temperature(℃), Wind speed (m/s) ,풍향 (도)\n1.5,2,3\n2.5,3,4\n", encoding=encoding)
    assert list(csv.read(path).columns) == ["Temperature(℃)", "Wind speed (m/s)", "풍향 (도)"]


@pytest.mark.parametrize("name", ["Temperature(°C)", "dose(µg)", "area (m²)x"])
def test_western_signs_that_cp949_would_read_as_rare_syllables(write, name):
    path = write(f"{name},b\n1.5,2\n2.5,3\n", encoding="latin-1")
    try:
        path.read_bytes().decode("cp949")
    except UnicodeDecodeError:
        # What is no CP949 either is refused with both bytes, as ever.
        with pytest.raises(LayerwiseError, match="not cp949"):
            csv.read(path)
        return
    source = csv.read(path)
    assert next(iter(source.columns)) == name
    assert any(note.startswith("Encoding CP1252") and "--encoding cp949" in note for note in source.notes)
    assert next(iter(csv.read(path, encoding="cp949").columns)) != name


def test_korean_with_a_rare_syllable_stays_cp949(write):
    path = write("상표,수\n펲시,1\n똠방,2\n", encoding="cp949")
    assert next(iter(csv.read(path).columns)) == "상표"


def test_one_word_in_a_column_of_numbers_is_named(write):
    source = csv.read(write("a,b\n" + "".join(f"{row},x\n" for row in range(40)) + "abc,y\n"))
    assert [(problem.where, problem.found) for problem in source.problems] == [("table.csv, line 42", "'abc'")]


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ("13/2/2024 1/2/2024", "the day stands before the month"),
        ("2/13/2024 2/1/2024", "the month stands before the day"),
        ("1/2/2024 3/4/2024", "whether day or month stands first cannot be told"),
        ("13/2/2024 2/13/2024", "in some the day stands first, in others the month"),
        ("13.2.24 1.2.24", "the day stands before the month"),
        ("31-12-2024 1-2-2024", "the day stands before the month"),
    ],
)
def test_dates_stay_as_they_are_and_their_order_is_said(write, dates, words):
    first, second = dates.split(" ")
    source = csv.read(write(f"when;x\n{first};1\n{second};2\n"))
    assert source.columns["when"].values == [first, second]
    assert f"'when': dates or times, kept as text; {words}" in source.notes


@pytest.mark.parametrize("date", ["2024-03-01", "2024.3.1", "2024/03/01 08:00", "13:50", "2024년 3월 1일"])
def test_dates_that_have_one_order_only(write, date):
    assert "'when': dates or times, kept as text" in csv.read(write(f"when;x\n{date};1\n{date};2\n")).notes


def test_a_header_of_a_thousand_columns(write):
    names = [f"gene {place}" for place in range(1000)]
    rows = [",".join("" if place % 3 else str(row * place) for place in range(1000)) for row in range(4)]
    source = csv.read(write("\n".join([",".join(names), *rows])))
    assert len(source.columns) == 1000
    assert len(source.notes) == 2
    assert source.notes[1].startswith("'gene 1', 'gene 2', 'gene 4', 'gene 5', 'gene 7' and 661 other columns")
    assert len(inspect(source).lines()) < 70


def test_a_last_line_without_an_end(write):
    assert len(csv.read(write("a,b\n1,x\n2,y"))) == 2
    assert csv.read(write("a,b\n1,x\n2")).problems[0].where == "table.csv, line 3"


def test_rows_that_are_one_cell_longer_than_the_header(write):
    path = write("mpg,cyl\nMazda,21,6\nDatsun,22.8,4\n")
    with pytest.raises(LayerwiseError) as caught:
        open_source(path, exclude_problems=True)
    assert "2 names, but 3 cells in every row; line 2: Mazda, 21, 6" in str(caught.value)
    assert "put a name for it before 'mpg'" in str(caught.value)


def test_a_delimiter_at_the_end_of_every_row_or_of_the_header(write):
    source = csv.read(write("a,b\n1,x,\n2,y,\n"))
    assert (list(source.columns), len(source)) == (["a", "b"], 2)
    assert any("Every row ends with a delimiter" in note for note in source.notes)
    source = csv.read(write("a,b,\n1,x\n2,y\n"))
    assert (list(source.columns), len(source)) == (["a", "b"], 2)
    assert any("The header ends with a delimiter" in note for note in source.notes)
    # One filled cell too many is a row of its own.
    assert len(csv.read(write("a,b\n1,x,\n2,y,z\n3,w\n")).problems) == 2


@pytest.mark.parametrize("index", ["0 1 2", "5 17 3", "Mazda Datsun Fiat"])
def test_an_index_without_a_title_is_an_id(write, index):
    lines = [f"{word},{row * 2},{row}" for row, word in enumerate(index.split(" "))]
    source = csv.read(write("\n".join([",a,b", *lines])))
    assert source.named("id") == ("column 1",)
    assert source.ids() == index.split(" ")
    assert any("'column 1': an id, since it has no title" in note for note in source.notes)


@pytest.mark.parametrize("cells", ["1 1 2", "0.5 1.5 2.5", "-0.5 1 2", "x  y"])
def test_a_column_without_a_title_that_is_no_index(write, cells):
    lines = [f"{word},{row * 2},{row}" for row, word in enumerate(cells.split(" "))]
    assert csv.read(write("\n".join([",a,b", *lines]))).named("id") == ()


def test_the_next_command_repeats_how_the_file_was_read(write):
    path = write("a,b,y\n" + "".join(f"{row},{row % 3},{'uv'[row % 2]}\n" for row in range(20)))
    options = {"missing_words": ("-200",), "header": "yes"}
    found = inspect(open_source(path, options=options), reading=options)
    assert "--missing-words=-200 --header yes" in found.command


def test_a_column_of_numbers_with_missing_cells_is_as_numpy_reads_it(write):
    values = np.random.default_rng(0).normal(size=50).round(3)
    text = "\n".join(["a,b", *(f"{value},{row}" for row, value in enumerate(values))])
    assert (
        csv.read(write(text)).columns["a"].values == np.genfromtxt(text.splitlines()[1:], delimiter=",")[:, 0]
    ).all()
