"""Data and test data whose columns or classes differ: it is said what stands where, before anything is measured."""

import pytest

from layerwise.data.join import joined
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError

ROWS = [f"{row / 7:.3f},{row % 5},{'ab'[row % 2]}" for row in range(20)]


def pair(tmp_path, rows, header="x,y,kind"):
    for name, head, held in (("train", "x,y,kind", ROWS), ("test", header, rows)):
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *held]) + "\n", encoding="utf-8")
    source = open_source(tmp_path / "train.csv").assign({"kind": "target"})
    return joined(source, open_source(tmp_path / "test.csv"))


def test_the_same_columns_in_another_order(tmp_path):
    rows = [",".join(reversed(row.split(","))) for row in ROWS[:6]]
    source = pair(tmp_path, rows, header="kind,y,x")
    assert len(source) == 26
    assert source.columns["x"].show(21) == source.columns["x"].show(1)
    assert not any("only the test data" in note or "not measured" in note for note in source.notes)


@pytest.mark.parametrize(
    ("rows", "header", "found", "remedy"),
    [
        ([row.partition(",")[2] for row in ROWS], "y,kind", "no column 'x'", "Add the column"),
        (ROWS, "x,why,kind", "no column 'y'", "--drop"),
        ([f"red,{row.partition(',')[2]}" for row in ROWS], "x,y,kind", "'x' is number in the data, category",
         "--category x"),
        ([f"0.1,2,{row}.5" for row in range(9)], "x,y,kind", "'kind' is category in the data, number",
         "--category kind"),
        ([row.rpartition(",")[0] for row in ROWS], "x,y", "no column 'kind'", "Add the column"),
    ],
)  # fmt: skip
def test_columns_that_differ_stop_with_their_names(tmp_path, rows, header, found, remedy):
    with pytest.raises(LayerwiseError) as told:
        pair(tmp_path, rows, header)
    assert found in told.value.found
    assert remedy in told.value.remedy


def test_a_column_too_many_is_named(tmp_path):
    source = pair(tmp_path, [f"{row},7" for row in ROWS], header="x,y,kind,extra")
    assert "Columns of the test data that are not used: extra." in source.notes


def test_classes_on_one_side_alone_are_named(tmp_path):
    source = pair(tmp_path, [*ROWS[::2], "0.5,1,c", "0.6,1,A", "0.7,1,c"])
    assert "Classes of 'kind' that only the test data have and nothing can learn: 'A' (1), 'c' (2)." in source.notes
    assert "Classes of 'kind' without a row in the test data, not measured: 'b'." in source.notes
