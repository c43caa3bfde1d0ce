"""Odd and malformed text tables: each is read right, or its line is named with what is wrong; nothing is lost."""

import csv
import gzip
import io
import random
import re

import pytest
from damage import flipped, listed, outcome, refusal

from layerwise.data.open import open_source

RIGHT = {
    "plain": ("a,b\n1,x\n2,y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
    "windows line ends": ("a,b\r\n1,x\r\n2,y\r\n", {"a": ["1", "2"], "b": ["x", "y"]}),
    "old mac line ends": ("a,b\r1,x\r2,y\r", {"a": ["1", "2"], "b": ["x", "y"]}),
    "mixed line ends": ("a,b\r\n1,x\n2,y\r3,z", {"a": ["1", "2", "3"], "b": ["x", "y", "z"]}),
    "no end of the last line": ("a,b\n1,x\n2,y", {"a": ["1", "2"], "b": ["x", "y"]}),
    "mark of UTF-8": ("\ufeffa,b\n1,x\n2,y\n".encode(), {"a": ["1", "2"], "b": ["x", "y"]}),
    "UTF-16": ("이름,b\n가,1\n나,2\n".encode("utf-16"), {"이름": ["가", "나"], "b": ["1", "2"]}),
    "UTF-16, big end first": (b"\xfe\xff" + "가,b\nx,1\ny,2\n".encode("utf-16-be"),
                              {"가": ["x", "y"], "b": ["1", "2"]}),
    "UTF-32": ("가,b\nx,1\ny,2\n".encode("utf-32"), {"가": ["x", "y"], "b": ["1", "2"]}),
    "CP949": ("이름,나이\n똠방,31\n김,28\n".encode("cp949"), {"이름": ["똠방", "김"], "나이": ["31", "28"]}),
    "packed": (gzip.compress(b"a,b\n1,x\n2,y\n"), {"a": ["1", "2"], "b": ["x", "y"]}),
    "semicolons": ("a;b\n1;x\n2;y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
    "tabs": ("a\tb\n1\tx y\n2\tz\n", {"a": ["1", "2"], "b": ["x y", "z"]}),
    "bars": ("a|b\n1|x\n2|y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
    "blanks around cells": (" a , b \n 1 , x \n 2 , y \n", {"a": ["1", "2"], "b": ["x", "y"]}),
    "delimiter in quotes": ('a,b\n1,"x,y"\n2,z\n', {"a": ["1", "2"], "b": ["x,y", "z"]}),
    "doubled quotes": ('a,b\n1,"say ""x"""\n2,z\n', {"a": ["1", "2"], "b": ['say "x"', "z"]}),
    "line end in quotes": ('a,b\n1,"x\ny"\n2,z\n', {"a": ["1", "2"], "b": ["x\ny", "z"]}),
    "quoted header": ('"a, b","c"\n1,x\n2,y\n', {"a, b": ["1", "2"], "c": ["x", "y"]}),
    "decimal commas": ("a;b\n1,5;x\n2,25;y\n", {"a": ["1.5", "2.25"], "b": ["x", "y"]}),
    "thousands in quotes": ('a,b\n"1,234",x\n"12,345,678",y\n', {"a": ["1234", "12345678"], "b": ["x", "y"]}),
    "exponents": ("a,b\n1e3,x\n-2.5E-1,y\n", {"a": ["1000", "-0.25"], "b": ["x", "y"]}),
    "signs": ("a,b\n+1,x\n-2,y\n", {"a": ["1", "-2"], "b": ["x", "y"]}),
    "points without figures": ("a,b\n.5,x\n5.,y\n", {"a": ["0.5", "5"], "b": ["x", "y"]}),
    "missing words": ("a,b\n1,x\nNA,y\n,z\n?,x\n", {"a": ["1", "", "", ""], "b": ["x", "y", "z", "x"]}),
    "missing in Korean": ("a,b\n1,x\n결측,y\n2,z\n", {"a": ["1", "", "2"], "b": ["x", "y", "z"]}),
    "NaN of programs": ("a,b\n1,x\nnan,y\n2,z\n", {"a": ["1", "", "2"], "b": ["x", "y", "z"]}),
    "truth values": ("a,b\nTrue,1.5\nFalse,2.5\n", {"a": ["True", "False"], "b": ["1.5", "2.5"]}),
    "codes with zeros": ("a,b\n007,x\n012,y\n", {"a": ["007", "012"], "b": ["x", "y"]}),
    "numbers of twenty figures": ("a,b\n12345678901234567890,x\n22345678901234567890,y\n",
                                  {"a": ["12345678901234567890", "22345678901234567890"], "b": ["x", "y"]}),
    "empty lines": ("a,b\n\n1,x\n,\n2,y\n\n", {"a": ["1", "2"], "b": ["x", "y"]}),
    "one column": ("a\n1.5\n2.5\n", {"a": ["1.5", "2.5"]}),
    "no header": ("1.5,x\n2.5,y\n3.5,x\n", {"column 1": ["1.5", "2.5", "3.5"], "column 2": ["x", "y", "x"]}),
    "empty column": ("a,b,c\n1,,x\n2,,y\n", {"a": ["1", "2"], "b": ["", ""], "c": ["x", "y"]}),
    "delimiter at every end": ("a,b\n1,x,\n2,y,\n", {"a": ["1", "2"], "b": ["x", "y"]}),
    "delimiter behind the header": ("a,b,\n1,x\n2,y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
    "comment signs are signs": ("#a,b\n1,#x\n2,%y\n", {"#a": ["1", "2"], "b": ["#x", "%y"]}),
    "quotes of inches in a table of tabs": ('a\tb\n1\t5"\n2\t6\n', {"a": ["1", "2"], "b": ['5"', "6"]}),
    "dates": ("a,b\n2024-03-01,1\n2024-03-02,2\n", {"a": ["2024-03-01", "2024-03-02"], "b": ["1", "2"]}),
    "dates, the day first": ("a,b\n13/2/2024,1\n1/2/2024,2\n", {"a": ["13/2/2024", "1/2/2024"], "b": ["1", "2"]}),
    "units in the header": ("Temp (℃),b\n1,x\n2,y\n", {"Temp (℃)": ["1", "2"], "b": ["x", "y"]}),
    "emoji": ("a,b\n1,🙂\n2,y\n", {"a": ["1", "2"], "b": ["🙂", "y"]}),
    "blank of another alphabet": ("a,b\n1,x\u00a0y\n2,z\n", {"a": ["1", "2"], "b": ["x\u00a0y", "z"]}),
    "formulas are words": ("a,b\n1,=1+1\n2,+x\n", {"a": ["1", "2"], "b": ["=1+1", "+x"]}),
    "underscores": ("a,b\n1_000,1.5\n2_000,2.5\n", {"a": ["1_000", "2_000"], "b": ["1.5", "2.5"]}),
    "figures of another script": ("a,b\n٣,1.5\n٤,2.5\n", {"b": ["1.5", "2.5"]}),
    "small and large": ("a,b\n1e-320,x\n-1e308,y\n", {"a": [f"{1e-320:.12g}", "-1e+308"], "b": ["x", "y"]}),
}  # fmt: skip

TEN = "".join(f"{row},x\n" for row in range(10))

WRONG = {
    "too many cells": ("a,b\n1,x\n2,y,z\n3,w\n", "line 3", "3 cells, expected 2", 2),
    "too few cells": ("a,b\n1,x\n2\n3,w\n", "line 3", "1 cells, expected 2", 2),
    "a delimiter without quotes": ("a,b\n1,x\n2,say, you\n3,w\n", "line 3", "3 cells", 2),
    "a word among numbers": (f"a,b\n{TEN}abc,y\n", "line 12", "'abc'", 10),
    "infinity": (f"a,b\n{TEN}inf,y\n", "line 12", "'inf'", 10),
    "a number beyond the largest": (f"a,b\n{TEN}1e400,y\n", "line 12", "'1e400'", 10),
    "a unit behind a number": (f"a,b\n{TEN}5 cm,y\n", "line 12", "'5 cm'", 10),
    "a letter for a figure": (f"a,b\n{TEN}1O,y\n", "line 12", "'1O'", 10),
    "two points": (f"a,b\n{TEN}1.2.3,y\n", "line 12", "'1.2.3'", 10),
    "hexadecimal": (f"a,b\n{TEN}0x1F,y\n", "line 12", "'0x1F'", 10),
    "an error of a workbook": (f"a,b\n{TEN}#DIV/0!,y\n", "line 12", "'#DIV/0!'", 10),
    "a word behind a cell of two lines": (f'a,b\n"1","x\ny"\n{TEN}abc,z\n', "line 14", "'abc'", 11),
    "too few cells behind a cell of two lines": ('a,b\n1,"x\ny"\n2\n3,w\n', "line 4", "1 cells, expected 2", 2),
    "a row of another table": ("a,b,c\n1,2,3\nd,e\n4,5,6\n", "line 3", "2 cells, expected 3", 2),
}

REFUSED = {
    "nothing": (b"", "empty"),
    "blanks alone": (b" \n \n", "empty"),
    "a mark alone": (b"\xef\xbb\xbf", "empty"),
    "a header alone": (b"a,b\n", "has a header only"),
    "a name twice": (b"a,a\n1,2\n3,4\n", "'a'"),
    "an open quote": (b'a,b\n1,"x\n2,y\n', "line 2"),
    "a quote that closes early": (b'a,b\n1,"x"y\n2,z\n', "line 2"),
    "a NUL sign": (b"a,b\n1,x\0\n", "line 2: a NUL character"),
    "UTF-16 without a mark": ("a,b\n1,x\n".encode("utf-16-le"), "NUL"),
    "half a sign": ("a,b\n1,가\n2,나\n3,다\n".encode()[:-2], "line 4"),
    "a byte of no encoding": ("a,b\n1,가나다\n2,".encode() + b"\xff\n", "0xff"),
    "packed and cut": (gzip.compress(b"a,b\n" + b"1,x\n" * 99)[:-9], "packed"),
    "packed and damaged": (gzip.compress(b"a,b\n1,x\n")[:-8] + bytes(8), "packed"),
    "one name too few": (b"a,b\n1,x,7\n2,y,8\n", "2 names, but 3 cells"),
    "pixels": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "csv"),
}


def test_the_corpus_is_large_enough():
    assert len(RIGHT) + len(WRONG) + len(REFUSED) >= 70


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "odd.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.mark.parametrize("name", RIGHT)
def test_odd_tables_are_read_right(write, name):
    content, expected = RIGHT[name]
    source = open_source(write(content))
    assert not source.problems
    for column, cells in expected.items():
        held = source.columns[column]
        assert [held.show(row) for row in range(len(source))] == cells
    assert len(source.columns) == max(len(expected), 2 if name.startswith("figures") else 0)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rows_are_named_and_the_others_loaded(write, name):
    content, where, found, loaded = WRONG[name]
    source = outcome(write(content))
    (problem,) = source.problems
    assert problem.where == f"odd.csv, {where}"
    assert found in problem.found
    assert len(source) == loaded


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused_with_its_place(write, name):
    content, found = REFUSED[name]
    assert found in str(refusal(write(content)))


HOSTILE = {
    "a cell of a million signs": "a,b\n1," + "x" * 1_000_000 + "\n2,y\n",
    "a hundred thousand delimiters": "a,b\n1,x\n" + "," * 100_000 + "y\n",
    "quotes alone": "a,b\n" + '"' * 400_000 + "\n",
    "a line of quotes and delimiters": "a,b\n" + '",' * 200_000 + "\n",
    "twenty thousand columns": ",".join(f"c{place}" for place in range(20_000)) + "\n" + ",".join("1" * 20_000) + "\n",
    "fifty thousand bad rows": "a,b\n1,x\n2,y\n" + "1\n" * 50_000,
    "blank lines": "a,b\n" + "\n" * 100_000 + "1,x\n2,y\n",
    "figures": "a,b\n" + "9" * 400_000 + ",x\n1,y\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tables_end_soon(write, name):
    source = outcome(write(HOSTILE[name]))
    if name == "fifty thousand bad rows":
        assert listed(source) == 50_002


BASES = {
    "commas": ('n,word,"a b"\n' + "".join(f'{row * 7},"w,{row % 3}",{row / 4}\n' for row in range(8))).encode(),
    "korean": ("번호;지점\n" + "".join(f"{row},5;{'서울' if row % 2 else '부산'}\n" for row in range(8))).encode(
        "cp949"
    ),
    "tabs": ("n\tx\r\n" + "".join(f"{row}\t{row % 2}\r\n" for row in range(8))).encode(),
}
DELIMITERS = {"commas": "comma", "korean": "semicolon", "tabs": "tab"}


def records(text, delimiter):
    """Count the records that hold anything, as Python's own reader finds them; -1 where it finds none."""
    sign = {"comma": ",", "semicolon": ";", "tab": "\t"}[delimiter]
    if delimiter == "tab":
        return sum(1 for line in re.split("\r\n|\r|\n", text) if line.strip())
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, skipinitialspace=True, strict=True)
    try:
        return sum(1 for cells in reader if any(cell.strip() for cell in cells))
    except csv.Error:
        return -1


def is_plain(content, delimiter):
    """Say whether Python's own reader finds a table without anything odd: then there is no reason to refuse it."""
    sign = {"comma": ",", "semicolon": ";", "tab": "\t"}[delimiter]
    try:
        text = content.decode("cp949" if delimiter == "semicolon" else "utf-8")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True))
    except (UnicodeDecodeError, csv.Error):
        return False
    even = len(rows) > 1 and len({len(cells) for cells in rows}) == 1
    names = [cell.strip() for cell in rows[0]] if rows else []
    return even and all(names) and len(set(names)) == len(names)


@pytest.mark.parametrize("seeds", [range(17), pytest.param(range(17, 167), marks=pytest.mark.long)])
@pytest.mark.parametrize("name", BASES)
def test_mutations_load_or_are_named_and_nothing_is_lost(write, name, seeds):
    loaded = plain = 0
    for seed in seeds:
        content = flipped(BASES[name], random.Random(f"{name} {seed}"))
        path = write(content)
        source = outcome(path, "csv", {"header": "yes", "delimiter": DELIMITERS[name]})
        plain += is_plain(content, DELIMITERS[name])
        if source is None:
            assert not is_plain(content, DELIMITERS[name]), content
            continue
        loaded += 1
        said = " ".join(source.notes)
        encoding = next((word for word in ("CP949", "CP1252", "utf-16") if f"Encoding {word}" in said), "utf-8-sig")
        assert listed(source) == records(content.decode(encoding), DELIMITERS[name]) - 1, content
    # Some are read although they are odd, and some are so odd that nothing can be read.
    assert 0 < plain < loaded < len(seeds)
