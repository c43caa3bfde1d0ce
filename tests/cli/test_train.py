"""`layerwise train`: what it prints, what it writes, and what it refuses before anything is written."""

import csv
import json
import tomllib
from pathlib import Path

import pytest


def test_the_run_folder_holds_what_was_printed(place, command):
    answer = command("train flowers.csv mlp --target kind --epochs 3 --threads 1 --json")
    assert answer.code == 0
    folder = Path(answer.json["run"])
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert answer.json == {"run": str(folder), **metrics}
    names = {path.name for path in folder.iterdir()}
    assert {"run.toml", "data.json", "model.safetensors", "history.jsonl", "metrics.json", "predictions.csv",
            "environment.json", "tests.json", "report.html"} <= names  # fmt: skip
    settings = tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))
    assert settings["train"]["epochs"] == 3
    assert settings["assign"]["target"] == "kind"


def test_accuracy_can_be_recounted_from_the_predictions(here):
    folder = here / "runs" / "flowers"
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["part"] == "test"]
    right = sum(row["target"] == row["prediction"] for row in rows)
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    assert metrics["accuracy"]["value"] == right / len(rows)
    assert metrics["accuracy"]["n"] == len(rows)


def test_what_was_resolved_and_chosen_is_said(place, command):
    shown = command("train flowers.csv --epochs 2 --threads 1").out
    for sentence in (
        "Target: 'kind', the last field", "Task: classification", "Model: mlp, a multilayer perceptron",
        "parameters", "Training: up to 2 epochs in batches of 16, adam at rate 0.001", "seed 0", "baseline majority",
        "In brackets: 95 % intervals.", "Of 1,000 new examples expect", "Next: layerwise explain flowers-mlp",
    ):  # fmt: skip
        assert sentence in shown, sentence


def test_the_figures_say_the_confidence_of_their_intervals(place, command):
    shown = command("train flowers.csv knn --confidence 0.9 --resamples 100").out
    assert "In brackets: 90 % intervals." in shown


def test_large_figures_are_written_out(place, command):
    rows = "".join(f"{row},{row % 7},{100_000 * (row % 5) + 1000 * row}\n" for row in range(60))
    (place / "prices.csv").write_text("a,b,price\n" + rows, encoding="utf-8")
    shown = command("train prices.csv linear --target price --resamples 100").out
    assert "e+" not in next(line for line in shown.splitlines() if line.startswith("mean absolute error"))


def test_quiet_leaves_the_result(place, command):
    answer = command("train flowers.csv knn --quiet")
    assert "Training:" not in answer.out
    assert "accuracy" in answer.out
    assert answer.err == ""


def test_a_run_is_never_overwritten(place, command):
    before = (place / "runs" / "flowers" / "run.toml").read_bytes()
    answer = command("train flowers.csv knn --run flowers --json")
    assert answer.json["run"] == "runs/flowers-2"
    assert (place / "runs" / "flowers" / "run.toml").read_bytes() == before


def test_progress_goes_to_the_error_stream_as_plain_lines(place, command):
    answer = command("train flowers.csv mlp --epochs 2 --threads 1")
    assert answer.err.startswith("epoch 2/2  train loss ")
    assert "\x1b" not in answer.err + answer.out


def test_settings_of_a_file_stand_behind_those_of_the_command(place, command):
    (place / "mine.toml").write_text(
        '[load]\ndata = "flowers.csv"\n[model]\nname = "mlp"\nhidden = [4]\n[train]\nepochs = 2\nseed = 5\n', "utf-8"
    )
    answer = command("train --experiment mine.toml --seed 6 --threads 1 --json")
    settings = tomllib.loads((Path(answer.json["run"]) / "run.toml").read_text(encoding="utf-8"))
    assert settings["train"]["epochs"] == 2
    assert settings["train"]["seed"] == 6
    assert settings["model"]["hidden"] == [4]


