"""Large text tables: the columnar reader gives the same as the strict one, cell for cell, or leaves the table to it."""

import random

import numpy as np
import pytest
from damage import flipped, listed
from test_csv_corpus import BASES, HOSTILE, REFUSED, RIGHT, WRONG

from layerwise.data import columnar_csv
from layerwise.data.formats import csv
from layerwise.data.inspect import inspect
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.open import open_source
from layerwise.data.row_hashes import different_numbers, suspected_repeats
from layerwise.errors import LayerwiseError

pytest.importorskip("pyarrow")

MORE = {
    "a word late": ("a,b\n" + "1.5,x\n" * 1200 + "oops,y\n"),
    "a code late": ("a,b\n" + "15,x\n" * 1200 + "015,y\n"),
    "a fraction late": ("a,b\n" + "15,x\n" * 1200 + "1.5,y\n"),
    "thousands late": ("a,b\n" + "1.5,x\n" * 1200 + '"1,234.5",y\n'),
    "decimal commas late": ("a;b\n" + "1;x\n" * 1200 + "1,5;y\n"),
    "infinity late": ("a,b\n" + "1.5,x\n" * 1200 + "inf,y\n"),
    "a NaN of another writing late": ("a,b\n" + "1.5,x\n" * 1200 + "-nan,y\n"),
    "a plus sign late": ("a,b\n" + "1.5,x\n" * 1200 + "+2,y\n"),
    "an underscore late": ("a,b\n" + "1.5,x\n" * 1200 + "1_0,y\n"),
    "blanks late": ("a,b\n" + "1.5,x\n" * 1200 + " 2.5 , x \n"),
    "an odd blank late": ("a,b\n" + "1.5,x\n" * 1200 + "2.5,x\u3000\n"),
    "an empty line late": ("a,b\n" + "1.5,x\n" * 1200 + "\n2,y\n"),
    "an empty row late": ("a,b\n" + "1.5,x\n" * 1200 + ",\n2,y\n"),
    "a blank row late": ("a,b\n" + "1.5,x\n" * 1200 + " , \n2,y\n"),
    "a row of missing words late": ("a,b\n" + "1.5,x\n" * 1200 + "NA,NA\n2,y\n"),
    "a short row late": ("a,b\n" + "1.5,x\n" * 1200 + "2\n3,y\n"),
    "a long row late": ("a,b\n" + "1.5,x\n" * 1200 + "2,x,y\n3,y\n"),
    "an open quote late": ("a,b\n" + "1.5,x\n" * 1200 + '2,"x\n3,y\n'),
    "a stray quote late": ("a,b\n" + "1.5,x\n" * 1200 + '2,x"y\n3,y\n'),
    "two lines in a cell late": ("a,b\n" + "1.5,x\n" * 1200 + '2,"x\ny"\n3,y\n'),
    "doubled quotes late": ("a,b\n" + "1.5,x\n" * 1200 + '2,"x""y"\n3,""\n'),
    "another line end late": ("a,b\n" + "1.5,x\n" * 1200 + "2,x\r3,y\n"),
    "a blank before a quote late": ("a,b\n" + "1.5,x\n" * 1200 + '2, "x"\n3,y\n'),
    "quoted words": ("a,b\n" + '1.5,"x"\n"2.5",y\n' * 600),
    "quoted words with Windows line ends": ("a,b\r\n" + '1.5,"x"\r\n"2.5",""\r\n' * 600 + '3,"y"'),
    "a quote closed too early among quoted words": ("a,b\n" + '1.5,"x"\n' * 1200 + '2,"x"y\n"3"4,"y"\n'),
    "a quote opened too late among quoted words": ("a,b\n" + '1.5,"x"\n' * 1200 + '2,y"x"\n'),
    "a delimiter in a quoted word": ("a,b\n" + '1.5,"x"\n' * 1200 + '2,"x,y"\n'),
    "two lines in a quoted word": ("a,b\n" + '1.5,"x"\n' * 1200 + '2,"x\ny"\n'),
    "quotes that make up for others": ("a,b,c\n" + '1.5,"x",z\n' * 1200 + '2,"",""""\n3,"x,"y",z"\n'),
    "a quoted delimiter, and a quote closed too early": ("a,b,c\n" + '1.5,"x",z\n' * 1200 + '2,",x"y,z\n'),
    "a title with a delimiter": ('"a, b",c\n' + '1.5,"x"\n' * 1200),
    "a title of a delimiter, made up for below": ('",",c,d\n' + '1.5,"x","y"\n' * 1200 + '2,"x"z"y","w"\n'),
    "decimal commas of what could be ids": ("번호;b\n0,5;x\n1,5;y\n1,5;x\n"),
    "ids": ("id,b\n" + "".join(f"{row},x\n" for row in range(1500))),
    "rows named by a column without a title": (",b\n" + "".join(f"{row},x\n" for row in range(1500))),
    "a part": ("split,b\n" + "train,1.5\n" * 1200 + "test,2.5\n"),
    "sentinels": ("a,b\n" + "-200,x\n1.5,y\n" * 600), "dates": ("a,b\n" + "2024-03-01,x\n13/2/2024,y\n" * 600),
    "free text": ("a,b\n" + "".join(f"1.5,this is sentence {row} of many\n" for row in range(1200))),
    "long numbers": ("a,b\n" + "1234567890123456789,x\n" * 1200), "truth": ("a,b\n" + "true,1.5\nfalse,2.5\n" * 600),
}  # fmt: skip


