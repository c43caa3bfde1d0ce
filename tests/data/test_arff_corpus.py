"""Malformed and odd ARFF files: each is read right, or its line is named with what is wrong; nothing is lost."""

import random
import re
import time

import pytest

from layerwise.data.formats import arff
from layerwise.data.open import open_source
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError

HEADER = """@relation r
@attribute n numeric
@attribute c {red, 'light blue', "it's"}
@attribute s string
@attribute d date 'yyyy-MM-dd'
@data
"""
"""The first row below it stands on line 7; five lines above are of one attribute each but the first."""

RIGHT = {
    "plain": ("1,red,a,1970-01-02", ["1", "red", "a", "1"]),
    "blanks around": ("  1 ,  red ,a,  1970-01-02  ", ["1", "red", "a", "1"]),
    "blanks alone": ("1 red a 1970-01-02", ["1", "red", "a", "1"]),
    "tabs after commas": ("1,\tred,\ta,\t1970-01-02", ["1", "red", "a", "1"]),
    "comma at the end": ("1,red,a,1970-01-02,", ["1", "red", "a", "1"]),
    "quoted blank": ("1,'light blue','two words',1970-01-02", ["1", "light blue", "two words", "1"]),
    "quote in other quotes": ('1,"it\'s",\'say "x"\',1970-01-02', ["1", "it's", 'say "x"', "1"]),
    "escaped quote": ("1,'it\\'s','\\\\',1970-01-02", ["1", "it's", "\\", "1"]),
    "words that touch": ("1'red'\"a\"1970-01-02", ["1", "red", "a", "1"]),
    "quoted number and date": ("'1','red','a','1970-01-02'", ["1", "red", "a", "1"]),
    "quoted signs of the grammar": ("1,red,'{1 2}, % ?',1970-01-02", ["1", "red", "{1 2}, % ?", "1"]),
    "two commas in quotes": ("1,red,'a,,b',1970-01-02", ["1", "red", "a,,b", "1"]),
    "all missing": ("?,?,?,?", ["", "", "", ""]),
    "quoted question mark": ("1,red,'?',?", ["1", "red", "?", ""]),
    "empty text": ("1,red,'',1970-01-02", ["1", "red", "", "1"]),
    "question mark in a word": ("1,red,why?,1970-01-02", ["1", "red", "why?", "1"]),
    "comment behind": ("1,red,a,1970-01-02 % it's late", ["1", "red", "a", "1"]),
    "comment that touches": ("1,red,a,1970-01-02%,,{'", ["1", "red", "a", "1"]),
    "percent in quotes": ("1,red,'100%',1970-01-02", ["1", "red", "100%", "1"]),
    "exponent": ("-1.5E+2,red,a,?", ["-150", "red", "a", ""]),
    "NaN": ("NaN,red,a,?", ["", "red", "a", ""]),
    "control sign between": ("1\x01red\x1fa,?", ["1", "red", "a", ""]),
    "blank of another alphabet": ("1,red,a\u00a0b\u3000c,?", ["1", "red", "a\u00a0b\u3000c", ""]),
    "word with an equals sign and a hash": ("1,red,#a=b,?", ["1", "red", "#a=b", ""]),
    "at sign": ("1,red,@data,?", ["1", "red", "@data", ""]),
    "sparse": ("{0 2, 2 b}", ["2", "red", "b", "0"]),
    "sparse without commas": ("{0 2 2 b}", ["2", "red", "b", "0"]),
    "sparse with blanks": ("{ 1 'light blue' , 2 b , 3 ? }", ["0", "light blue", "b", ""]),
    "sparse and empty": ("{}", ["0", "red", "", "0"]),
    "weight": ("1,red,a,?,{2}", ["1", "red", "a", "", "2"]),
    "weight that touches": ("1,red,a,?{2.5}", ["1", "red", "a", "", "2.5"]),
    "weight of a sparse row": ("{0 1} {3}", ["1", "red", "", "0", "3"]),
}

