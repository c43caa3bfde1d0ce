"""Two text fields: which is written, short texts that look like names, and what is refused."""

import pytest

from layerwise.config import Assign
from layerwise.data.assign import assign
from layerwise.data.inspect import inspect
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError

ROWS = [(f"word{place:03d}x", f"{place:03d}y word") for place in range(30)]


def table(folder, rows, header="english,spelled"):
    path = folder / "pairs.csv"
    path.write_text(header + "\n" + "".join(f"{one},{other}\n" for one, other in rows), encoding="utf-8")
    return path


def test_the_last_of_two_texts_is_written(tmp_path):
    source, task, reasons = assign(open_source(table(tmp_path, ROWS)), Assign())
    assert (task, source.named("input"), source.named("target")) == ("translate", ("english",), ("spelled",))
    assert any("translate" in reason for reason in reasons)
    found = inspect(open_source(table(tmp_path, ROWS)))
    assert (found.task, found.model, found.target) == ("translate", "seq2seq", "spelled")
    assert "--drop" not in found.command


def test_the_named_text_is_written_and_the_other_read(tmp_path):
    source, task, _ = assign(open_source(table(tmp_path, ROWS)), Assign(target="english"))
    assert (task, source.named("input"), source.named("target")) == ("translate", ("spelled",), ("english",))


def test_a_few_short_texts_look_like_names_and_are_read_as_texts_where_that_is_asked(tmp_path):
    few = [("cat", "cats"), ("dog", "dogs"), ("cow", "cows")] * 4
    source = open_source(table(tmp_path, few))
    assert {column.kind for column in source.columns.values()} == {"category"}
    source, task, _ = assign(source, Assign(task="translate", target="spelled"))
    assert task == "translate"
    assert {column.kind for column in source.columns.values()} == {"text"}
    assert list(source.columns["spelled"].values[:3]) == ["cats", "dogs", "cows"]


def test_a_text_that_is_missing_is_named_with_its_line(tmp_path):
    rows = [*ROWS[:5], ("word", ""), *ROWS[5:]]
    with pytest.raises(LayerwiseError, match="line 7"):
        assign(open_source(table(tmp_path, rows)), Assign())


def test_numbers_are_not_written_as_a_text(tmp_path):
    rows = [(f"word{place:03d}x", str(1.5 * place)) for place in range(30)]
    with pytest.raises(LayerwiseError, match="text"):
        assign(open_source(table(tmp_path, rows)), Assign(task="translate", target="spelled"))
