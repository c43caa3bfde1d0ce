"""`data --thorough` and `train`: labels, parts that differ, where rows stand, and data that can be looked at little."""

import json
import re

import numpy as np
import pytest
import torch

import layerwise as lw
from layerwise.cli.application import run
from layerwise.config import Experiment
from layerwise.data.kinds import Numbers
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError
from layerwise.language import use
from layerwise.workflow.prepare import prepare_data
from layerwise.workflow.run_findings import run_findings
from layerwise.workflow.second_opinion import sampled, usable
from layerwise.workflow.shift import field_tests
from layerwise.workflow.thorough import inspect_thoroughly

WRONG = (3, 40, 77)


def table(path, rows=90, wrong=WRONG, head="name,width,length,kind"):
    """Flowers of two kinds that two measures tell apart, some with the other kind's name."""
    chance = np.random.default_rng(0)
    lines = [head]
    for row in range(rows):
        kind = row % 2
        said = 1 - kind if row in wrong else kind
        lines.append(f"plant {row},{3 * kind + chance.normal():.3f},{chance.normal() - 3 * kind:.3f},{'ab'[said]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def sections(source, target=""):
    return {one.check: one for one in inspect_thoroughly(source, target).thorough}


def said(source, target=""):
    return " ".join(sentence for one in inspect_thoroughly(source, target).thorough for sentence in one.sentences)


def test_rows_are_named_with_what_they_look_like(tmp_path):
    found = sections(open_source(table(tmp_path / "flowers.csv"), drop=("name",)))["labels"]
    assert {row.row for row in found.rows[: found.total]} == set(WRONG)
    assert {row.place for row in found.rows[: found.total]} == {f"line {row + 2}" for row in WRONG}
    first = found.rows[0]
    assert {first.given, first.instead} == {"a", "b"}
    assert first.score < 0


def test_the_command_names_the_lines_in_both_languages(tmp_path, capsys):
    path = str(table(tmp_path / "flowers.csv"))
    assert run(["data", path, "--thorough", "--language", "en"]) == 0
    text = capsys.readouterr().out
    assert "Labels that look wrong: 3." in text
    assert all(f"line {row + 2} " in text for row in WRONG)
    assert run(["data", path, "--thorough", "--language", "ko"]) == 0
    assert "잘못된 듯한 레이블: 3개." in capsys.readouterr().out
    assert run(["data", path, "--language", "en"]) == 0
    assert "Labels that look wrong" not in capsys.readouterr().out
    assert run(["data", path, "--thorough", "--json"]) == 0
    check = json.loads(capsys.readouterr().out)["thorough"][0]
    assert (check["check"], check["total"]) == ("labels", 3)
    assert {row["row"] for row in check["rows"][:3]} == set(WRONG)


def test_rows_without_a_target_are_left_aside_and_keep_their_places(tmp_path):
    path = table(tmp_path / "flowers.csv")
    lines = path.read_text().splitlines()
    lines[1:3] = [re.sub("[ab]$", "", line) for line in lines[1:3]]
    path.write_text("\n".join(lines) + "\n")
    found = sections(open_source(path), "kind")["labels"]
    assert {row.place for row in found.rows[: found.total]} == {f"line {row + 2}" for row in WRONG}


def test_a_number_that_was_mistyped_is_unusual():
    chance = np.random.default_rng(0)
    inputs = chance.normal(size=(200, 3))
    targets = inputs @ [1.0, -2.0, 0.5] + 0.1 * chance.normal(size=200)
    targets[17] *= 10
    targets[17] += 20
    found = sections(open_source((inputs, targets)))["targets"]
    assert [row.row for row in found.rows[: found.total]] == [17]
    assert found.columns[2] == "standard deviations apart"


@pytest.mark.parametrize(("data", "sentence"), [
    ((np.zeros((40, 4, 4), np.uint8),), ""),
    ((np.random.default_rng(0).normal(size=(40, 2)), ["only"] * 40), "there is one class only"),
    ((np.arange(6.0).reshape(3, 2), [0, 1, 1]), "3 rows are too few"),
    ((np.ones((40, 2)), [0, 1] * 20), "same inputs"),
    ((np.array([f"text number {row}" for row in range(40)]), [0, 1] * 20), "no input is a number"),
    ((np.random.default_rng(0).normal(size=(40, 2)), [f"name {row}" for row in range(40)]), "0 rows are too few that"),
    ((np.random.default_rng(0).normal(size=(60, 2)), ["a", "b"] * 28 + ["c"] * 4), "were not looked at: c."),
    ((np.random.default_rng(0).normal(size=(200, 2)), [0, 1] * 100), "too little above the share"),
    ((np.stack([np.full(40, np.nan), np.arange(40)], axis=1), [0, 1] * 20), "Not looked at: 'column 1'"),
])  # fmt: skip
def test_data_that_can_be_looked_at_little(data, sentence):
    source = open_source(data if len(data) == 2 else data[0])
    assert sentence in said(source)


def test_other_tasks_are_named():
    assert "the task translate has no class or number for each row" in said(open_source("reversal"))
    assert said(open_source("bars-and-stripes")) == "Near-duplicates: none found."


def test_a_wrong_target_is_answered_as_without_thorough(tmp_path, capsys):
    assert run(["data", str(table(tmp_path / "f.csv")), "--thorough", "--target", "kinf"]) == 2
    assert "Did you mean 'kind'" in capsys.readouterr().err


def test_groups_and_test_data_of_the_command(tmp_path, capsys):
    first, second = table(tmp_path / "a.csv", wrong=()), table(tmp_path / "b.csv", rows=60, wrong=())
    assert run(["data", str(first), "--test-data", str(second), "--group", "name", "--language", "en"]) == 0
    text = capsys.readouterr().out
    assert "Groups of 'name' that stand in both the train and the test part: 60, such as 'plant " in text
    assert f"--group name --test-data {second}" in text
    assert run(["data", str(first), "--group", "nam"]) == 2
    assert "Did you mean 'name'" in capsys.readouterr().err


def parts(shift, seed=0, rows=300):
    chance = np.random.default_rng(seed)
    inputs = chance.normal(size=(rows, 4))
    codes = np.where(chance.random(rows) < 0.4, 1, 0)
    inputs[codes == 1, 2] += shift
    labels = chance.integers(0, 2, rows)
    words = np.array(["train", "test"])[codes]
    import pandas as pd

    frame = pd.DataFrame(inputs, columns=list("abcd"))
    return open_source(frame.assign(target=labels.astype(str), part=words))


def test_a_shifted_field_is_named_and_no_other():
    found = sections(parts(1.0))["shift"]
    assert found.warning
    assert "tells their rows apart" in found.sentences[0]
    assert found.sentences[1].startswith("'c' differs")
    assert len(found.sentences) == 2
    none = sections(parts(0.0))["shift"]
    assert not none.warning
    assert len(none.sentences) == 1


def test_the_distance_is_that_of_the_definition():
    first, second = np.arange(100.0), np.arange(30.0, 130.0)
    found = field_tests({"x": Numbers(np.concatenate([first, second]))}, np.repeat([0, 1], 100))
    # F_1(29) - F_2(29) = 0.3
    assert found == ["'x' differs (distance 0.30 of at most 1)."]


def test_missing_cells_are_a_shift_of_their_own():
    chance = np.random.default_rng(0)
    values = chance.normal(size=400)
    values[200:][chance.random(200) < 0.3] = np.nan
    assert len(field_tests({"x": Numbers(values)}, np.repeat([0, 1], 200))) == 1


def test_a_large_source_is_sampled_and_says_so():
    assert len(sampled(np.arange(25_000))) == 10_000
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 2, 12_000)
    inputs = chance.normal(size=(12_000, 1)) + 5 * labels[:, None]
    assert "Only a random sample of 10,000 of 12,000 rows was looked at." in said(open_source((inputs, labels)))


