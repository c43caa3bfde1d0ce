"""A folder with finished runs, and the command line called in process."""

import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from layerwise.cli.application import run
from layerwise.language import use

FLOWERS = "width,length,colour,kind\n" + "".join(
    f"{1 + 2 * (row % 2) + row / 100:.2f},{5 - row % 2 + row / 50:.2f},{'red' if row % 3 else 'blue'},"
    f"{'rose' if row % 2 else 'iris'}\n"
    for row in range(48)
)
"""A table that is learned at once: wide flowers are roses."""

NETWORKS = """
import torch
from torch import nn


class MyNet(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.hidden = nn.Linear(inputs, 8)
        self.output = nn.Linear(8, outputs)

    def forward(self, x):
        return self.output(torch.tanh(self.hidden(x)))


class WrongInput(nn.Module):
    def __init__(self):
        super().__init__()
        self.output = nn.Linear(7, 2)

    def forward(self, x):
        return self.output(x)


class WrongOutput(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.output = nn.Linear(inputs, 9)

    def forward(self, x):
        return self.output(x)
"""


@dataclass(frozen=True)
class Answer:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A folder with data, a network of one's own, and runs of four kinds, made by the commands themselves."""
    place = tmp_path_factory.mktemp("finished")
    (place / "flowers.csv").write_text(FLOWERS, encoding="utf-8")
    (place / "my_net.py").write_text(NETWORKS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("LC_ALL", "C.UTF-8")
        for words in (
            "train digits lenet5 --epochs 1 --run digits",
            "train diabetes mlp --epochs 3 --run diabetes",
            "train flowers.csv my_net.py:MyNet --epochs 20 --batch-size 8 --run own",
            "train flowers.csv mlp --epochs 60 --batch-size 8 --learning-rate 0.02 --run flowers",
        ):
            assert run([*words.split(), "--threads", "1", "--quiet"]) == 0
    return place


@pytest.fixture
def place(finished, tmp_path, monkeypatch) -> Path:
    """A copy of that folder that a test may change; the work happens in it."""
    copy = tmp_path / "place"
    shutil.copytree(finished, copy, copy_function=shutil.copy2)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "150")
    return copy


@pytest.fixture
def here(finished, monkeypatch) -> Path:
    """That folder itself, for tests that change nothing."""
    monkeypatch.chdir(finished)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "150")
    return finished


@pytest.fixture
def command(capsys) -> Callable[..., Answer]:
    """Type a command: one text, split at spaces, or words."""

    def typed(*words: str) -> Answer:
        capsys.readouterr()
        code = run(words[0].split() if len(words) == 1 else list(words))
        seen = capsys.readouterr()
        return Answer(code, seen.out, seen.err)

    return typed


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys) -> Callable[..., tuple[int, Any]]:
    """Type a line as in a shell, in an empty folder and a language; its exit code, and what was printed where."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def line(words: str, language: str = "en") -> tuple[int, Any]:
        with use(language):
            code = run(shlex.split(words))
        return code, capsys.readouterr()

    return line