def test_a_table_without_a_model_and_pictures_without_a_model(place, command):
    command("train diabetes --epochs 1 --threads 1 --quiet")
    assert json.loads((place / "runs/diabetes-mlp/data.json").read_text("utf-8"))["task"]["name"] == "regress"
    assert "lenet5" in command("data digits").out


def test_missing_inputs_are_filled_in_and_counted(place, command):
    text = (place / "flowers.csv").read_text(encoding="utf-8").splitlines()
    text[5] = "," + text[5].partition(",")[2]
    text[8] = "," + text[8].partition(",")[2]
    (place / "holes.csv").write_text("\n".join(text), encoding="utf-8")
    answer = command("train holes.csv knn --run holes")
    imputed = json.loads((place / "runs/holes/data.json").read_text("utf-8"))["imputed"]["width"]
    assert f"Missing values of 'width' that were filled in (training median or most frequent): {imputed}." in answer.out
    refused = command("train holes.csv knn --missing refuse")
    assert refused.code == 1
    assert "line 6" in refused.err


@pytest.mark.parametrize(
    ("words", "code", "found"),
    [
        ("flowers.csv linear", 2, "'linear' learns regress, the task is classify"),
        ("flowers.csv mlp --augment shift=2", 2, "the inputs are a table"),
        ("flowers.csv mlp --baselines mlp", 2, "baselines = mlp"),
        ("flowers.csv mlp --baselines mean", 2, "'mean' learns regress"),
        ("flowers.csv mlp --baselines majoriti", 2, "Did you mean 'majority'"),
        ("flowers.csv mlp --views sofmax", 2, "unknown view 'sofmax'"),
        ("flowers.csv mlp --positive tulip", 2, "no class 'tulip'"),
        ("flowers.csv mlp --validation-fraction 0 --stopping validation", 2, "no validation rows"),
        ("diabetes mlp --stopping no-errors", 2, "the task is regress"),
        ("flowers.csv knn --epochs 3", 2, "'knn' is solved at once and has no epochs"),
        ("flowers.csv mlp --loss absolute-error", 2, "loss 'absolute-error' for classification"),
        ("flowers.csv mlp --device abacus", 2, "device 'abacus'"),
        ("flowers.csv mlp --activation swish", 2, "--activation swish"),
        ("flowers.csv lenet5", 2, "4 numbers"),
        ("flowers.csv mlp --test training --validation-fraction 0.2", 2, "leaves none for a validation part"),
        ("flowers.csv my_net.py:WrongInput", 1, "(1x4 and 7x2)"),
        ("flowers.csv my_net.py:WrongOutput", 1, "an answer of shape (1, 9) to an example of shape (1, 4)"),
        ("flowers.csv my_net.py:MyNett", 2, "Did you mean 'MyNet'?"),
        ("flowers.csv their_net.py:MyNet", 2, "no file 'their_net.py'"),
    ],
)
def test_a_wrong_wish_is_refused_before_a_run_folder_is_made(place, command, words, code, found):
    before = sorted(path.name for path in (place / "runs").iterdir())
    answer = command(f"train {words}")
    assert answer.code == code
    assert found in answer.err
    assert "Traceback" not in answer.err + answer.out
    assert sorted(path.name for path in (place / "runs").iterdir()) == before


def test_a_network_with_a_slip_is_named_with_its_line(place, command):
    (place / "slip.py").write_text("import torch\n\n\nclass Net(:\n    pass\n", encoding="utf-8")
    answer = command("train flowers.csv slip.py:Net")
    assert answer.code == 1
    assert "slip.py" in answer.err
    assert "line 4" in answer.err
    lines = ["from torch import nn", "", "", "class Net(nn.Module):", "    def __init__(self):",
             "        super().__init__()", "        self.output = nn.Linear(widht, 2)"]  # fmt: skip
    (place / "late.py").write_text("\n".join(lines), encoding="utf-8")
    answer = command("train flowers.csv late.py:Net")
    assert "NameError" in answer.err
    assert "(line 7)" in answer.err
