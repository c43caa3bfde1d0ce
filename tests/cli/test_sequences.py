"""Two text columns through the commands: trained, asked about new texts, opened; and what a user gets wrong."""

import json

import pytest

from cli.conftest import Answer
from layerwise.cli.application import run

WORDS = [a + b + c for a in "abc" for b in "def" for c in "ghi"] + [a + b for a in "abc" for b in "def"]
PAIRS = "word,plural\n" + "".join(f"{word},{word}s\n" for word in WORDS)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A folder with pairs and a run that learned them a little."""
    place = tmp_path_factory.mktemp("pairs")
    (place / "pairs.csv").write_text(PAIRS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("LC_ALL", "C.UTF-8")
        words = "train pairs.csv seq2seq --target plural --epochs 2 --hidden-units 6 --run plural --threads 1 --quiet"
        assert run(words.split()) == 0
    return place


@pytest.fixture
def here(learned, monkeypatch):
    monkeypatch.chdir(learned)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "150")
    return learned


def test_a_table_of_two_texts_is_learned_measured_and_written_down(here):
    folder = here / "runs" / "plural"
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["main"] == "exact_match"
    assert set(metrics["metrics"]) == {"exact_match", "symbol_accuracy"}
    assert set(metrics["baselines"]) == {"dictionary"}
    lines = (folder / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id,part,target,prediction"
    assert len(lines) == len(WORDS) + 1
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "exact match" in report
    assert "each symbol by itself" in report


def test_new_texts_are_answered_without_a_target(here, command):
    (here / "new.csv").write_text("word\nadg\nbe\n", encoding="utf-8")
    answer: Answer = command("predict plural new.csv --json")
    assert answer.code == 0
    assert [row["id"] for row in answer.json["predictions"]] == ["line 2", "line 3"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("word\nadg\naxg\n", ("line 3", "symbol 2", "never seen")),
        ("word\n" + "ad" * 501 + "\n", ("at most 1000", "line 2", "1002")),
        ("other\nadg\n", ("lacks 'word'",)),
    ],
)
def test_a_text_that_cannot_be_read_is_named(here, command, text, words):
    (here / "bad.csv").write_text(text, encoding="utf-8")
    answer = command("predict plural bad.csv")
    assert answer.code == 1
    assert all(word in answer.err for word in words), answer.err
    assert "Traceback" not in answer.err


def test_an_empty_text_and_a_table_without_texts_are_refused(here, command):
    (here / "holes.csv").write_text(PAIRS + ",x\n", encoding="utf-8")
    answer = command("train holes.csv seq2seq --target plural --epochs 1 --hidden-units 6")
    assert answer.code == 1
    assert f"line {len(WORDS) + 2}: 'word' is empty" in answer.err
    answer = command("train iris seq2seq")
    assert answer.code == 2
    assert "text" in answer.err


def test_words_are_the_symbols_of_both_sides_where_they_are_asked_for(here, command):
    rows = "".join(f"the {a} {b},{b} {a} the\n" for a in ("red", "old", "big", "wet") for b in ("cat", "dog", "cow"))
    (here / "phrases.csv").write_text("read,written\n" + rows, encoding="utf-8")
    options = "--target written --tokens words --epochs 1 --hidden-units 6 --batch-size 4 --threads 1 --quiet"
    assert command(f"train phrases.csv seq2seq {options} --run phrases").code == 0
    task = json.loads((here / "runs" / "phrases" / "data.json").read_text(encoding="utf-8"))["task"]
    assert task["unit"] == "words"
    assert set(task["symbols"]) <= {"the", "red", "old", "big", "wet", "cat", "dog", "cow"}


def test_the_attention_is_opened_and_saved(here, command):
    answer = command("explain", "plural", "--view", "attention", "--example", "line 2", "--to", "seen.png")
    assert answer.code == 0
    assert "agrees" in answer.out
    assert (here / "seen.png").read_bytes()[1:4] == b"PNG"
