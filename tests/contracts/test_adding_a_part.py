"""A model, a format, a view is one file: put into a copy of the package, it is everywhere, nothing patched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import layerwise

CONTRACTS = Path(__file__).parent

MODEL = '''
"""A linear layer on cosines of the inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from layerwise.catalog import register


class Cosines(nn.Module):
    """y = W [cos x, cos 2x, ... cos hx] + b."""

    def __init__(self, inputs: int, outputs: int, harmonics: int) -> None:
        super().__init__()
        self.register_buffer("steps", torch.arange(1.0, harmonics + 1), persistent=False)
        self.output = nn.Linear(inputs * harmonics, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.output(torch.cos(inputs.flatten(1)[:, :, None] * self.steps).flatten(1))


@register("cosines", task="classify", source="a test", lecture="none", small={"inputs": 4, "outputs": 2})
def cosines(inputs: int | tuple[int, ...], outputs: int, *, harmonics: int = 3) -> nn.Module:
    """A linear layer on cosines of the inputs.

    Args:
        inputs: Numbers of one example.
        outputs: Number of classes.
        harmonics: How many cosines of each input.
    """
    count = inputs if isinstance(inputs, int) else int(torch.tensor(inputs).prod())
    return Cosines(count, outputs, harmonics)
'''

FORMAT = '''
"""Columns written as lines: `name: value value value`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layerwise.catalog import register
from layerwise.data.assign import as_categories
from layerwise.data.kinds import Numbers, Texts
from layerwise.data.source import Field, Source


def sniff(path: Path) -> bool:
    """Say whether the file ends in .lines."""
    return path.suffix == ".lines"


@register("lines", suffixes=(".lines",))
def read(path: Path, *, separator: str = ":") -> Source:
    """Read one column a line.

    Args:
        path: The file.
        separator: What stands behind the name of a column.
    """
    columns = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(separator)
        words = rest.split()
        try:
            columns[name] = Numbers(np.array([float(word) for word in words]))
        except ValueError:
            columns[name] = as_categories(Texts(words))
    return Source(path.stem, str(path), tuple(Field(name) for name in columns), columns)
'''

VIEW = '''
"""The sum of the inputs of an example."""

from __future__ import annotations

import numpy as np

from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic
from layerwise.explain.explanation import Explanation
from layerwise.explain.subject import Subject


def accepts(subject: Subject) -> bool:
    """Say that it fits every example."""
    return True


def added(terms: np.ndarray) -> np.ndarray:
    # s = x_1 + x_2 + ...
    return np.add.reduce(terms)


@register("input-sum", source="a test", lecture="none")
def input_sum(subject: Subject, *, times: int = 1) -> Explanation:
    """Add the inputs up.

    Args:
        subject: The network and the example.
        times: What the sum is multiplied with.
    """
    inputs = subject.inputs.double().numpy(force=True).ravel()
    total = np.array(float(subject.inputs.double().sum()) * times)
    line = Arithmetic("total", "sum of x", added, {"terms": inputs * times}, total, 1e-9)
    return Explanation("input-sum", "The sum of the inputs", arithmetic=(line,))
'''


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the package with one file more of each kind."""
    place = tmp_path_factory.mktemp("house")
    package = Path(layerwise.__file__).parent
    shutil.copytree(package, place / "layerwise", ignore=shutil.ignore_patterns("__pycache__"))
    before = {path.relative_to(place) for path in (place / "layerwise").rglob("*")}
    for folder, name, content in (
        ("models", "cosines.py", MODEL), ("data/formats", "lines.py", FORMAT), ("explain/views", "input_sum.py", VIEW)
    ):  # fmt: skip
        (place / "layerwise" / folder / name).write_text(content.lstrip(), encoding="utf-8")
    added = {path.relative_to(place) for path in (place / "layerwise").rglob("*")} - before
    assert len(added) == 3
    (place / "data.lines").write_text(
        f"width: {' '.join(str(row % 2 * 3 + row / 50) for row in range(40))}\n"
        f"length: {' '.join(str(row % 5) for row in range(40))}\n"
        f"kind: {' '.join('rose' if row % 2 else 'iris' for row in range(40))}\n",
        encoding="utf-8",
    )
    return place


def python(house, *words, cwd=None):
    """Run Python with the copy in front of the installed package."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(house),
        "OMP_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "150",
    }
    done = subprocess.run(
        [sys.executable, *words], cwd=cwd or house, env=environment, capture_output=True, text=True, check=False,
        timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def typed(house, words):
    return python(house, "-m", "layerwise", *words.split())


def test_the_copy_is_what_runs(house):
    found = python(house, "-c", "import layerwise; print(layerwise.__file__)")
    assert Path(found.strip()).is_relative_to(house)


def test_a_model_is_in_the_list_in_the_help_and_in_the_layer_table(house):
    assert "cosines" in typed(house, "models")
    assert "--harmonics" in typed(house, "models cosines")
    assert "How many cosines of each input." in typed(house, "train iris cosines --help")
    rows = json.loads(typed(house, "show cosines --input 4 --outputs 3 --harmonics 5 --json"))["layers"]
    assert sum(row["parameters"] for row in rows) == (4 * 5 + 1) * 3


def test_a_model_is_trained_opened_and_asked(house):
    words = "train iris cosines --harmonics 2 --learning-rate 0.02 --epochs 60 --threads 1 --run cosines --json"
    result = json.loads(typed(house, words))
    assert result["metrics"]["accuracy"]["value"] > 0.7
    assert len(json.loads(typed(house, "predict cosines iris --json"))["predictions"]) == 150


def test_a_model_keeps_the_contract(house):
    repository = Path(__file__).parents[2]
    shown = python(
        house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "cosines",
        str(CONTRACTS / "test_models.py"), cwd=repository,
    )  # fmt: skip
    passed = int(shown.rpartition(" passed")[0].split()[-1])
    assert passed >= 10
    assert "failed" not in shown


def test_a_format_is_looked_at_and_trained_on(house):
    facts = json.loads(typed(house, "data data.lines --json"))
    assert facts["rows"] == 40
    assert "--separator" in typed(house, "data --help")
    assert json.loads(typed(house, "train data.lines knn --target kind --json"))["metrics"]["accuracy"]["value"] == 1


def test_a_view_is_listed_shown_and_in_the_report(house):
    typed(house, "train data.lines mlp --target kind --epochs 2 --threads 1 --run viewed --quiet")
    assert "--view input-sum" in typed(house, "explain viewed")
    shown = json.loads(typed(house, "explain viewed --view input-sum --times 3 --json"))
    assert [check["ok"] for check in shown["checks"]] == [True]
    page = (house / "runs" / "viewed" / "report.html").read_text(encoding="utf-8")
    assert "The sum of the inputs" in page