WRONG = {
    "too few": ("1,red,a", "3 cells, expected 4"),
    "one cell": ("1", "1 cells, expected 4"),
    "too many": ("1,red,a,?,5", "5 cells, expected 4"),
    "blank without quotes": ("1,light blue,a,?", "5 cells, expected 4"),
    "decimal comma": ("1,5,red,a,?", "5 cells, expected 4"),
    "percent without quotes": ("1,red,100%,?", "3 cells, expected 4"),
    "empty cell": ("1,,a,?", "an empty cell in: 1,,a,?"),
    "empty cell that would shift the row": ("1,,red,a,?", "an empty cell"),
    "empty first cell": (",red,a,?", "an empty cell"),
    "empty last cells": ("1,red,a,,", "an empty cell"),
    "empty cell of blanks": ("1, ,red,a,?", "an empty cell"),
    "undeclared value": ("1,rad,a,?", "c = 'rad'"),
    "value in another case": ("1,RED,a,?", "c = 'RED'"),
    "value with a blank at its end": ("1,'red ',a,?", "c = 'red '"),
    "empty value": ("1,'',a,?", "c = ''"),
    "quoted question mark as a value": ("1,'?',a,?", "c = '?'"),
    "word for a number": ("one,red,a,?", "'one'"),
    "quoted question mark for a number": ("'?',red,a,?", "'?'"),
    "quoted decimal comma": ("'1,5',red,a,?", "'1,5'"),
    "infinite": ("1e999,red,a,?", "'1e999'"),
    "named infinite": ("Infinity,red,a,?", "'Infinity'"),
    "underscore in a number": ("1_000,red,a,?", "'1_000'"),
    "nan in small letters": ("nan,red,a,?", "'nan'"),
    "no such day": ("1,red,a,1970-02-30", "'1970-02-30'"),
    "date of another pattern": ("1,red,a,02.01.1970", "'02.01.1970'"),
    "open quote": ("1,red,'a,?", "an open quote in: 1,red,'a,?"),
    "lone quote in a word": ("1,it's,a,?", "an open quote in: 1,it's,a,?"),
    "quote that a backslash keeps open": ("1,red,'a\\',?", "an open quote"),
    "closing brace": ("1,red},a,?", "a brace outside quotes"),
    "brace in the middle": ("1,red,{a},?", "2 cells, expected 4"),
    "sparse and open": ("{0 1, 2 b", "{0 1, 2 b"),
    "sparse place without a value": ("{0 1, 2}", "{0 1, 2}"),
    "sparse place too large": ("{4 1}", "place '4' in {4 1}"),
    "sparse place below 0": ("{-1 1}", "place '-1'"),
    "sparse places in falling order": ("{2 a, 0 1}", "place '0'"),
    "sparse place twice": ("{0 1, 0 2}", "place '0'"),
    "sparse place that is no number": ("{n 1}", "place 'n'"),
    "sparse place missing": ("{? 1}", "place '?'"),
    "sparse place of many figures": ("{" + "9" * 5000 + " 1}", "place '999"),
    "sparse value that is undeclared": ("{1 blue}", "c = 'blue'"),
    "sparse in sparse": ("{0 {1}}", "{0 {1}}"),
    "weight that is no number": ("1,red,a,?,{heavy}", "something else behind the row"),
    "weight below 0": ("1,red,a,?,{-1}", "something else behind the row"),
    "weight without end": ("1,red,a,?,{2", "something else behind the row"),
    "weight that is missing": ("1,red,a,?,{?}", "something else behind the row"),
    "empty weight": ("1,red,a,?,{}", "something else behind the row"),
    "two weights": ("1,red,a,?,{1},{2}", "something else behind the row"),
    "cells behind a sparse row": ("{0 1},2", "something else behind the row"),
    "second header": ("@relation again", "2 cells, expected 4"),
}

HEADERS = {
    "empty": ("", 1, "without @relation", "cut short"),
    "comments alone": ("% nothing\n%\n", 3, "without @relation", "cut short"),
    "no relation": ("@attribute a real\n@data\n1\n", 1, "@attribute a real", "@relation"),
    "relation misspelled": ("%\n@realtion r\n@attribute a real\n@data\n1\n", 2, "@real", "Did you mean '@relation'"),
    "relation without a name": ("@relation\n@attribute a real\n@data\n1\n", 1, "@relation", "Add a name"),
    "a table instead": ("a,b\n1,2\n", 1, "a,b", "@relation"),
    "attribute misspelled": ("@relation r\n\n@atribute a real\n@data\n1\n", 3, "@atr", "Did you mean '@attribute'"),
    "data misspelled": ("@relation r\n@attribute a real\n@dta\n1\n", 3, "@dta", "Did you mean '@data'"),
    "no data": ("@relation r\n@attribute a real\n1\n2\n", 3, ": 1", "@data"),
    "end above data": ("@relation r\n@attribute a real", 2, "without @data", "cut short"),
    "two relations": ("@relation r\n@relation q\n@attribute a real\n@data\n1\n", 2, "@relation q", "@attribute"),
    "no attributes": ("@relation r\n@data\n1\n", 2, "@data", "Add them"),
    "no type": ("@relation r\n@attribute a\n@data\n1\n", 2, "@attribute a", "NAME TYPE"),
    "no name": ("@relation r\n@attribute {a,b}\n@data\n1\n", 2, "@attribute {a,b}", "NAME TYPE"),
    "empty name": ("@relation r\n@attribute '' real\n@data\n1\n", 2, "@attribute '' real", "NAME TYPE"),
    "type misspelled": ("@relation r\n@attribute a nummeric\n@data\n1\n", 2, "'nummeric'", "Did you mean 'numeric'"),
    "name with a blank": ("@relation r\n@attribute my age real\n@data\n1\n", 2, "type 'age'", "needs quotes"),
    "name with a quote": ("@relation r\n@attribute it's real\n@data\n1\n", 2, "it's real", "Close the quote"),
    "name twice": ("@relation r\n@attribute a real\n@attribute a real\n@data\n1,2\n", 3, ": a", "Rename"),
    "open brace": ("@relation r\n@attribute a {x,\ny}\n@data\nx\n", 2, "{x,", "Close the brace"),
    "brace in braces": ("@relation r\n@attribute a {x,{y}\n@data\nx\n", 2, "a {{}", "needs quotes"),
    "value twice": ("@relation r\n@attribute a {x,y,x}\n@data\nx\n", 2, "a {x}", "Leave it out once"),
    "date pattern": ("@relation r\n@attribute a date 'yyyy-QQ'\n@data\n1\n", 2, "'Q' in \"yyyy-QQ\"", "another"),
    "relational": ("@relation r\n@attribute a relational\n@data\n1\n", 2, "attribute 'a'", "MultiInstance"),
}  # fmt: skip