def everything(path, **options):
    """Return all that is known of a table, or why it is refused."""
    try:
        source = csv.read(path, **options)
    except LayerwiseError as problem:
        return str(problem)
    cells = {name: column.digests() for name, column in source.columns.items()}
    kinds = {name: (column.kind, getattr(column, "names", ())) for name, column in source.columns.items()}
    places = [source.place(row) for row in range(len(source))]
    return source.fields, cells, kinds, source.problems, source.notes, places, source.fingerprint()


def both(path, monkeypatch, **options):
    """Read by the strict reader and by whichever takes it; returns both, and whether the columnar one took it."""
    strict = everything(path, **options)
    taken = []
    reader = columnar_csv.columnar_table

    def watched(*arguments, **named):
        taken.append(reader(*arguments, **named) is not None)
        return reader(*arguments, **named)

    with monkeypatch.context() as changed:
        changed.setattr(columnar_csv, "SMALLEST", 0)
        changed.setattr(csv, "columnar_table", watched)
        return strict, everything(path, **options), any(taken)


def bytes_of(content):
    return content if isinstance(content, bytes) else content.encode()


CORPUS = {
    **{f"right: {name}": case[0] for name, case in RIGHT.items()},
    **{f"wrong: {name}": case[0] for name, case in WRONG.items()},
    **{f"refused: {name}": case[0] for name, case in REFUSED.items()}, **MORE,
}  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {}, pytest.param({"header": "no"}, marks=pytest.mark.long),
        pytest.param({"missing_words": ("-200", "x")}, marks=pytest.mark.long),
        pytest.param({"category_columns": ("a",)}, marks=pytest.mark.long),
    ],
)  # fmt: skip
def test_both_readers_agree_on_the_whole_corpus(tmp_path, monkeypatch, options):
    path, columnar = tmp_path / "odd.csv", 0
    for name, content in CORPUS.items():
        path.write_bytes(bytes_of(content))
        strict, other, taken = both(path, monkeypatch, **options)
        assert other == strict, name
        columnar += taken
    # It takes the plain ones: were it to take none, all would agree.
    assert columnar > len(CORPUS) // 4


@pytest.mark.parametrize("seeds", [range(10), pytest.param(range(10, 200), marks=pytest.mark.long)])
def test_both_readers_agree_on_mutations(tmp_path, monkeypatch, seeds):
    path = tmp_path / "odd.csv"
    for name, content in BASES.items():
        for seed in seeds:
            path.write_bytes(flipped(content, random.Random(f"{name} {seed}")))
            strict, other, _ = both(path, monkeypatch)
            assert other == strict, (name, seed)


def test_both_readers_agree_on_quotes_in_any_place(tmp_path, monkeypatch):
    path, draw, taken = tmp_path / "odd.csv", random.Random(0), 0
    for case in range(400):
        usual = draw.choice(['x,"y"', '"x","y"', "x,y"])
        odd = "".join(draw.choices('"",x\n', k=draw.randint(3, 9)))
        path.write_text("\n".join(["a,b", *[usual] * draw.randint(1, 4), odd, usual, ""]), encoding="utf-8")
        strict, other, columnar = both(path, monkeypatch)
        assert other == strict, (case, path.read_text(encoding="utf-8"))
        taken += columnar
    assert taken > 10


