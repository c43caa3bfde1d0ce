"""The page is one sound, self-contained HTML file, whatever the run."""

import ast
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import layerwise
from layerwise.errors import LayerwiseError
from layerwise.language import korean
from layerwise.report import page as report_page
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import open_run
from layerwise.workflow.report import gather
from report.reading import HOSTILE, Page, trained, written, written_now

SOURCES = [*sorted((Path(layerwise.__file__).parent / "report").glob("*.py"))]
SOURCES += [Path(layerwise.__file__).parent / name for name in ("workflow/report.py", "cli/report.py")]


def templates():
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id in ("say", "label") and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    return found


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", ["iris", "diabetes", "tumours", "digits", "hostile"])
def test_a_page_is_sound_and_holds_everything_it_shows(name, language, request):
    html = written(request.getfixturevalue(name), language)
    page = Page(html)
    assert html.startswith(f'<!doctype html>\n<html lang="{language}">')
    assert len(html.encode()) <= 5 * 1024 * 1024
    assert "script" not in page.tags
    assert "<script" not in html
    assert not re.search(r"https?://", re.sub(r'src="data:[^"]*"', "", html))
    assert not re.search(r"url\(|@import", html)
    assert {tag for tag, key, _ in page.attributes if key == "src"} <= {"img"}
    assert not [key for _, key, _ in page.attributes if key.startswith("on")]
    assert all(image["src"].startswith("data:image/") and image["alt"].strip() for image in page.images)
    assert len(page.names) == len(set(page.names))
    assert page.links
    assert all(link.removeprefix("#") in page.names for link in page.links)
    own = [table for table in page.tables if table["caption"]]
    assert own
    assert all(scope in ("col", "row") for table in own for scope in table["headings"])


def test_every_plot_can_be_read_as_a_table(digits):
    html = written(digits)
    plots = re.findall(r'<figure class="plot">.*?</figure>', html, re.DOTALL)
    # Learning, ROC, precision and recall, reliability.
    assert len(plots) == 4
    assert all("<details" in plot and "<table" in plot for plot in plots)


def test_names_from_the_data_are_texts_and_nothing_else(hostile):
    html = written(hostile)
    page = Page(html)
    assert "<script" not in html
    assert "onerror=alert(1)>" not in html
    rows = page.table("Classes, the lowest recall first")
    assert {row[0] for row in rows[1:]} == set(HOSTILE)
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "Filled in with the median or most frequent value of the training part" in page.text


def test_every_sentence_has_its_korean():
    missing = [template for template in templates() if template not in korean()]
    assert not missing


@pytest.mark.parametrize("name", ["iris", "diabetes", "tumours"])
def test_a_korean_page_says_nothing_in_english(name, request):
    page = Page(written(request.getfixturevalue(name), "ko"))
    for template in templates():
        if korean()[template] == template:
            continue
        pieces = [piece.strip(" .,:;()'") for piece in re.split(r"\{[^}]*\}", template)]
        longest = max(pieces, key=len)
        if len(longest.split()) >= 3:
            assert longest not in page.text, template
    assert "시험 부분" in page.text


def test_a_network_solved_at_once_has_no_curves(tumours):
    page = Page(written(tumours))
    assert "This network is solved at once, without epochs." in page.text
    assert "Loss by epoch" not in page.text


def test_an_interrupted_run_says_so_and_shows_what_is_known(iris, tmp_path):
    folder = tmp_path / "stopped"
    shutil.copytree(iris.folder.path, folder)
    for name in ("metrics.json", "predictions.csv", "tests.json"):
        (folder / name).unlink()
    page = Page(written(open_run(RunFolder(folder))))
    assert "This run was interrupted before it was measured." in page.text
    assert "Epochs finished: 30. The test part was never opened." in page.text
    assert "Never opened." in page.text
    assert "Loss by epoch" in " ".join(table["caption"] for table in page.tables)
    assert not any("Figures" in table["caption"] for table in page.tables)


def test_a_run_killed_before_its_weights_has_a_report(iris, tmp_path):
    folder = tmp_path / "killed"
    shutil.copytree(iris.folder.path, folder)
    for name in ("metrics.json", "predictions.csv", "tests.json", "model.safetensors", "history.jsonl"):
        (folder / name).unlink()
    page = Page(written(open_run(RunFolder(folder))))
    assert "The run was stopped before its weights were written." in page.text
    assert "No epoch was finished." in page.text