def outcome(path) -> Source | LayerwiseError:
    try:
        return arff.read(path)
    except LayerwiseError as problem:
        return problem


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "odd.arff"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def shown(source, row):
    return [source.columns[part.name].show(row) for part in source.fields]


def test_the_corpus_is_large_enough():
    assert len(RIGHT) + len(WRONG) + len(HEADERS) >= 100


@pytest.mark.parametrize("name", RIGHT)
def test_odd_rows_are_read_right(write, name):
    row, cells = RIGHT[name]
    source = open_source(write(HEADER + row + "\n2,red,b,1970-01-03\n"))
    assert shown(source, 0) == cells
    assert shown(source, 1)[:4] == ["2", "red", "b", "2"]
    assert [source.place(place) for place in range(2)] == ["line 7", "line 8"]


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rows_are_named_and_the_others_loaded(write, name):
    row, found = WRONG[name]
    source = arff.read(write(f"{HEADER}1,red,a,?\n% a comment\n{row}\n2,red,b,?\n"))
    assert [shown(source, place)[0] for place in range(len(source))] == ["1", "2"]
    (problem,) = source.problems
    assert problem.where == "odd.arff, line 9"
    assert found in problem.found
    assert "--exclude-problems" in problem.remedy
    assert len(problem.found) < 120


@pytest.mark.parametrize("name", HEADERS)
def test_damaged_headers_are_refused_with_their_line(write, name):
    text, line, found, remedy = HEADERS[name]
    with pytest.raises(LayerwiseError) as caught:
        open_source(write(text))
    assert f"odd.arff', line {line}: " in caught.value.found
    assert found in caught.value.found
    assert remedy in caught.value.remedy
    assert caught.value.exit_code == 1


def test_a_header_without_rows_and_rows_that_are_all_wrong(write):
    with pytest.raises(LayerwiseError, match="has a header only"):
        open_source(write(HEADER + "\n% no row\n"))
    source = arff.read(write(HEADER + "1\n2\n"))
    assert (len(source), len(source.problems), len(source.columns)) == (0, 2, 4)
    with pytest.raises(LayerwiseError, match="has none; 2 problems"):
        open_source(write(HEADER + "1\n2\n"), exclude_problems=True)


def test_the_nearest_value_is_named(write):
    source = arff.read(write(HEADER + "1,rad,a,?\n"))
    assert "Did you mean 'red'?" in source.problems[0].remedy


def test_one_problem_a_row_in_the_order_of_the_lines(write):
    source = arff.read(write(HEADER + "x,rad,a,tomorrow\n1\n1,red,a,?\n2,rad,a,?\n"))
    assert [problem.where for problem in source.problems] == [f"odd.arff, line {line}" for line in (7, 8, 10)]


def test_lines_of_commas_alone_are_counted(write):
    source = arff.read(write(HEADER + "1,red,a,?\n,,,\n ,\n\n"))
    assert (len(source), source.problems) == (1, ())
    assert any("Empty rows: 2 (line 8, 9)" in note for note in source.notes)


def test_nul_signs_are_refused(write):
    with pytest.raises(LayerwiseError, match="line 7: a NUL character"):
        open_source(write(HEADER + "1,red,a\0,?\n"))


