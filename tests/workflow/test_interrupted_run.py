"""Ctrl-C in the middle of learning keeps what there is, leaves the test part closed, and says so."""

import json
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import open_run

COMMAND = [sys.executable, "-m", "layerwise", "train", "digits", "mlp", "--epochs", "100000", "--stopping", "none"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_weights_history_and_settings(tmp_path, number):
    folder = tmp_path / "runs" / "digits-mlp"
    with subprocess.Popen(
        COMMAND, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        until = time.monotonic() + 60
        while not (folder / "history.jsonl").exists() or not (folder / "history.jsonl").read_text().count("\n") >= 2:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(number)
        output = process.communicate(timeout=30)[0]
    assert process.returncode == 130
    assert "Interrupted" in output
    assert "Traceback" not in output
    assert "layerwise resume digits-mlp" in output
    assert len(list((folder / "checkpoints").glob("step-*"))) == 1
    run = RunFolder(folder)
    assert not run.finished
    assert not (folder / "tests.json").exists()
    assert not (folder / "predictions.csv").exists()
    assert run.experiment().train.epochs == 100000
    history = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [epoch["epoch"] for epoch in history] == list(range(1, len(history) + 1))
    opened = open_run(run)
    weights = load_file(folder / "model.safetensors")
    assert not torch.equal(weights["hidden1.weight"], opened.untrained().state_dict()["hidden1.weight"])
    assert all(bool(torch.isfinite(value).all()) for value in weights.values())