def test_a_large_table_is_taken_and_small_ones_are_not(tmp_path, monkeypatch):
    path = tmp_path / "large.csv"
    drawn = np.random.default_rng(0).normal(size=60_000).round(3)
    lines = ["x,n,word,empty"] + [f"{value},{row % 97},{'ab'[row % 2]}{row % 5}," for row, value in enumerate(drawn)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(columnar_csv, "SMALLEST", path.stat().st_size)
    strict, other, taken = both(path, monkeypatch)
    assert taken
    assert other == strict
    source = open_source(path)
    assert isinstance(source.places, columnar_csv.Lines)
    assert (source.place(0), source.place(59_999), len(source.places)) == ("line 2", "line 60001", 60_000)
    assert list(source.places[:2]) == ["line 2", "line 3"]
    np.testing.assert_array_equal(source.columns["x"].values, drawn)
    assert listed(source) == 60_000
    monkeypatch.setattr(columnar_csv, "SMALLEST", path.stat().st_size + 1)
    assert isinstance(open_source(path).places, tuple)


def test_a_column_of_names_that_no_cell_fills_has_every_row(tmp_path, monkeypatch):
    path = tmp_path / "odd.csv"
    for cell in ("", "NA", " NA "):
        path.write_text("x,kind,sort\n" + f"1.5,{cell},b\n2.5,{cell},a\n" * 600, encoding="utf-8")
        strict, other, taken = both(path, monkeypatch, category_columns=("kind", "sort"))
        assert taken
        assert other == strict
        assert [len(cells) for cells in other[1].values()] == [1200, 1200, 1200]


def test_rows_that_repeat_are_counted_as_before(tmp_path):
    drawn = np.random.default_rng(0)
    columns = [
        Numbers(np.where(drawn.random(400) < 0.1, np.nan, drawn.integers(-1, 3, 400) * 1.0)),
        Numbers(np.where(drawn.random(400) < 0.5, -0.0, 0.0)), Categories(drawn.integers(-1, 4, 400), tuple("abcd")),
    ]  # fmt: skip
    rows = [tuple(map(bytes, cells)) for cells in zip(*(column.digests() for column in columns), strict=True)]
    expected = [place for place, row in enumerate(rows) if rows.count(row) > 1]
    assert suspected_repeats(columns).tolist() == expected
    assert 0 < len(suspected_repeats([Numbers(np.array([1.0, 2.0, 1.0]))])) < 3
    path = tmp_path / "a.csv"
    path.write_text("x,y,kind\n" + "1.5,2,a\n1.5,2,a\n1.5,2,b\n3.5,4,a\n2.5,2,a\n3.5,4,a\n", encoding="utf-8")
    found = inspect(open_source(path), target="kind")
    assert (found.duplicates, found.conflicts) == (2, 3)


@pytest.mark.parametrize("scale", [1.0, 1e6, 1e300, 0.001])
def test_different_numbers_are_those_of_numpy(scale):
    values = np.random.default_rng(0).integers(-50, 50, 300) * scale
    assert different_numbers(values) == len(np.unique(values))


@pytest.mark.parametrize("decimals", range(8))
@pytest.mark.parametrize("middle", [0.0, 100.0, -1e6, 2.0**50, 1e300])
def test_different_numbers_of_few_decimals_are_those_of_numpy(decimals, middle):
    values = np.round(middle + np.random.default_rng(decimals).normal(0, 3, 5000), decimals)
    assert different_numbers(values) == len(np.unique(values))
    # The last of them has more digits than any other, by as little as a number can have.
    values[-1] = np.nextafter(values[0], np.inf)
    assert different_numbers(values) == len(np.unique(values))


def test_hostile_tables_are_left_to_the_strict_reader_or_end_soon(tmp_path, monkeypatch):
    path = tmp_path / "odd.csv"
    for name in ("a cell of a million signs", "quotes alone", "figures"):
        path.write_bytes(bytes_of(HOSTILE[name]))
        strict, other, _ = both(path, monkeypatch)
        assert other == strict
