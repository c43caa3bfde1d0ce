"""Damaged tables, 500 of each format: flipped bytes, cuts and changed cells load right or end in one clear refusal.

What right is comes from elsewhere: the lines of the file, pandas, or the same table before it was written.
"""

import csv
import io
import json
import random
import re
import zipfile

import openpyxl
import pyarrow as pa
import pytest
from damage import flipped, listed, outcome
from pyarrow import parquet as pq

ROWS = 12
COUNT = 500
BASE = [{"n": row * 7 % 5, "x": row / 4, "word": "abc"[row % 3], "ok": row % 2 == 0} for row in range(ROWS)]
ODD = (None, "", "abc", "1,234", "NaN", -1e308, 1e-320, 2**60, True, "2024-03-01", "한글", "=1+1", "#N/A", "a\nb", 0.1)
"""What a cell is changed to."""


def with_a_changed_cell(generator):
    """Return the rows with one cell that is something else, and which."""
    rows = [dict(row) for row in BASE]
    place, name = generator.randrange(ROWS), generator.choice(list(BASE[0]))
    rows[place][name] = generator.choice(ODD)
    return rows, place, name


def written(format, rows) -> bytes:
    """Write rows in a format, by somebody else's program."""
    if format == "jsonl":
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    if format == "orange":
        lines = [list(rows[0]), ["c", "continuous", "d", "discrete"], ["", "", "class", "meta"]]
        lines += [["" if cell is None else str(cell).replace("\n", " ") for cell in row.values()] for row in rows]
        return "\n".join("\t".join(line) for line in lines).encode()
    if format == "csv":
        lines = [list(rows[0]), *(["" if cell is None else str(cell) for cell in row.values()] for row in rows)]
        return "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode()
    buffer = io.BytesIO()
    if format == "xlsx":
        book = openpyxl.Workbook()
        for line in [list(rows[0]), *(list(row.values()) for row in rows)]:
            book.active.append(line)
        book.save(buffer)
    else:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        mixed = {
            name: cells for name, cells in columns.items() if len({type(cell) for cell in cells} - {type(None)}) > 1
        }
        columns |= {name: [None if cell is None else str(cell) for cell in cells] for name, cells in mixed.items()}
        pq.write_table(pa.table(columns), buffer, write_page_checksum=True)
    return buffer.getvalue()


FORMATS = {"xlsx": "xlsx", "parquet": "parquet", "jsonl": "jsonl", "orange": "tab", "csv": "csv"}


def opened(path, format):
    """Read a file, a text table by its known layout."""
    options = {"header": "yes", "delimiter": "comma"} if format == "csv" else {}
    return outcome(path, format, options)


@pytest.mark.parametrize("format", FORMATS)
def test_changed_cells_lose_no_row_and_touch_no_other_column(format, tmp_path):
    path = tmp_path / f"table.{FORMATS[format]}"
    problems = 0
    for seed in range(COUNT // 2):
        rows, place, name = with_a_changed_cell(random.Random(seed))
        path.write_bytes(written(format, rows))
        source = opened(path, format)
        assert source is not None, rows[place]
        assert listed(source) == ROWS
        assert len(source.problems) <= 1
        problems += len(source.problems)
        kept = [row for row in BASE if row is not BASE[place] or not source.problems]
        for column in {"n", "x", "word"} - {name}:
            expected = [row[column] if column == "word" else f"{row[column]:g}" for row in kept]
            assert [source.columns[column].show(row) for row in range(len(source))] == expected
    # Words among numbers are met; a format that never finds one would pass all of the above.
    assert COUNT // 20 < problems < COUNT // 4


def lines_of(content):
    """Return the lines that hold more than blanks, as any editor counts them."""
    text = content.decode("latin-1")
    return [line for line in re.split("\r\n|\r|\n", text) if line.strip()]


def records_of(content):
    """Return the records of a text table that hold anything, as Python's own reader finds them."""
    reader = csv.reader(io.StringIO(content.decode("latin-1"), newline=""), skipinitialspace=True, strict=True)
    return [cells for cells in reader if any(cell.strip() for cell in cells)]


def as_written(source):
    """Say whether the cells are those of the table, whatever its columns are called."""
    columns = list(source.columns.values())
    shown = [[column.show(row) for row in range(len(source))] for column in columns]
    return shown == [[f"{row[name]:g}" if name in ("n", "x") else str(row[name]) for row in BASE] for name in BASE[0]]


@pytest.mark.parametrize("format", FORMATS)
def test_damaged_bytes_load_right_or_are_refused(format, tmp_path):
    path = tmp_path / f"table.{FORMATS[format]}"
    whole = written(format, BASE)
    path.write_bytes(whole)
    assert as_written(opened(path, format))
    loaded = 0
    for seed in range(COUNT // 2):
        content = flipped(whole, random.Random(seed))
        path.write_bytes(content)
        source = opened(path, format)
        if source is None:
            continue
        loaded += 1
        if format in ("xlsx", "parquet"):
            assert as_written(source), seed
        elif format == "csv":
            assert listed(source) == len(records_of(content)) - 1, seed
        else:
            assert listed(source) == len(lines_of(content)) - (3 if format == "orange" else 0), seed
    assert loaded < COUNT // 2, "nothing was ever refused"


def test_damage_inside_the_parts_of_a_workbook_ends_in_an_answer(tmp_path):
    path = tmp_path / "table.xlsx"
    with zipfile.ZipFile(io.BytesIO(written("xlsx", BASE))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    parts = [*["xl/worksheets/sheet1.xml"] * 5, *(name for name in members if not name.startswith("docProps"))]
    loaded = 0
    for seed in range(COUNT // 2):
        generator = random.Random(seed)
        part = generator.choice(parts)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, flipped(content, generator) if name == part else content)
        source = outcome(path, "xlsx", {})
        loaded += source is not None
        assert source is None or listed(source) <= ROWS + 1
    assert COUNT // 20 < loaded < COUNT // 2