@pytest.mark.parametrize("test", ["none", "training"])
def test_a_run_without_a_test_part_promises_nothing(test, tmp_path):
    page = Page(written(trained(tmp_path / "run", "iris", "mlp", {"test": test, "epochs": 3})))
    assert "What to expect of new data is not known: nothing was kept aside to test on." in page.text
    assert "new examples expect" not in page.text


def test_data_in_memory_can_be_handed_over_again(tmp_path):
    generator = np.random.default_rng(0)
    inputs, targets = generator.normal(size=(60, 3)), np.arange(60) % 2
    opened = trained(tmp_path / "run", (inputs, targets), "mlp", {"epochs": 2})
    without = Page(written(opened))
    assert "The data could not be read again" in without.text
    assert "pass the same ones to lw.train" in without.text
    again = Page(written_now(opened, data=(inputs, targets)))
    assert "The data could not be read again" not in again.text
    assert "agrees with the network" in again.text


def test_data_that_are_gone_leave_the_figures(hostile, tmp_path):
    folder = tmp_path / "moved"
    shutil.copytree(hostile.folder.path, folder)
    settings = (folder / "run.toml").read_text(encoding="utf-8")
    (folder / "run.toml").write_text(settings.replace("hostile.csv", "gone.csv"), encoding="utf-8")
    page = Page(written(open_run(RunFolder(folder))))
    assert "The data could not be read again" in page.text
    assert page.table("The worst answers")
    assert page.table("Figures with their")


def test_several_openings_of_the_test_part_are_counted(iris, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(iris.folder.path, folder)
    run = RunFolder(folder)
    run.count_test("again")
    assert "Opened 2 times; each look makes its figures a little too good." in Page(written(open_run(run))).text


def test_duplicates_left_out_rows_and_seen_test_rows_are_told_on_the_first_screen(iris, tmp_path):
    folder = tmp_path / "found"
    shutil.copytree(iris.folder.path, folder)
    run = RunFolder(folder)
    data = run.read("data.json")
    problem = {"where": "row 7", "rule": "A rule.", "found": "<b>nothing</b>", "remedy": "Mend it."}
    run.write(
        "data.json", {**data, "split": {**data["split"], "origin": "own", "seen_in_test": 3}, "problems": [problem]}
    )
    metrics = run.read("metrics.json")
    unseen = {
        **metrics["metrics"],
        "accuracy": {**metrics["metrics"]["accuracy"], "value": 0.875, "low": 0.75, "high": 0.9375},
    }
    run.write("metrics.json", {**metrics, "unseen": {"seen": 3, "metrics": unseen}})
    page = Page(written(open_run(run)))
    assert "Rows of the given test part that also stand in the training or validation part: 3 of 50." in page.text
    assert "only those never seen: 87.5 % (95 % interval 75.0 % – 93.8 %)." in page.text
    assert "Items that could not be read and were left out: 1." in page.text
    assert page.table("Could not be read")[1] == ["row 7", "<b>nothing</b>", "Mend it."]


def test_a_page_that_would_be_too_large_leaves_views_and_pictures_out_and_says_so(digits, monkeypatch):
    whole = written(digits)
    monkeypatch.setattr(report_page, "LARGEST_PAGE", len(whole.encode()) - 1)
    html = written_now(digits)
    page = Page(html)
    assert len(html.encode()) < len(whole.encode())
    assert re.search(r"(Pictures left out|Left out) to keep this page small", page.text)


def test_views_are_opened_and_every_number_agrees(iris):
    page = Page(written(iris))
    assert "agrees with the network's own output" in page.text
    assert "does NOT agree" not in page.text


def test_the_view_of_the_task_comes_first_and_what_is_learned_last(iris):
    names = [view.name for view in gather(iris).views]
    assert names[0] == "softmax-cross-entropy"
    assert 0 < names.index("unit-sum") < names.index("backprop-sheet")
    assert "layer-table" not in names


def test_a_damaged_file_is_named(iris, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(iris.folder.path, folder)
    (folder / "metrics.json").write_text(json.dumps([1]), encoding="utf-8")
    with pytest.raises(LayerwiseError, match=r"metrics\.json"):
        written(open_run(RunFolder(folder)))
