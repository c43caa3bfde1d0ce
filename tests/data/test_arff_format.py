"""The ARFF reader against WEKA's documents, scipy's reader and the real files that WEKA ships."""

import gzip
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.io import arff as scipy_arff

from layerwise.data.date_patterns import date_pattern
from layerwise.data.formats import arff
from layerwise.data.inspect import inspect
from layerwise.data.open import open_source, sniff_format
from layerwise.errors import LayerwiseError
from layerwise.language import use

SHELVES = [Path(part) / "tabular" / "arff" for part in os.environ.get("LAYERWISE_DATA", "").split(os.pathsep) if part]
REAL = sorted(path for shelf in SHELVES for path in shelf.glob("*.arff"))

# Rows, attributes, missing cells, counted by awk: lines below @data that are neither empty nor comments, lines that
# begin with @attribute, question marks below @data.
COUNTED = {
    "airline": (144, 2, 0), "breast-cancer": (286, 10, 9), "contact-lenses": (24, 5, 0), "cpu": (209, 7, 0),
    "credit-g": (1000, 21, 0), "diabetes": (768, 9, 0), "glass": (214, 10, 0), "ionosphere": (351, 35, 0),
    "iris.2D": (150, 3, 0), "iris": (150, 5, 0), "segment-challenge": (1500, 20, 0), "segment-test": (810, 20, 0),
    "unbalanced": (856, 33, 0), "weather.nominal": (14, 5, 0), "weather.numeric": (14, 5, 0),
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def written(content: str | bytes, name: str = "table.arff") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def header(*attributes):
    return "@relation r\n" + "".join(f"@attribute {attribute}\n" for attribute in attributes) + "@data\n"


def rows(source):
    """Every row as a person sees it; a missing cell is the empty text."""
    columns = [source.columns[part.name] for part in source.fields]
    return [[column.show(row) for column in columns] for row in range(len(source))]


def missing(source):
    return sum(int(column.missing().sum()) for column in source.columns.values())


@pytest.mark.skipif(not REAL, reason="no tabular/arff below a folder that LAYERWISE_DATA lists")
@pytest.mark.parametrize("path", REAL, ids=[path.stem for path in REAL])
def test_real_files_are_read_as_scipy_reads_them(path):
    source = open_source(path)
    assert sniff_format(path) == "arff"
    assert (len(source), len(source.fields), missing(source)) == COUNTED[path.stem]
    lines = path.read_text().splitlines()
    data = next(number for number, line in enumerate(lines) if line.strip().lower() == "@data")
    assert len(source) == sum(1 for line in lines[data + 1 :] if line.strip() and not line.startswith("%"))
    table, declared = scipy_arff.loadarff(path)
    # scipy leaves the quotes around 'K', the one name of a single letter.
    assert tuple(source.columns) == tuple(name.strip("'") for name in declared.names())
    for name in declared.names():
        kind, values = declared[name]
        column = source.columns[name.strip("'")]
        if kind == "nominal":
            assert column.names == tuple(values)
            assert [column.show(row) or "?" for row in range(len(source))] == [cell.decode() for cell in table[name]]
            assert column.counts() == {value: Counter(table[name])[value.encode()] for value in values}
        elif kind == "date":
            days = table[name].astype("datetime64[D]").astype(float)
            np.testing.assert_array_equal(column.values, days)
        else:
            np.testing.assert_array_equal(column.values, table[name])


@pytest.mark.skipif(not REAL, reason="no tabular/arff below a folder that LAYERWISE_DATA lists")
def test_the_class_of_wekas_files_is_found():
    found = {path.stem: inspect(open_source(path)) for path in REAL}
    # As the comments of the file say: 500 negative, 268 positive.
    assert found["diabetes"].classes == {"tested_negative": 500, "tested_positive": 268}
    assert (found["cpu"].target, found["cpu"].task) == ("class", "regress")
    assert (found["weather.nominal"].target, found["weather.nominal"].task) == ("play", "classify")
    assert found["glass"].classes["vehic wind non-float"] == 0
    assert found["iris"].command.endswith("iris.arff mlp --target class")


# The table of cases that scipy 1.17.1 and liac-arff 2.5.0 read wrong or not at all.


def test_a_missing_nominal_value_is_no_class(write):
    source = arff.read(write(header("a {x, y}") + "x\n?\ny\n"))
    assert source.columns["a"].names == ("x", "y")
    assert source.columns["a"].missing().tolist() == [False, True, False]


def test_sparse_rows_are_the_dense_rows_of_the_manual(write):
    attributes = ("a numeric", "b {O, X}", "c {O, W}", "d {O, Y}", "class {'class A', 'class B'}")
    dense = arff.read(write(header(*attributes) + '0, X, O, Y, "class A"\n0, O, W, O, "class B"\n'))
    sparse = arff.read(write(header(*attributes) + '{1 X, 3 Y, 4 "class A"}\n{2 W, 4 "class B"}\n'))
    assert rows(sparse) == rows(dense) == [["0", "X", "O", "Y", "class A"], ["0", "O", "W", "O", "class B"]]
    assert any("Sparse rows: 2" in note for note in sparse.notes)


def test_what_a_sparse_row_leaves_out(write):
    kinds = ("n numeric", "i integer", "c {first, second}", "s string", "d date 'yyyy-MM-dd'")
    source = arff.read(write(header(*kinds) + "{}\n{0 ?, 2 ?, 3 text, 4 1970-01-03}\n{ 1 7, 2 second }\n"))
    assert rows(source) == [["0", "0", "first", "", "0"], ["", "0", "", "text", "2"], ["0", "7", "second", "", "0"]]
    # WEKA numbers the texts of a field from 0 and leaves the first one out: it cannot be told any more.
    assert any("'s' (2)" in note for note in source.notes)


def test_strings_are_texts(write):
    source = arff.read(write(header("s string", "n real") + "'To be, or not',1\n\"it's\",2\nplain,3\n?,4\n'?',5\n"))
    assert source.columns["s"].values == ["To be, or not", "it's", "plain", "", "?"]
    assert source.columns["s"].kind == "text"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949", "euc-kr"])
def test_korean_names_and_values(write, encoding):
    text = header("'지점 이름' {서울, '부산 해운대'}", "기온 real") + "서울,1.5\n'부산 해운대',?\n"
    source = open_source(write(text.encode(encoding)))
    assert tuple(source.columns) == ("지점 이름", "기온")
    assert rows(source) == [["서울", "1.5"], ["부산 해운대", ""]]


def test_wide_signs_with_the_mark_of_the_other_order(write):
    text = header("지점 {서울}", "기온 real") + "서울,1.5\n"
    assert rows(open_source(write(("\ufeff" + text).encode("utf-16-be")))) == [["서울", "1.5"]]
    with pytest.raises(LayerwiseError, match="force an encoding"):
        open_source(write(text.encode("utf-16-le")))
    assert len(open_source(write(text.encode("utf-16-le")), options={"encoding": "utf-16-le"})) == 1


def test_a_file_of_two_encodings_is_refused(write):
    mixed = header("a {서울, 부산}").encode() + "서울\n부산\n".encode("cp949")
    with pytest.raises(LayerwiseError, match="one encoding throughout"):
        open_source(write(mixed))


def test_dates_are_days_and_the_default_pattern_is_iso(write):
    source = arff.read(write(header("d date", "e date 'dd.MM.yyyy'") + "'2024-03-01T06:00:00','1.3.2024'\n"))
    # 19,783 days: 54 years of 365, 13 leap days to the end of 2023, then 31 + 29 days.
    assert [source.columns[name].values[0] for name in "de"] == [19783.25, 19783.0]
    assert source.named("input") == ("d", "e")
    assert any("days since 1970-01-01" in note for note in source.notes)


def test_relational_attributes_are_refused_by_name(write):
    text = (
        "@relation r\n@attribute bag relational\n@attribute x numeric\n@end bag\n@attribute c {a,b}\n@data\n'1\\n2',a\n"
    )
    with pytest.raises(LayerwiseError, match="line 2: the relational attribute 'bag'") as caught:
        open_source(write(text))
    assert "MultiInstanceToPropositional" in caught.value.remedy


def test_weights_become_a_field_of_that_role(write):
    source = arff.read(write(header("a real", "c {x, y}") + "1,x,{2.5}\n2,y {0}\n3,x\n{0 4}, {1e-1}\n"))
    assert source.named("weight") == ("weight",)
    assert source.columns["weight"].values.tolist() == [2.5, 0, 1, 0.1]
    assert source.columns["a"].values.tolist() == [1, 2, 3, 4]
    named = arff.read(write(header("weight real") + "70 {2}\n"))
    assert (named.named("input"), named.named("weight")) == (("weight",), ("weight_",))
    assert arff.read(write(header("a real") + "1\n")).named("weight") == ()


def test_tabs_and_blanks_stand_beside_commas_or_for_them(write):
    for row in ("1,\tx,\t2", "1 x 2", "\t1 ,x  ,2 ", "1\tx\t2", "1,x,2,"):
        assert rows(arff.read(write(header("a real", "b {x}", "c real") + row + "\n"))) == [["1", "x", "2"]], row


def test_fractions_of_an_integer_are_kept_and_said(write):
    source = arff.read(write(header("a integer") + "1.5\n2\n-0.5\n"))
    assert source.columns["a"].values.tolist() == [1.5, 2, -0.5]
    assert any("declared integer" in note and "2 (such as 1.5)" in note for note in source.notes)
    assert arff.read(write(header("a integer") + "1\n2.0\n")).notes == ()


# What else the grammar holds.


def test_keywords_in_any_case_comments_and_a_row_on_the_line_of_data(write):
    above = "% first\n\n  % second\n@RELATION 'my data' % third\n@Attribute 'a b' REAL\n@aTTribute c{x,y}%fourth\n"
    text = above + "@DATA 1,y\n%\n2,x\n"
    source = arff.read(write(text))
    assert tuple(source.columns) == ("a b", "c")
    assert rows(source) == [["1", "y"], ["2", "x"]]
    assert [source.place(row) for row in range(2)] == ["line 7", "line 9"]


def test_a_percent_sign_begins_a_comment_unless_it_is_quoted(write):
    source = arff.read(write(header("a {'50%', 50}", "b real") + "'50%',1\n50,2 % half of it\n"))
    assert rows(source) == [["50%", "1"], ["50", "2"]]
    assert any("from % on: 1 (line 6)" in note for note in source.notes)
    assert arff.read(write(header("a {'50%'}", "b real") + "50%,1\n")).problems[0].found == "1 cells, expected 2"


def test_escapes_inside_quotes(write):
    source = arff.read(write(header("s string") + r"'a\'b\\c\td\nx\101\u001Ey'" + "\n" + r'"\"q\""' + "\n"))
    assert source.columns["s"].values == ["a'b\\c\td\nxA\x1ey", '"q"']


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(write, end):
    source = arff.read(write((header("a real", "b {x, y}") + "1,x\n2,y\n").replace("\n", end)))
    assert rows(source) == [["1", "x"], ["2", "y"]]
    assert source.place(1) == "line 6"


def test_names_keep_the_order_of_the_header_and_all_of_them(write):
    source = arff.read(write(header("a {low, high, 'very high', never}") + "high\nlow\n'very high'\n"))
    assert source.columns["a"].names == ("low", "high", "very high", "never")
    assert source.columns["a"].codes.tolist() == [1, 0, 2]


def test_numbers_as_java_reads_them(write):
    source = arff.read(write(header("a real") + "1e3\n-.5\n+2.\n1.5f\n2d\nNaN\n'7'\n"))
    np.testing.assert_array_equal(source.columns["a"].values, [1000, -0.5, 2, 1.5, 2, np.nan, 7])
    assert any("NaN read as missing: 1" in note for note in source.notes)


def test_weights_and_ranges_behind_a_type_are_said(write):
    source = arff.read(write(header("a real {0.5}", "b real [0,10]") + "1,2\n"))
    assert any("The weight of attribute 'a'" in note for note in source.notes)
    assert any("Line 3: not read, behind the type of 'b': [0 10]" in note for note in source.notes)


def test_options(write):
    path = write(header("a real", "c {x, none}", "s string", "code real") + "-9,x,none,7\nnil,none,b,8\n3,x,b,7\n")
    source = open_source(path, options={"missing_words": ("-9.0", "nil", "none")}, category=("code", "s"))
    assert rows(source) == [["", "x", "", "7"], ["", "", "b", "8"], ["3", "x", "b", "7"]]
    assert source.columns["code"].names == ("7", "8")
    with pytest.raises(LayerwiseError, match="no column 'codes'") as caught:
        open_source(path, category=("codes",))
    assert caught.value.exit_code == 2


def test_roles(write):
    source = arff.read(
        write(header("id numeric", "split {train, test}", "e real", "x real") + "1,train,?,5\n2,test,?,6\n")
    )
    assert (source.named("id"), source.named("part"), source.named("unused")) == (("id",), ("split",), ("e",))
    assert source.ids() == ["1", "2"]


def test_packed_files_and_files_of_another_name(write):
    text = (header("a real", "b {x}") + "1,x\n").encode()
    packed = write(gzip.compress(text), "small.arff.gz")
    source = open_source(packed)
    assert (source.name, rows(source)) == ("small", [["1", "x"]])
    assert sniff_format(write(b"% a note\n\n" + text, "small.txt")) == "arff"
    assert sniff_format(write(gzip.compress(text), "small.gz")) == "arff"
    assert sniff_format(write(text.decode().encode("utf-16"), "wide.data")) == "arff"
    assert sniff_format(write("relation,b\n1,2\n", "plain.txt")) == "csv"
    with pytest.raises(LayerwiseError, match=r"whole(.|\n)*cut\.arff\.gz"):
        open_source(write(gzip.compress(text)[:-9], "cut.arff.gz"))


def test_messages_are_korean_too(write):
    with use("ko"), pytest.raises(LayerwiseError, match="2번째 줄"):
        open_source(write("@relation r\n@atribute a real\n@data\n1\n"))


# Instants as Java's documentation of SimpleDateFormat writes them: 2001-07-04 12:08:56 in Los Angeles.
NOON = datetime(2001, 7, 4, 19, 8, 56, tzinfo=UTC).timestamp() / 86400


@pytest.mark.parametrize(
    ("pattern", "text", "days"),
    [
        ("EEE, d MMM yyyy HH:mm:ss Z", "Wed, 4 Jul 2001 12:08:56 -0700", NOON),
        ("yyMMddHHmmssZ", "010704120856-0700", NOON),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2001-07-04T12:08:56.235-0700", NOON + 0.235 / 86400),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2001-07-04T12:08:56.235-07:00", NOON + 0.235 / 86400),
        ("EEE, MMM d, ''yy", "Wed, Jul 4, '01", 11507),
        ("h:mm a", "12:08 PM", (12 * 60 + 8) / 1440),
        ("K:mm a, z", "0:08 PM, PDT", (19 * 60 + 8) / 1440),
        ("hh 'o''clock' a", "12 o'clock AM", 0),
        ("kk:mm", "24:30", 30 / 1440),
        ("yyyyMMdd", "20240229", 19782),
        ("yyyy DDD", "2024 366", 20088),
        ("yyyy년 M월 d일 a h시", "2024년 2월 29일 오후 6시", 19782.75),
        ("d MMMM yyyy", "29 february 2024", 19782),
        ("yyyy-MM-dd E", "2024-02-29 목", 19782),
    ],
)
def test_dates_of_javas_documentation(pattern, text, days):
    assert date_pattern(pattern).days(text) == pytest.approx(days, abs=1e-9)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd", "2024-02-30"), ("yyyy-MM-dd", "2024-13-01"), ("yyyy-MM-dd", "24/2/1"), ("yyyy-MM-dd", ""),
        ("HH:mm", "24:00"), ("hh:mm a", "13:00 PM"), ("yyyy DDD", "2023 366"), ("yyyy-MM-dd E", "2024-02-29 Fri"),
        ("ss.SSS", "1.1000"), ("yyyy", "0"), ("yyyy", "12345"), ("yyyy-MM-dd", "2024-02-01 noon"),
    ],
)  # fmt: skip
def test_days_that_do_not_exist(pattern, text):
    assert date_pattern(pattern).days(text) is None


@pytest.mark.parametrize("pattern", ["yyyy-ww", "YYYY", "G yyyy", "yyyy 'at", "yyyy" * 100, "b"])
def test_patterns_that_are_not_read(pattern):
    with pytest.raises(LayerwiseError, match="date pattern"):
        date_pattern(pattern)
