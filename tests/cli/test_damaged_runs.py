"""A run whose files are damaged, or which a newer version made: one message that names the file, in every command."""

import json
import shutil

import pytest

from cli.conftest import FLOWERS
from layerwise.cli.application import run
from layerwise.language import use

BOOK = "the cat saw the king; the king saw the ship; " * 130
SETTINGS = ["--epochs", "2", "--threads", "1", "--quiet", "--resamples", "100"]


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """A folder with two finished runs of a table, one of a text, and one that was interrupted for the second time."""
    place = tmp_path_factory.mktemp("laid")
    (place / "flowers.csv").write_text(FLOWERS, encoding="utf-8")
    (place / "book.txt").write_text(BOOK, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, use("en"):
        patch.chdir(place)
        patch.setenv("LC_ALL", "C.UTF-8")
        for name in ("other", "done", "cut"):
            words = ["train", "flowers.csv", "mlp", "--checkpoint-seconds", "0", "--run", name]
            assert run([*words, *SETTINGS]) == 0
        assert (
            run(
                [
                    "train",
                    "book.txt",
                    "char-lstm",
                    "--hidden-units",
                    "4",
                    "--sequence-length",
                    "10",
                    "--run",
                    "book",
                    *SETTINGS,
                ]
            )
            == 0
        )
    cut = place / "runs" / "cut"
    (cut / "metrics.json").unlink()
    (cut / "resumes.json").write_text('{"resumes": [{"time": "2026-11-29", "step": 2, "notes": []}]}')
    return place


@pytest.fixture
def there(laid, tmp_path, monkeypatch):
    """A copy of that folder that a test may change."""
    copy = tmp_path / "there"
    shutil.copytree(laid, copy, copy_function=shutil.copy2)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    return copy


def cut_off(content):
    return content[: len(content) // 2]


DAMAGES = {
    "empty object": lambda content: b"{}",
    "a list": lambda content: b"[]",
    "cut off": cut_off,
    "garbage": lambda content: b"\x00\xff\xfe\x80\n\x01" * 9,
}
IN_A_LINE = {
    "empty object": lambda line: b"{}",
    "a list": lambda line: b"[]",
    "cut off": cut_off,
    "garbage": lambda line: b"\x00\xff\xfe\x80",
    "of another kind": lambda line: line.replace(b'"epoch": 1', b'"epoch": "one"'),
}

COMMANDS = {
    "predict done flowers.csv": ("run.toml", "data.json"),
    "evaluate done": ("run.toml", "data.json", "tests.json"),
    "explain done --view unit-sum": ("run.toml", "data.json", "predictions.csv"),
    "step done --by-hand": ("run.toml", "data.json"),
    "report done": (
        "run.toml", "data.json", "tests.json", "metrics.json", "environment.json", "history.jsonl", "predictions.csv",
    ),
    "generate book": ("run.toml", "data.json"),
    "resume cut": ("run.toml", "data.json", "tests.json", "resumes.json", "environment.json"),
    "runs": ("run.toml", "metrics.json"),
}  # fmt: skip
"""Each command that reads a run, and the files of it that it reads."""

CASES = [
    pytest.param(words, name, damage, id=f"{words.split()[0]}, {name}, {damage}")
    for words, names in COMMANDS.items()
    for name in names
    for damage in (IN_A_LINE if name == "history.jsonl" else DAMAGES)
    # A table that lacks its last rows is still one.
    if (name, damage) != ("predictions.csv", "cut off")
]


def damage_file(path, damage):
    content = path.read_bytes()
    if path.suffix == ".jsonl":
        first, _, rest = content.partition(b"\n")
        path.write_bytes(IN_A_LINE[damage](first) + b"\n" + rest)
    else:
        path.write_bytes(DAMAGES[damage](content))
    assert path.read_bytes() != content


@pytest.mark.parametrize(("words", "name", "damage"), CASES)
def test_damage_is_one_message_that_names_the_file(there, command, words, name, damage):
    _, folder, *_ = [*words.split(), "done"]
    path = there / "runs" / folder / name
    damage_file(path, damage)
    answer = command(words)
    if words == "runs":
        assert answer.code == 0
        listed = {row["run"]: row for row in command("runs --json").json["runs"]}
        assert listed["done"]["state"] == "unreadable"
        assert f"{folder}/{name}" in listed["done"]["reason"]
        assert "unreadable" in answer.out
        assert listed["other"]["state"] == "finished"
        assert listed["other"]["value"]["n"] > 0
        return
    assert answer.code == 1, answer.err
    lines = answer.err.splitlines()
    assert len(lines) == 3, answer.err
    assert f"{folder}/{name}" in lines[1]
    assert lines[2].startswith("  remedy: ")
    if name == "history.jsonl":
        assert "history.jsonl: line 1: " in lines[1]


@pytest.mark.parametrize(
    ("words", "name", "missing"),
    [
        ("predict done flowers.csv", "data.json", "'name' is missing"),
        ("evaluate done", "tests.json", "'openings' is missing"),
        ("report done", "metrics.json", "'part' is missing"),
        ("report done", "history.jsonl", "line 1: 'epoch' is missing"),
        ("resume cut", "resumes.json", "'resumes' is missing"),
    ],
)
def test_what_is_missing_is_said(there, command, words, name, missing):
    damage_file(there / "runs" / words.split()[1] / name, "empty object")
    assert f"{name}: {missing}" in command(words).err


def test_every_command_works_on_what_is_whole(there, command):
    for words in COMMANDS:
        assert command(words).code == 0, words


# Made by a newer version.


def changed(path, old, new):
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")


def made_later(folder):
    from importlib.metadata import version

    changed(folder / "environment.json", f'"layerwise": "{version("layerwise")}"', '"layerwise": "99.1.0"')


UNKNOWN = {
    "a key of the plan": ("run.toml", "[plan]\n", "[plan]\nsharded = true\n"),
    "a setting": ("run.toml", "[train]\n", "[train]\nepochz = 3\n"),
    "a value": ("run.toml", 'optimizer = "adam"', 'optimizer = "lion"'),
    "a stage": ("run.toml", "[train]\n", "[distil]\nteacher = 1\n\n[train]\n"),
    "no plan": ("run.toml", "[plan]\n", "[layout]\n"),
    "a model": ("run.toml", 'name = "mlp"', 'name = "mlq"'),
    "a task": ("data.json", '"name": "classify"', '"name": "classify-many"'),
}


@pytest.mark.parametrize("unknown", UNKNOWN)
@pytest.mark.parametrize("later", [True, False], ids=["newer", "this version"])
def test_what_only_a_newer_version_knows_is_said_so(there, command, unknown, later):
    name, old, new = UNKNOWN[unknown]
    folder = there / "runs" / "cut"
    changed(folder / name, old, new)
    if later:
        made_later(folder)
    answer = command("resume cut")
    assert answer.code in (1, 2)
    assert ("made by layerwise 99.1.0, this is " in answer.err) == later
    assert ("pip install --upgrade layerwise" in answer.err) == later
    assert len(answer.err.splitlines()) == 3


@pytest.mark.parametrize("later", [True, False], ids=["newer", "this version"])
def test_the_settings_of_a_run_that_a_newer_version_made_are_not_taken_for_typing_errors(there, command, later):
    folder = there / "runs" / "cut"
    changed(folder / "run.toml", "epochs = 2", "epochz = 2")
    if later:
        made_later(folder)
    answer = command(f"train flowers.csv --experiment {folder / 'run.toml'}")
    assert answer.code in (1, 2)
    assert ("made by layerwise 99.1.0, this is " in answer.err) == later
    assert ("Did you mean 'epochs'" in answer.err) == (not later)


def test_a_mistyped_setting_of_this_version_has_the_nearest_name(there, command):
    changed(there / "runs" / "cut" / "run.toml", "epochs = 2", "epochz = 2")
    answer = command("resume cut")
    assert "Did you mean 'epochs'" in answer.err
    assert "run.toml" in answer.err


def test_runs_lists_one_of_a_newer_version_beside_the_others(there, command):
    folder = there / "runs" / "done"
    changed(folder / "run.toml", "[train]\n", "[distil]\nteacher = 1\n\n[train]\n")
    made_later(folder)
    answer = command("runs")
    assert answer.code == 0
    assert "unreadable: made by layerwise 99.1.0" in answer.out
    listed = {row["run"]: row["state"] for row in command("runs --json").json["runs"]}
    assert listed == {"book": "finished", "cut": "interrupted", "done": "unreadable", "other": "finished"}


def test_a_run_of_a_newer_version_that_holds_nothing_new_is_read(there, command):
    made_later(there / "runs" / "done")
    assert command("predict done flowers.csv").code == 0
    found = json.loads((there / "runs" / "done" / "environment.json").read_text(encoding="utf-8"))
    assert found["layerwise"] == "99.1.0"
