"""Several processes learn what one learns, on the command line."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file
from together import in_copies, under_torchrun


def trained(place, words, name, *, processes=1, start=in_copies):
    done = start(place, f"train {words} --threads 1 --run {name} --quiet", processes)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return place / "runs" / name


# 100 rows in batches of 33: the last batch holds one row, fewer than there are processes.
MLP = "iris mlp --epochs 4 --batch-size 33 --optimizer sgd --learning-rate 0.1 --stopping none --validation-fraction 0"


@pytest.mark.parametrize("words", [
    f"{MLP} --accumulate 3",
    "digits lenet5 --epochs 1 --batch-size 70 --optimizer sgd --augment shift=2 rotate=10 --stopping none",
    # Padding is masked on both sides, and processes hold different numbers of counted symbols.
    "reversal seq2seq --epochs 1 --batch-size 101 --optimizer sgd --learning-rate 0.5 --hidden-units 9 --stopping none",
])  # fmt: skip
def test_two_processes_learn_what_one_learns(tmp_path, words):
    one = trained(tmp_path, words.replace(" --accumulate 3", ""), "one")
    assert_alike(one, trained(tmp_path, words, "two", processes=2))


def test_two_processes_of_torchrun_learn_what_one_learns(tmp_path):
    one = trained(tmp_path, MLP, "one")
    assert_alike(one, trained(tmp_path, MLP, "two", processes=2, start=under_torchrun))


def assert_alike(one, two):
    """Of two runs: the same weights, losses and figures, and one folder each."""
    weights, others = load_file(one / "model.safetensors"), load_file(two / "model.safetensors")
    for name, value in weights.items():
        np.testing.assert_allclose(others[name], value, rtol=1e-5, atol=1e-6)
    assert sorted(path.name for path in one.parent.iterdir()) == ["one", "two"]
    losses = [[json.loads(line)["train_loss"] for line in (run / "history.jsonl").read_text().splitlines()]
              for run in (one, two)]  # fmt: skip
    np.testing.assert_allclose(*losses, rtol=1e-6)
    metrics = [json.loads((run / "metrics.json").read_text())["metrics"] for run in (one, two)]
    assert metrics[0].keys() == metrics[1].keys()
    for name, figure in metrics[0].items():
        assert metrics[1][name]["value"] == pytest.approx(figure["value"], rel=1e-6), name


def test_a_batch_in_pieces_learns_what_the_whole_batch_does(tmp_path):
    one = load_file(trained(tmp_path, MLP, "whole") / "model.safetensors")
    pieces = load_file(trained(tmp_path, f"{MLP} --accumulate 5", "pieces") / "model.safetensors")
    for name, value in one.items():
        np.testing.assert_allclose(pieces[name], value, rtol=1e-5, atol=1e-6)


NORMALISING = """
from torch import nn


def network(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, outputs))
"""


ENLARGING = """
from torch import nn


class Enlarging(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.unit = nn.Linear(inputs, outputs)

    def forward(self, inputs):
        return self.unit(inputs * 100)
"""


@pytest.mark.parametrize(("options", "processes"), [("--batch-size 3", 2), ("--batch-size 7 --accumulate 4", 1)])
def test_a_piece_of_one_example_is_not_normalised(tmp_path, options, processes):
    """Refused before the folder is made; a last batch that is too small joins the one before it."""
    (tmp_path / "own.py").write_text(NORMALISING)
    done = in_copies(tmp_path, f"train iris own.py:network {options} --quiet", processes)
    assert done.returncode != 0
    assert "every piece and process" in done.stderr
    assert not (tmp_path / "runs").exists()
    # 100 rows: the last batch of 33 would hold one.
    options = "--batch-size 33 --accumulate 2 --validation-fraction 0 --stopping none --epochs 1"
    trained(tmp_path, f"iris own.py:network {options}", "joined", processes=processes)


def test_a_number_that_is_not_finite_is_named_by_the_process_that_holds_it(tmp_path):
    rows = [f"{row % 2},{row % 7},{'1e38' if row == 17 else row % 5}" for row in range(60)]
    (tmp_path / "huge.csv").write_text("\n".join(["y,a,b", *rows]))
    (tmp_path / "own.py").write_text(ENLARGING)
    for seed in (0, 1):
        words = f"train huge.csv own.py:Enlarging --target y --scale none --seed {seed} --batch-size 60 --quiet"
        done = in_copies(tmp_path, f"{words} --test training --validation-fraction 0 --stopping none", 2)
        assert "is not finite for line 19" in " ".join(done.stderr.split()), done.stderr


def test_a_mistake_is_said_once_by_all_processes(tmp_path):
    done = under_torchrun(tmp_path, "train iris mlp --epochs 1 --target speces --quiet", 2)
    assert done.returncode != 0
    assert done.stderr.count("A field must be in the data.") == 1
    assert "LayerwiseError" not in done.stderr
