"""Baseline sentences, stored sentences, plots with Hangul, and the command that repeats a run."""

import shlex
import warnings
from dataclasses import replace

import numpy as np
import pytest

from layerwise.explain.drawing import font_note, hangul_font, png, readable
from layerwise.language import use
from layerwise.metrics.ranking import roc_curve
from layerwise.report import plots
from layerwise.report.sentences import findings
from layerwise.report.setup import command
from layerwise.report.words import bounds, number, percent, retold
from layerwise.workflow.report import gather


def interval(value, low, high):
    return {"value": value, "low": low, "high": high, "n": 100, "method": "Wilson", "reason": ""}


@pytest.mark.parametrize(
    ("baseline", "words", "warning"),
    [
        (0.97, "A simple baseline does better on these data", True),
        (0.93, "A simple baseline does about as well on these data", True),
        (0.88, "A simple baseline does about as well on these data", True),
        (0.80, "The best simple baseline stays behind", False),
    ],
)
def test_a_baseline_as_good_as_the_network_is_said_plainly(iris, baseline, words, warning):
    data = gather(iris)
    metrics = {
        **data.metrics,
        "metrics": {**data.metrics["metrics"], "accuracy": interval(0.91, 0.85, 0.95)},
        "baselines": {
            "majority": {"accuracy": interval(0.3, 0.2, 0.4)},
            "knn": {"accuracy": interval(baseline, 0.1, 0.99)},
        },
    }
    found = next(finding for finding in findings(replace(data, metrics=metrics)) if finding.subject == "Baseline")
    assert found.sentence.startswith(words)
    assert "1-NN" in found.sentence
    assert f"{100 * baseline:.1f} %" in found.sentence
    assert found.warning == warning


@pytest.mark.parametrize(("options", "told"), [({}, False), ({"k": 5}, True)])
def test_a_learner_is_no_baseline_of_itself_but_one_of_itself_with_other_options(iris, options, told):
    data = gather(iris)
    whole = replace(data.experiment, model=replace(data.experiment.model, name="knn", options=options))
    baselines = {"majority": {"accuracy": interval(0.3, 0.2, 0.4)}, "knn": {"accuracy": interval(0.97, 0.9, 0.99)}}
    metrics = {
        **data.metrics,
        "metrics": {**data.metrics["metrics"], "accuracy": interval(0.91, 0.85, 0.95)},
        "baselines": baselines,
    }
    changed = replace(data, experiment=whole, metrics=metrics)
    found = next(finding for finding in findings(changed) if finding.subject == "Baseline")
    assert ("1-NN" in found.sentence) == told
    assert ("does better" in found.sentence) == told


def test_numbers_read_as_people_write_them():
    assert [percent(share) for share in (0.0, 0.5, 0.9996, 0.99999, 1.0)] == [
        "0 %",
        "50.0 %",
        "99.96 %",
        "100.00 %",
        "100 %",
    ]
    assert number(1234567.0) == "1,234,567"
    assert bounds(interval(2848.0, 2300.4, 3603.6)) == "2,300 – 3,604"
    assert bounds({"value": 1.0, "low": None, "high": None}) == ""


def test_stored_sentences_are_retold_in_the_language_of_the_page():
    english = "Rows that repeat the inputs of another row: 3."
    with use("ko"):
        korean = retold(english)
        assert korean == "다른 행의 입력을 되풀이하는 행: 3개."
        assert retold("Something nobody ever wrote.") == "Something nobody ever wrote."
    assert retold(korean) == english
    swapped = "Rows it learned from that are answered wrongly: 4 of 90."
    with use("ko"):
        korean = retold(swapped)
        assert korean == "학습에 쓴 행 90개 가운데 4개를 틀립니다."
    assert retold(korean) == swapped


@pytest.fixture
def curves():
    generator = np.random.default_rng(0)
    positives = np.arange(40) % 2 == 0
    return [(name, roc_curve(positives, generator.normal(size=40) + positives), 0.8) for name in ("고양이", "강아지")]


def test_every_plot_draws_hangul_with_a_font_that_holds_it(curves):
    if not hangul_font():
        pytest.skip("no font with Hangul is installed")
    history = [{"epoch": epoch, "train_loss": 1 / epoch, "validation_loss": None} for epoch in range(1, 9)]
    values = np.arange(20.0)
    with warnings.catch_warnings(), use("ko"):
        # matplotlib warns of a glyph that its fonts do not hold.
        warnings.simplefilter("error")
        for drawn in (
            plots.roc_curves(curves), plots.learning_curves(history, 5),
            plots.predicted_against_true(values, values + 1, "키"), plots.residuals(values, values + 1, "키"),
        ):  # fmt: skip
            assert png(drawn).startswith(b"\x89PNG")


def test_the_font_that_is_named_holds_hangul():
    if not hangul_font():
        pytest.skip("no font with Hangul is installed")
    from matplotlib import font_manager, ft2font

    path = font_manager.findfont(hangul_font(), fallback_to_default=False)
    known = ft2font.FT2Font(path).get_charmap()
    assert all(ord(sign) in known for sign in "가힣클래스학습")


def test_without_a_font_names_fall_back_and_one_line_says_so(monkeypatch):
    monkeypatch.setattr("layerwise.explain.drawing.hangul_font", lambda: "")
    assert readable("고양이") == "???"
    assert font_note()
    assert "\n" not in font_note()


def test_learning_curves_show_what_is_known_of_losses_that_are_missing():
    history = [
        {"epoch": 1, "train_loss": None, "validation_loss": None},
        {"epoch": 2, "train_loss": 0.5, "validation_loss": 0.7},
    ]
    axes = plots.learning_curves(history, 2).axes[0]
    assert [line.get_ydata()[1] for line in axes.lines[:2]] == [0.5, 0.7]
    assert axes.lines[2].get_xdata() == [2, 2]


def test_a_scatter_of_very_many_points_is_thinned_evenly():
    values = np.arange(100_000.0)
    points = plots.predicted_against_true(values, values, "y").axes[0].collections[0].get_offsets()
    assert len(points) == plots.MOST_POINTS
    assert (points[0][0], points[-1][0]) == (0.0, 99_999.0)


def test_the_command_that_the_report_names_gives_the_same_weights(hostile, tmp_path):
    from layerwise.cli.application import run

    words = shlex.split(command(hostile.folder.experiment()))
    assert words[:2] == ["layerwise", "train"]
    assert run([*words[1:], "--run", str(tmp_path / "again"), "--quiet"]) == 0
    first, again = (path / "model.safetensors" for path in (hostile.folder.path, tmp_path / "again"))
    assert first.read_bytes() == again.read_bytes()


def test_the_command_writes_or_finds_the_report(iris, tmp_path, capsys):
    from layerwise.cli.application import run

    target = tmp_path / "page.html"
    assert run(["report", str(iris.folder.path), "--to", str(target), "--json", "--language", "ko"]) == 0
    assert target.read_text(encoding="utf-8").startswith('<!doctype html>\n<html lang="ko">')
    assert f'"bytes": {target.stat().st_size}' in capsys.readouterr().out
