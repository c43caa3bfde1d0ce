"""Near-duplicates in a run: kept together, written down, told in the report; and refused where the setting is idle."""

import json
import re

import numpy as np
import pytest
from PIL import Image

import layerwise as lw
from layerwise.config import Experiment, Model
from layerwise.errors import LayerwiseError
from layerwise.report.sentences import findings
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import open_run
from layerwise.workflow.compare import compare
from layerwise.workflow.remeasure import measure_again
from layerwise.workflow.report import gather

QUICK = {"epochs": 1, "resamples": 100, "batch_size": 8}


def rounded_table(rows=60, copies=12):
    """Return measurements of which some stand there twice, once rounded."""
    values = np.random.default_rng(0).normal(size=(rows, 4))
    classes = np.arange(rows) % 2
    return np.vstack([values, values[:copies].round(2)]), np.concatenate([classes, classes[:copies]])


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """24 smooth pictures in two classes, six of them mirrored once more."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(1)
    for place in range(24):
        rough = Image.fromarray(generator.integers(0, 256, (9, 12, 3)).astype(np.uint8))
        picture = rough.resize((48, 36), Image.Resampling.BICUBIC)
        folder = tmp_path / "photos" / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{place:02}.png")
        if place < 6:
            picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / f"{place:02}-mirrored.jpg", quality=90)
    return tmp_path / "photos"


def first_screen(run):
    """Return what the first screen says of near-duplicates."""
    return [one for one in findings(gather(run.opened)) if one.subject == "Near-duplicates"]


def test_pictures_that_are_nearly_equal_are_one_answer_where_runs_are_compared(photos):
    settings = {"resamples": 100, "test_fraction": 0.4, "baselines": ()}
    knn, tree = (lw.train(str(photos), model, run=model, **settings) for model in ("knn", "hog-svm"))
    found = knn.against(tree)
    split = json.loads((knn.folder.path / "data.json").read_text(encoding="utf-8"))["split"]
    together = sum(set(pair["rows"]) <= set(split["test"]) for pair in split["near_duplicates"]["pairs"])
    assert together
    assert (found.rows, found.groups) == (len(split["test"]), len(split["test"]) - together)
    assert found.test == "sign flips of whole groups"
    assert "nearly equal pictures are one" in " ".join(found.sentences())


def test_pictures_and_their_mirrors_stay_in_one_part_and_the_report_says_so(photos):
    run = lw.train(str(photos), "knn", resamples=100)
    split = json.loads((run.folder.path / "data.json").read_text(encoding="utf-8"))["split"]
    found = split["near_duplicates"]
    assert (found["count"], found["sets"], found["ways"], found["complete"]) == (6, 6, {"mirrored": 6}, True)
    for pair in found["pairs"]:
        assert pair["places"][1] == pair["places"][0].replace("-mirrored.jpg", ".png")
        assert sum(set(pair["rows"]) <= set(split[part]) for part in ("train", "validation", "test")) == 1
    [finding] = first_screen(run)
    assert not finding.warning
    assert finding.sentence == (
        "Rows that nearly repeat another one: 6 (mirrored 6). They were kept in one part with it. "
        f"For example {found['pairs'][0]['places'][0]} and {found['pairs'][0]['places'][1]}."
    )


def test_what_was_told_to_be_ignored_is_said_to_be(photos):
    run = lw.train(str(photos), "knn", resamples=100, near_duplicates="ignore")
    assert "near_duplicates" not in json.loads((run.folder.path / "data.json").read_text(encoding="utf-8"))["split"]
    assert [(one.sentence, one.warning) for one in first_screen(run)] == [("They were not looked for.", True)]


def test_copies_of_learned_pictures_in_a_given_test_part_count_as_seen(photos):
    for name in "ab":
        (photos / "test" / name).mkdir(parents=True)
        (photos / "train").mkdir(exist_ok=True)
        for path in (photos / name).glob("*-mirrored.jpg"):
            path.rename(photos / "test" / name / path.name)
        (photos / name).rename(photos / "train" / name)
    fresh = np.random.default_rng(2).integers(0, 256, (9, 12, 3)).astype(np.uint8)
    for name in "ab":
        fresh = fresh[::-1] ^ 85
        Image.fromarray(fresh).resize((48, 36), Image.Resampling.BICUBIC).save(photos / "test" / name / "new.png")
    run = lw.train(str(photos), "knn", resamples=100)
    metrics = json.loads((run.folder.path / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["metrics"]["accuracy"]["n"], metrics["unseen"]["metrics"]["accuracy"]["n"]) == (8, 2)
    [finding] = first_screen(run)
    assert "count as seen" in finding.sentence


def test_a_comparison_keeps_them_in_their_fold_and_counts_them():
    inputs, targets = rounded_table()
    kept, parted = (
        compare(Experiment(), [Model("naive-bayes")], {"resamples": 100, "near_duplicates": how}, (inputs, targets),
                folds=5)
        for how in ("together", "ignore")
    )  # fmt: skip
    for found, together in ((kept, True), (parted, False)):
        dealt = np.array(found.dealt[0])
        assert (dealt[:12] == dealt[60:]).all() == together
    assert (kept.near_duplicates, parted.near_duplicates) == (12, 0)
    assert "Rows that nearly repeat others, kept in their fold: 12." in kept.sentences()
    assert kept.to_json()["near_duplicates"] == 12


@pytest.mark.parametrize(("data", "settings"), [
    ("iris", {"test": "training"}), ("iris", {"test": "none"}), ("iris", {"split_by": "order"}),
])  # fmt: skip
def test_the_setting_is_refused_where_it_changes_nothing(tmp_path, monkeypatch, data, settings):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LayerwiseError, match="--near-duplicates") as caught:
        lw.train(data, "mlp", near_duplicates="ignore", **settings, **QUICK)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "runs").exists()


def test_a_run_from_before_finds_its_parts_again(photos):
    old = lw.train(str(photos), "knn", resamples=100, near_duplicates="ignore")
    path = old.folder.path / "run.toml"
    path.write_text(re.sub(r"near_duplicates = .*\n", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert RunFolder(old.folder.path).experiment().split.near_duplicates == "ignore"
    known = json.loads((old.folder.path / "metrics.json").read_text(encoding="utf-8"))["metrics"]["accuracy"]["value"]
    assert measure_again(open_run(RunFolder(old.folder.path)))["metrics"]["accuracy"]["value"] == pytest.approx(known)