def test_large_pictures_are_made_small():
    pictures = np.random.default_rng(0).integers(0, 255, (6, 60, 90), dtype=np.uint8)
    small = usable(open_source((pictures, [0, 1] * 3)))
    assert small.columns["image"][0].shape == (1, 21, 32)


def test_no_random_number_of_a_run_is_used_up():
    prepared, _ = prepare_data(Experiment(), open_source("iris"), {})
    before = torch.get_rng_state()
    # Networks are built with random weights.
    assert run_findings(prepared, "yes")["checks"]
    assert torch.equal(torch.get_rng_state(), before)


def test_the_report_says_it_first_and_shows_the_rows(tmp_path):
    path = table(tmp_path / "flowers.csv", rows=200, wrong=range(3, 200, 11))
    run = lw.train(path, "logistic", id="name", resamples=100, run=str(tmp_path / "run"))
    check = run.folder.read("data.json")["findings"]["checks"][0]
    assert check["total"] >= 5
    for language, sentence in (("en", "that look wrong ({}): plant"), ("ko", "잘못된 듯한 레이블({}개): plant")):
        page = run.report(language).read_text(encoding="utf-8")
        assert sentence.format(check["total"]) in page[: page.index("<main>")]
        assert 'href="#labels"' in page
        section = page[page.index('<section id="labels">') :]
        assert all(f">{row['id']}<" in section for row in check["rows"][:5])


def test_a_run_of_an_earlier_version_has_a_report(tmp_path):
    run = lw.train("iris", "knn", resamples=100, run=str(tmp_path / "run"))
    known = run.folder.read("data.json")
    del known["findings"]
    run.folder.write("data.json", known)
    assert "#labels" not in run.report("en").read_text(encoding="utf-8")
    run.folder.write("data.json", known | {"findings": {"structure": 1, "checks": []}})
    with pytest.raises(LayerwiseError, match=re.escape("findings.structure")):
        run.report("en")


def test_no_test_row_is_looked_at():
    prepared, _ = prepare_data(Experiment(), open_source("digits"), {})
    found = run_findings(prepared, "yes")["checks"][0]
    assert {row["row"] for row in found["rows"]} <= set(prepared.parts.train.tolist())


def test_what_takes_long_is_not_looked_at_unasked():
    pictures = np.random.default_rng(0).integers(0, 255, (2500, 32, 32), dtype=np.uint8)
    source = open_source((pictures, np.arange(2500) % 2))
    prepared, _ = prepare_data(Experiment(), source, {})
    assert "--check-labels yes" in run_findings(prepared, "auto")["checks"][0]["sentences"][0]
    assert run_findings(prepared, "no")["checks"] == []


def test_the_setting_is_refused_where_it_has_no_effect(tmp_path, capsys):
    assert run(["train", "bars-and-stripes", "rbm", "--check-labels", "yes", "--run", str(tmp_path / "r")]) == 2
    assert "--check-labels" in capsys.readouterr().err
    assert run(["compare", "iris", "knn", "--check-labels", "yes"]) == 2
    assert "--check-labels" in capsys.readouterr().err


def test_a_task_without_classes_or_numbers_has_no_findings():
    prepared, _ = prepare_data(Experiment(), open_source("bars-and-stripes"), {})
    assert run_findings(prepared, "auto") == {"structure": [], "checks": []}


def test_python_finds_what_the_command_finds(tmp_path):
    with use("en"):
        found = lw.inspect(table(tmp_path / "flowers.csv"), target="kind", thorough=True)
    assert found.thorough[0].total == 3
    assert lw.inspect("iris").thorough == ()
