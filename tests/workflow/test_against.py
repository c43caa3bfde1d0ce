"""Runs set against each other on one test part: counted again from their files, refused where the rows differ."""

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

import layerwise as lw
from layerwise.cli.application import run as typed
from layerwise.errors import LayerwiseError
from layerwise.language import use
from layerwise.workflow.request import request
from layerwise.workflow.start import start


def learned(data: str, folder: Path, models: dict[str, str], **settings: object) -> None:
    """Train and measure, without a report."""
    for name, model in models.items():
        named = {"resamples": 200, "baselines": (), **settings}
        whole, named = request(data, model, named, {}, {}, None)
        start(whole, named, data, run=str(folder / name))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three runs on the same rows, one on others, one of numbers, and two whose rows come in groups."""
    folder = tmp_path_factory.mktemp("against")
    chance = np.random.default_rng(0)
    with (folder / "patients.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["patient", "a", "b", "ill"])
        for patient in range(60):
            centre = chance.normal(size=2)
            for _ in range(4):
                first, second = centre + chance.normal(0, 0.6, size=2)
                rows.writerow([patient, f"{first:.3f}", f"{second:.3f}", "yes" if first + second > 0.3 else "no"])
    learned("breast-cancer", folder, {"knn": "knn", "tree": "tree", "bayes": "naive-bayes"})
    learned("breast-cancer", folder, {"elsewhere": "tree"}, split_seed=3)
    learned("diabetes", folder, {"line": "linear", "mean": "mean"})
    grouped = {"grouped": "tree", "grouped-bayes": "naive-bayes"}
    learned(str(folder / "patients.csv"), folder, grouped, target="ill", group="patient")
    return folder


def right(folder: Path) -> dict[str, bool]:
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        return {
            row["id"]: row["target"] == row["prediction"] for row in csv.DictReader(stream) if row["part"] == "test"
        }


def test_every_pair_is_what_anyone_counts_from_the_predictions(runs):
    found = lw.load(runs / "knn").against(runs / "tree", lw.load(runs / "bayes"))
    assert len(found.pairs) == 3
    for pair in found.pairs:
        first, second = right(Path(pair.first)), right(Path(pair.second))
        only = sum(first[name] and not second[name] for name in first)
        other = sum(second[name] and not first[name] for name in first)
        assert (pair.first_only, pair.second_only) == (only, other)
        assert pair.p == pytest.approx(binomtest(only, only + other).pvalue, abs=1e-12)
        assert pair.lead.value == pytest.approx((only - other) / len(first), abs=1e-12)
        assert pair.p <= pair.p_together <= 1
    assert found.values[str(runs / "knn")] == lw.load(runs / "knn").metrics["accuracy"]["value"]


def test_no_test_part_is_opened(runs):
    before = (runs / "knn" / "tests.json").read_bytes()
    lw.load(runs / "knn").against(runs / "tree")
    lw.load(runs / "grouped").against(runs / "grouped-bayes")
    assert (runs / "knn" / "tests.json").read_bytes() == before
    assert len(lw.load(runs / "grouped").folder.openings()) == 1


def test_numbers_are_compared_by_their_errors(runs):
    found = lw.load(runs / "line").against(runs / "mean")
    line, mean = (lw.load(runs / name).metrics["mse"]["value"] for name in ("line", "mean"))
    assert found.metric == "mse"
    assert found.pairs[0].lead.value == pytest.approx(mean - line, rel=1e-6)
    assert found.told_apart(found.pairs[0])
    assert f"{runs / 'line'} is better than {runs / 'mean'}" in found.sentences()[1]


def test_groups_are_exchanged_as_a_whole(runs):
    found = lw.load(runs / "grouped").against(runs / "grouped-bayes")
    assert found.test == "sign flips of whole groups"
    assert 0 < found.groups < found.rows
    assert "resampled and exchanged as a whole" in " ".join(found.sentences())


@pytest.mark.parametrize(
    ("others", "found"),
    [
        (["elsewhere"], r"of 190 test rows of 'knn' are not among the 190 of 'elsewhere'"),
        (["grouped"], "the fingerprints differ"),
        (["line"], "other tasks: classify and regress"),
        (["tree", "tree"], "'tree' is named twice"),
        ([], "only 'knn' is named"),
    ],
)
def test_what_differs_is_named(runs, others, found):
    with pytest.raises(LayerwiseError, match=found):
        lw.load(runs / "knn").against(*(runs / name for name in others))


def test_a_run_without_a_test_part_is_refused(runs, tmp_path):
    learned("iris", tmp_path, {"all": "tree"}, test="none")
    with pytest.raises(LayerwiseError, match="'all' has no test part"):
        lw.load(runs / "tree").against(tmp_path / "all")


def test_the_command_prints_a_table_and_json_and_refuses_what_has_no_effect(runs, monkeypatch, capsys):
    monkeypatch.chdir(runs)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def said(line, language="en"):
        with use(language):
            code = typed(shlex.split(line))
        return code, capsys.readouterr()

    code, told = said("evaluate ./knn --against ./tree ./bayes")
    assert code == 0, told.err
    assert told.out.count("No difference that these data can tell") + told.out.count("is better than") == 3
    code, told = said("evaluate ./knn --against ./tree --json")
    assert json.loads(told.out)["pairs"][0]["lead"]["method"] == "Tango's score interval"
    code, told = said("evaluate ./knn --against ./tree --language ko")
    assert "맥니마" in told.out
    assert "No difference" not in told.out
    for flag in ("--images photos", "--exclude-problems", "--delimiter ;"):
        code, told = said(f"evaluate ./knn --against ./tree {flag}")
        assert (code, "changes nothing beside --against" in told.err) == (2, True)
