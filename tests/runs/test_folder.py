"""The run folder: named well, never overwritten, found again, and plain about damage."""

import json
import os
from dataclasses import replace
from datetime import datetime

import pytest

from layerwise.config import Experiment, Load, Model
from layerwise.errors import LayerwiseError
from layerwise.runs.folder import clean_name, create, environment, find_run, list_runs

WHOLE = Experiment(load=Load("data/환자 목록.csv"), model=Model("mlp", {"hidden": (5,)}))


@pytest.fixture(autouse=True)
def below(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def made(run="", whole=WHOLE):
    folder = create(whole, run)
    folder.write_experiment(whole, {"device": "cpu", "threads": 1, "resident": True})
    return folder


def line(epoch):
    rest = {"step": 9, "train_loss": 0.5, "validation_loss": None, "learning_rate": 0.1, "seconds": 1.0}
    return json.dumps({"epoch": epoch, **rest}) + "\n"


def test_a_run_is_named_by_its_data_and_model_and_never_overwritten():
    paths = [made().path.as_posix() for _ in range(3)]
    assert paths == ["runs/환자-목록-mlp", "runs/환자-목록-mlp-2", "runs/환자-목록-mlp-3"]
    own = replace(WHOLE, model=Model("nets/my_net.py:MyNet"), load=Load("iris"))
    assert made("", own).name == "iris-MyNet"


def test_a_run_may_be_named_or_placed(tmp_path):
    assert made("first").path.as_posix() == "runs/first"
    assert made("elsewhere/second").path.as_posix() == "elsewhere/second"
    assert made(str(tmp_path / "third")).path == tmp_path / "third"


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc", "etc"),
        ("a/b\\c:d*e", "a-b-c-d-e"),
        ("...", "run"),
        ("한글 이름", "한글-이름"),
        ("x" * 200, "x" * 80),
    ],
)
def test_names_are_folders_on_every_system(name, cleaned):
    assert clean_name(name) == cleaned


def test_experiment_and_plan_come_back():
    folder = made()
    assert folder.experiment() == WHOLE
    assert folder.plan() == {"device": "cpu", "threads": 1, "resident": True}


def test_a_run_is_finished_when_it_was_measured():
    folder = made()
    assert not folder.finished
    folder.write("metrics.json", {"metrics": {}})
    assert folder.finished


def test_the_history_leaves_a_line_out_that_a_crash_cut_off():
    folder = made()
    assert folder.history() == []
    (folder.path / "history.jsonl").write_text(line(1) + line(2) + line(3)[:-1])
    assert [record["epoch"] for record in folder.history()] == [1, 2]


def test_openings_of_the_test_part_are_counted_with_purpose_and_time():
    folder = made()
    assert [folder.count_test(purpose) for purpose in ("final evaluation", "look")] == [1, 2]
    openings = folder.read("tests.json")["openings"]
    assert [opening["purpose"] for opening in openings] == ["final evaluation", "look"]
    assert all(datetime.fromisoformat(opening["time"]).tzinfo for opening in openings)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'"text"'])
def test_a_damaged_file_is_named(content):
    folder = made()
    (folder.path / "data.json").write_bytes(content)
    with pytest.raises(LayerwiseError, match=r"data\.json") as caught:
        folder.read("data.json")
    assert caught.value.exit_code == 1


def test_a_missing_file_is_named():
    folder = made()
    with pytest.raises(LayerwiseError, match=r"metrics\.json: No such file"):
        folder.read("metrics.json")


@pytest.mark.parametrize("content", [b"[train\n", b"\xff", b"[train]\nepochs = 'x'\n"])
def test_a_damaged_experiment_is_named(content):
    folder = made()
    (folder.path / "run.toml").write_bytes(content)
    with pytest.raises(LayerwiseError):
        folder.experiment()


def test_runs_are_listed_the_newest_first_and_found_by_name_path_or_age():
    names = ["one", "two", "three"]
    for age, name in enumerate(names):
        path = made(name).path / "run.toml"
        os.utime(path, (1000 + age, 1000 + age))
    (made("four").path / "run.toml").unlink()
    assert [folder.name for folder in list_runs()] == ["three", "two", "one"]
    assert find_run().name == "three"
    assert find_run("one").path == find_run("runs/one").path
    with pytest.raises(LayerwiseError, match="Did you mean 'three'") as caught:
        find_run("thre")
    assert caught.value.exit_code == 2
    with pytest.raises(LayerwiseError, match=r"run\.toml"):
        find_run("runs/four")


def test_without_runs_the_first_command_is_named():
    assert list_runs() == []
    for wanted in ("", "x"):
        with pytest.raises(LayerwiseError, match="layerwise train digits lenet5"):
            find_run(wanted)


def test_the_environment_names_versions_and_machine():
    found = environment()
    assert json.loads(json.dumps(found)) == found
    assert {"torch", "numpy"} <= found["packages"].keys()