HOSTILE = {
    "escapes": HEADER + "'" + "\\'" * 200_000 + "\n" + "1,red,'" + "a" * 400_000 + "',?\n",
    "commas": HEADER + "1,red,b,?\n" + "," * 400_000 + "\n",
    "blanks": HEADER + "1,red,b,?\n" + ", " * 200_000 + "x\n" + "1" + " " * 400_000 + "\n",
    "braces": HEADER + "1,red,b,?\n" + "{" * 200_000 + "\n",
    "many values": HEADER + "1,red,b,?\n" + "".join(f"1,v{row},a,?\n" for row in range(20_000)),
    "many names": "@relation r\n@attribute c {" + " ".join(f"v{place}" for place in range(5_000)) + "}\n@data\nv1\n"
    + "x\n" * 5_000,
    "value twice": "@relation r\n@attribute c {" + " ".join(map(str, range(50_000))) + " 1}\n@data\nx\n",
    "long pattern": "@relation r\n@attribute d date '" + "yM" * 50_000 + "'\n@data\n1\n",
    "many attributes": "@relation r\n" + "".join(f"@attribute a{place} real\n" for place in range(2_000))
    + "@data\n" + "{}\n" * 2_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_soon(write, monkeypatch, name):
    monkeypatch.setattr(arff, "LARGEST_SPARSE", 2_000_000)
    path = write(HOSTILE[name])
    begun = time.perf_counter()
    found = outcome(path)
    assert time.perf_counter() - begun < 5
    if isinstance(found, LayerwiseError):
        assert "odd.arff', line" in found.found
        assert len(found.found) < 300
    else:
        assert len(found) == 1


BASES = {
    "dense": HEADER + "1,red,'a b',1970-01-02\n-2.5,'light blue',\"it's\",?\n?,\"it's\",%\n4e1,red,d,2000-02-29\n" * 3,
    "sparse": HEADER + "{0 1, 2 'b c'}\n{1 'light blue'}\n{}, {2}\n1,red,x,1999-12-31 {0.5}\n{3 2001-01-01}\n" * 3,
    "korean": "@relation 날씨\n@attribute '지점 이름' {서울, '부산 해운대'}\n@attribute 기온 integer\n@data\n"
    + "서울,1.5\n% 비\n'부산 해운대', 7, {2}\n{1 3}\n?,?\n" * 3,
}  # fmt: skip
ALPHABET = [*b"'\"{},%?\\ \t\r\n0a@.-e", 0xB0, 0xC5, 0xFF, 0]


def mutated(content, start, noise):
    """Change one to three places at or behind `start`: a byte, a piece, a line."""
    for _ in range(noise.randint(1, 3)):
        place = noise.randrange(start, len(content))
        end = min(len(content), place + noise.randint(1, 12))
        sign = bytes([noise.choice(ALPHABET)])
        content = noise.choice([
            content[:place] + sign + content[place + 1 :], content[:place] + sign + content[place:],
            content[:place] + content[end:], content[:place] + content[place:end] * 2 + content[end:],
            content[:place], content[:place] + content[end:] + content[place:end],
        ])  # fmt: skip
        if len(content) <= start:
            break
    return content


def listed(text):
    """Count the lines below @data that hold more than blanks, commas and comments, without the reader's help."""
    lines = re.split(r"\r\n|\r|\n", text)
    first = next(
        place for place, line in enumerate(lines) if re.match(r"[\x00-\x20,]*@data(?![^\s,%'\"{}])", line, re.I)
    )
    lines[first] = re.sub(r"^[\x00-\x20,]*@data", "", lines[first], flags=re.I)
    return sum(1 for line in lines[first:] if re.match(r"[\x00-\x20,]*[^\x00-\x20,%]", line))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("part", ["rows", "anywhere"])
def test_mutations_load_or_are_named_and_nothing_is_lost(write, seed, part):
    noise = random.Random(f"{seed} {part}")
    loaded = 0
    for name in [*BASES] * 9:
        encoding = noise.choice(["utf-8", "cp949"])
        base = BASES[name].encode(encoding)
        original = arff.read(write(base))
        lines = re.split(r"\r\n|\r|\n", BASES[name])
        cells = {lines[int(original.place(row)[5:]) - 1]: shown(original, row) for row in range(len(original))}
        content = mutated(base, base.index(b"@data") + 6 if part == "rows" else 0, noise)
        begun = time.perf_counter()
        source = outcome(write(content))
        assert time.perf_counter() - begun < 2
        if isinstance(source, LayerwiseError):
            assert "odd.arff" in str(source)
            continue
        loaded += 1
        korean = any("CP949" in note for note in source.notes)
        text = content.decode("cp949" if korean else "utf-8-sig")
        assert len(source) + len(source.problems) == listed(text), content
        now = re.split(r"\r\n|\r|\n", text)
        for row in range(len(source) if part == "rows" else 0):
            # A row whose line was not touched says what it said; its weight may stand in a field that is new.
            line = now[int(source.place(row)[5:]) - 1]
            if line in cells and len(source.fields) == len(original.fields):
                assert shown(source, row) == cells[line], content
    assert loaded >= 5
