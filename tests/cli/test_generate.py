"""A language model from the command line: trained on a text file, written with, and refused where it cannot write."""

import csv
import json
import shutil
from pathlib import Path

import pytest

import layerwise as lw
from layerwise.cli.application import run
from layerwise.data.tokens import vocabulary_of
from layerwise.errors import LayerwiseError
from layerwise.language import use

LINES = [f"{name} {verb} the {thing}.\n" for name in ("ann", "bob", "eve") for verb in ("saw", "met") for thing in
         ("cat", "dog", "bird", "fish")] * 6  # fmt: skip
TEXT = "".join(LINES)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a text, a small character network and a counted model of it."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "book.txt").write_text(TEXT, encoding="utf-8")
    (folder / "words.csv").write_text("a,b\n1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n", encoding="utf-8")
    quick = ["--threads", "1", "--quiet", "--resamples", "100"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LC_ALL", "C.UTF-8")
        small = "--epochs 12 --hidden-units 24 --layers 1 --learning-rate 0.02 --sequence-length 20 --batch-size 8"
        assert run(["train", "book.txt", "char-lstm", *small.split(), "--run", "letters", *quick]) == 0
        assert run(["train", "book.txt", "trigram", "--run", "counts", *quick]) == 0
        assert run(["train", "book.txt", "bigram", "--tokens", "words", "--run", "by-words", *quick]) == 0
    return folder


@pytest.fixture
def texts(trained, tmp_path, monkeypatch):
    copy = tmp_path / "texts"
    shutil.copytree(trained, copy, copy_function=shutil.copy2)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "150")
    return copy


def figures(name):
    return json.loads(Path(f"runs/{name}/metrics.json").read_text(encoding="utf-8"))


def test_the_run_is_measured_beside_counts_and_keeps_what_it_foretold(texts):
    found = figures("letters")
    assert found["main"] == "nats"
    assert set(found["baselines"]) == {"unigram", "bigram", "trigram"}
    counted = [found["baselines"][name]["nats"]["value"] for name in ("unigram", "bigram", "trigram")]
    assert counted == sorted(counted, reverse=True)
    assert found["metrics"]["nats"]["value"] < counted[1]
    assert found["baselines"]["trigram"]["nats"] == figures("counts")["metrics"]["nats"]
    with open("runs/letters/predictions.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    # The first symbol of a part is only read; the parts are consecutive pieces of the text.
    parts = {part: "".join(row["target"] for row in rows if row["part"] == part) for part in
             ("train", "validation", "test")}  # fmt: skip
    whole = TEXT
    for part in ("train", "validation", "test"):
        assert whole[1:].startswith(parts[part])
        whole = whole[1 + len(parts[part]) :]
    assert whole == ""
    with open("runs/letters/passages.csv", encoding="utf-8", newline="") as stream:
        kept = list(csv.DictReader(stream))
    nats, symbols = (sum(float(row[name]) for row in kept) for name in ("nats", "symbols"))
    assert nats / symbols == pytest.approx(found["metrics"]["nats"]["value"], rel=1e-6)


def test_it_writes_on_from_a_prompt(texts, command):
    answer = command("generate", "letters", "--prompt", "ann saw the ", "--temperature", "0", "--length", "4")
    assert answer.code == 0
    assert answer.out.startswith("ann saw the ")
    assert answer.out[12:].split(".")[0] in ("cat", "dog", "bird", "fish")


def test_the_seed_repeats_a_text_and_json_holds_it(texts, command):
    words = ["generate", "letters", "--prompt", "bob", "--length", "50", "--json"]
    first, again, other = command(*words).json, command(*words).json, command(*words, "--seed", "1").json
    assert first == again
    assert first["text"] != other["text"]
    assert len(first["text"]) == 50
    assert first["prompt"] == "bob"
    assert set(first["text"]) <= set(TEXT)
    assert lw.load("letters").generate("bob", length=50) == "bob" + first["text"]


@pytest.mark.parametrize("name", ["letters", "counts", "by-words"])
def test_without_a_prompt_it_begins_on_its_own(texts, command, name):
    answer = command("generate", name, "--length", "30")
    assert answer.code == 0
    unit = "words" if name == "by-words" else "characters"
    written = vocabulary_of([answer.out.strip()], unit)
    assert set(written) <= set(vocabulary_of(LINES, unit))
    count = len(answer.out.split()) if unit == "words" else len(answer.out) - 1
    assert count in (30, 31)


def test_words_are_written_with_blanks_between(texts, command):
    answer = command("generate", "by-words", "--prompt", "ann saw", "--length", "2", "--temperature", "0")
    assert answer.out.split()[:3] == ["ann", "saw", "the"]
    assert answer.out.startswith("ann saw the ")


@pytest.mark.parametrize(
    ("words", "found", "remedy"),
    [
        (["--prompt", "Zoë saw"], "'Z', 'o', 'ë'", "known are"),
        (["--prompt", "한글"], "'한', '글'", "known are"),
        (["--temperature", "-1"], "temperature = -1.0", ">= 0"),
        (["--temperature", "nan"], "temperature = nan", ">= 0"),
        (["--length", "0"], "length = 0", "1 .. 1,000,000"),
    ],
)
def test_what_it_cannot_write_is_refused_in_one_message(texts, command, words, found, remedy):
    answer = command("generate", "letters", *words)
    assert answer.code == 2
    assert found.replace("'o', ", "") in answer.err.replace("'o', ", "")
    assert remedy in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""


def test_an_unknown_word_is_named_and_the_message_is_there_in_korean(texts, command):
    answer = command("generate", "by-words", "--prompt", "ann loves the cat.")
    assert answer.code == 2
    assert "'loves'" in answer.err
    with use("ko"), pytest.raises(LayerwiseError, match="프롬프트") as refusal:
        lw.load("by-words").generate("ann loves")
    assert "낱말" in str(refusal.value)


def test_a_run_of_another_task_writes_nothing(texts, command):
    assert command("train iris majority --run flowers --threads 1 --quiet --resamples 100").code == 0
    answer = command("generate flowers")
    assert answer.code == 2
    assert "classify" in answer.err


@pytest.mark.parametrize("content", ["", "\n\n", "x"])
def test_an_empty_text_is_refused_before_a_run_folder_is_made(texts, command, content):
    (texts / "empty.txt").write_text(content, encoding="utf-8")
    answer = command("train empty.txt char-lstm --run never")
    assert answer.code == 1
    assert "empty.txt" in answer.err
    assert "Traceback" not in answer.err
    assert not (texts / "runs" / "never").exists()


def test_a_text_of_one_line_says_what_to_do(texts, command):
    (texts / "line.txt").write_text("Hello World ! It's an apple", encoding="utf-8")
    assert command("train line.txt char-lstm --run one").code != 0
    options = "--test training --validation-fraction 0 --epochs 1 --threads 1 --hidden-units 8 --quiet --resamples 100"
    assert command(f"train line.txt char-lstm --run one {options}").code == 0


def test_looking_ahead_lists_and_opens_the_runs(texts, command):
    assert "layerwise train book.txt char-lstm" in command("data book.txt").out
    assert "nats" in json.dumps(command("runs --json").json)
    assert command("show char-lstm --input 67 --outputs 65").out.count("240,321") == 1
    assert {"char-lstm", "unigram", "bigram", "trigram"} <= {*command("models --task language --json").json}
    again = command("evaluate letters book.txt --json")
    assert again.code == 0
    assert command("predict letters book.txt --quiet").code == 0
