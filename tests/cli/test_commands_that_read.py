"""Commands that read a run or the catalogue: a real result, and the same as JSON."""

import json
import re
import shutil

import pytest

from layerwise.cli.application import COMMANDS


def test_help_lists_every_command(command):
    answer = command("--help")
    assert answer.code == 0
    for name in COMMANDS:
        assert re.search(rf"^│ {name} ", answer.out, re.MULTILINE)


@pytest.mark.parametrize("words", [[], ["--language", "en"]])
def test_nothing_typed_shows_four_lines(capsys, words):
    from layerwise.cli.application import run

    assert run(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["demo", "data", "train", "explain"]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_a_real_example_and_the_common_options(command, name):
    answer = command(f"{name} --help")
    assert answer.code == 0
    assert re.search(rf"^  layerwise {name}\b", answer.out, re.MULTILINE)
    for option in ("--json", "--quiet", "--language", "--debug"):
        assert option in answer.out
    assert "[default: ]" not in answer.out
    assert "default: False" not in answer.out


def test_help_of_train_lists_every_setting(command):
    from layerwise.config import setting_names

    shown = command("train --help").out
    missing = [name for name in setting_names() if "--" + name.replace("_", "-") not in shown]
    assert missing == []


def test_version(command):
    from importlib.metadata import version

    assert command("--version").out.strip() == version("layerwise")


def test_data_counts_what_is_there(here, command):
    answer = command("data flowers.csv --target kind")
    assert answer.code == 0
    assert "Rows loaded: 48; could not be read: 0." in answer.out
    assert "layerwise train flowers.csv mlp --target kind" in answer.out
    facts = command("data flowers.csv --target kind --json").json
    assert facts["rows"] == 48
    assert facts["command"] in answer.out


def test_models_and_one_model(here, command):
    listed = command("models")
    as_json = command("models --json").json
    for name, facts in as_json.items():
        assert name in listed.out
        assert facts["summary"]
    for name in command("models --task regress --json").json:
        assert "regress" in as_json[name]["task"]
    one = command("models mlp")
    for option in as_json["mlp"]["options"]:
        assert f"--{option.replace('_', '-')}" in one.out


def test_show_prints_the_lecture_s_count(command):
    assert "61,706" in command("show lenet5").out
    layers = command("show lenet5 --json").json["layers"]
    assert sum(layer["parameters"] for layer in layers) == 61_706
    assert command("show mlp --input 8 --outputs 3 --hidden 32 16").out.splitlines()[-1].split()[1] == "867"


def test_show_of_a_network_of_one_s_own(here, command):
    layers = command("show my_net.py:MyNet --input 3 --outputs 2 --json").json["layers"]
    # (3 + 1) 8 + (8 + 1) 2
    assert sum(layer["parameters"] for layer in layers) == 50


def test_runs_lists_the_newest_first_with_its_figure(here, command):
    rows = command("runs --json").json["runs"]
    assert [row["run"] for row in rows] == ["flowers", "own", "diabetes", "digits"]
    metrics = json.loads((here / "runs" / "flowers" / "metrics.json").read_text(encoding="utf-8"))
    assert rows[0]["value"] == metrics["metrics"]["accuracy"]
    assert rows[2]["figure"] == "r2"
    shown = command("runs").out
    assert f"{metrics['metrics']['accuracy']['value']:.3f}" in shown


def test_explain_without_a_view_lists_those_that_fit(here, command):
    listed = command("explain digits")
    as_json = command("explain digits --json").json
    assert as_json["views"][:2] == ["softmax-cross-entropy", "convolution-window"]
    for view in as_json["views"]:
        assert f"layerwise explain digits --view {view}" in listed.out
    assert "convolution-window" not in command("explain flowers --json").json["views"]


def test_explain_checks_its_numbers(here, command):
    for view in command("explain own --json").json["views"]:
        answer = command(f"explain own --view {view} --json")
        assert answer.code == 0
        assert all(check["ok"] for check in answer.json["checks"])


def test_explain_writes_a_page_and_a_picture(place, command):
    page = command("explain flowers --view softmax-cross-entropy --to page.html")
    assert page.code == 0
    assert "Written: page.html" in page.out
    assert (place / "page.html").read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    assert command("explain flowers --view softmax-cross-entropy --to picture.png").code == 0
    assert (place / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_explain_takes_an_example_by_its_id(here, command):
    answer = command("explain", "flowers", "--view", "softmax-cross-entropy", "--example", "line 9", "--json")
    assert answer.json["example"] == "line 9"


@pytest.mark.parametrize("name", ["digits", "own", "flowers"])
def test_step_by_hand_agrees(here, command, name):
    answer = command(f"step {name} --by-hand --json")
    assert answer.code == 0
    assert answer.json["ok"]
    shown = command(f"step {name} --by-hand").out
    assert all(row["name"] in shown for row in answer.json["rows"])


def test_step_in_single_precision_agrees_less_closely(here, command):
    def worst(precision):
        rows = command(f"step flowers --by-hand --precision {precision} --json").json["rows"]
        return max(row["gradient_error"] for row in rows)

    assert worst("float64") <= 1e-10 < worst("float32") <= 1e-5


def test_report_says_where_it_is(place, command):
    assert command("report flowers --quiet").out.strip() == "runs/flowers/report.html"
    facts = command("report flowers --to page.html --json").json
    assert facts == {"report": "page.html", "bytes": (place / "page.html").stat().st_size}


def test_evaluate_counts_the_openings(place, command):
    first = json.loads((place / "runs" / "flowers" / "metrics.json").read_text(encoding="utf-8"))
    again = command("evaluate flowers --json").json
    assert first["openings"] == 1
    assert again["openings"] == 2
    assert again["metrics"] == first["metrics"]
    shown = command("evaluate flowers").out
    assert "opened 3 times" in shown


def test_evaluate_on_other_data(place, command):
    lines = (place / "flowers.csv").read_text(encoding="utf-8").splitlines()
    swapped = {"rose": "iris", "iris": "rose"}
    wrong = [f"{line.rpartition(',')[0]},{swapped[line.rpartition(',')[2]]}" for line in lines[1:]]
    (place / "wrong.csv").write_text("\n".join([lines[0], *wrong]), encoding="utf-8")
    right = command("evaluate flowers flowers.csv --json").json["metrics"]["accuracy"]["value"]
    answer = command("evaluate flowers wrong.csv --json").json
    assert answer["metrics"]["accuracy"]["n"] == 48
    assert answer["metrics"]["accuracy"]["value"] == pytest.approx(1 - right)


def test_doctor_is_well(command):
    answer = command("doctor --json")
    assert answer.code == 0
    assert {"Python", "PyTorch", "one training step"} <= {check["check"] for check in answer.json["checks"]}


def test_reproduce_lists_its_recipes_with_what_they_must_reach(command):
    from layerwise.recipes import recipe_names

    recipes = command("reproduce --json").json["recipes"]
    assert [recipe["recipe"] for recipe in recipes] == recipe_names()
    assert all(recipe["expected"] and recipe["cost"] for recipe in recipes)


def test_reproduce_repeats_a_recipe(place, command):
    answer = command("reproduce and-perceptron --json")
    assert answer.code == 0
    assert answer.json["ok"]
    assert len(answer.json["values"]) == len(answer.json["seeds"])
    assert all((place / run / "metrics.json").exists() for run in answer.json["runs"])


def test_reproduce_fails_when_the_result_falls_short(place, command, monkeypatch):
    from dataclasses import replace

    import layerwise.cli.reproduce as module

    known = module.load_recipe("and-perceptron")
    stricter = replace(known, expected=replace(known.expected, least=1.5, seeds=(0,)))
    monkeypatch.setattr(module, "load_recipe", lambda name: stricter)
    answer = command("reproduce and-perceptron")
    assert answer.code == 1
    assert "NOT reached" in answer.out


def test_the_newest_run_is_one_that_can_answer(place, command):
    shutil.copytree(place / "runs" / "flowers", place / "runs" / "broken")
    (place / "runs" / "broken" / "model.safetensors").unlink()
    (place / "runs" / "broken" / "run.toml").touch()
    assert command("report --quiet").out.strip() == "runs/flowers/report.html"


def test_an_interrupted_run_is_listed_and_not_opened(place, command):
    (place / "runs" / "flowers" / "metrics.json").unlink()
    assert command("runs --json").json["runs"][0]["state"] == "interrupted"
    assert "interrupted" in command("runs").out
    answer = command("explain flowers --view unit-sum")
    assert answer.code == 1
    assert "'flowers' was interrupted" in answer.err
