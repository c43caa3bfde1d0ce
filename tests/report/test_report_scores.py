"""The sections on scores and errors show what anyone counts from predictions.csv, and only where they make sense."""

import dataclasses
import json
import re

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import average_precision_score, brier_score_loss, mutual_info_score

from layerwise.language import use
from layerwise.report.page import page
from layerwise.workflow.report import gather
from report.reading import Page, predictions, written


def test_average_precision_is_what_scikit_learn_finds(tumours, digits):
    rows, positive = predictions(tumours), tumours.task.classes[1]
    mean = average_precision_score([row[2] == positive for row in rows], [float(row[5]) for row in rows])
    assert f"average precision {mean:.3f}; chance reaches" in Page(written(tumours)).text
    rows = predictions(digits)
    shown = {row[0]: row[1] for row in Page(written(digits)).table("Precision where at least")[1:]}
    for place, name in enumerate(digits.task.classes):
        mean = average_precision_score([row[2] == name for row in rows], [float(row[4 + place]) for row in rows])
        assert float(shown[name]) == pytest.approx(mean, abs=6e-4)


def test_every_row_stands_in_one_bin_and_the_parts_add_up(digits, tumours):
    for opened in (digits, tumours):
        bins = Page(written(opened)).table("Each bin")[1:]
        assert sum(int(row[1].replace(",", "")) for row in bins) == len(predictions(opened))
    rows, positive = predictions(tumours), tumours.task.classes[1]
    whole = brier_score_loss([row[2] == positive for row in rows], [float(row[5]) for row in rows])
    parts = {row[0]: float(row[1]) for row in Page(written(tumours)).table("Parts of the Brier score")[1:]}
    assert parts["sum"] == pytest.approx(whole, abs=6e-5)
    signs = (parts["reliability"], -parts["− resolution"], parts["+ uncertainty"], parts["+ within bins"])
    assert sum(signs) == pytest.approx(whole, abs=3e-4)


def test_the_calibration_error_is_the_mean_gap_of_the_bins(digits):
    opened = Page(written(digits))
    rows = predictions(digits)
    surest = sorted((max(map(float, row[4:])), row[2] == row[3]) for row in rows)
    counts, claimed, happened = (
        np.array([float(row[column].replace(",", "")) for row in opened.table("Each bin")[1:]]) for column in (1, 0, 2)
    )
    tenths = np.array_split(np.array(surest), 10)
    assert claimed == pytest.approx([tenth[:, 0].mean() for tenth in tenths], abs=6e-4)
    assert happened == pytest.approx([tenth[:, 1].mean() for tenth in tenths], abs=6e-4)
    error = (counts * np.abs(happened - claimed)).sum() / counts.sum()
    shown = re.search(r"mean distance from the diagonal, is ([\d.]+) \(95 % interval", opened.text)
    assert float(shown[1]) == pytest.approx(error, abs=2e-3)


def test_lift_is_counted_and_shown_for_two_classes_only(tumours, iris):
    rows, positive = predictions(tumours), tumours.task.classes[1]
    table = Page(written(tumours)).table("Gain and lift")
    scores, right = np.array([float(row[5]) for row in rows]), np.array([row[2] == positive for row in rows])
    for looked_at, share in zip(table[1:], (0.05, 0.1, 0.2, 0.3, 0.5), strict=True):
        taken = share * len(rows)
        # whole rows of the highest scores, and of the rows with the score that the share cuts through a part
        least = np.sort(scores)[::-1][int(np.ceil(taken)) - 1]
        whole, tied = scores > least, scores == least
        found = (right[whole].sum() + (taken - whole.sum()) / tied.sum() * right[tied].sum()) / right.sum()
        assert float(looked_at[2].removesuffix(" %")) / 100 == pytest.approx(found, abs=6e-4)
        assert float(looked_at[3]) == pytest.approx(found / share, abs=6e-3)
    assert 'id="lift"' in written(tumours)
    assert 'id="lift"' not in written(iris)
    assert 'id="calibration"' in written(iris)


def test_mutual_information_and_divergence_are_those_of_the_matrix(digits):
    rows, names = predictions(digits), digits.task.classes
    nats = mutual_info_score([row[2] for row in rows], [row[3] for row in rows])
    actual, answered = ([sum(row[column] == name for row in rows) for name in names] for column in (2, 3))
    text = Page(written(digits)).text
    assert f"tell {nats:.3f} of {entropy(actual):.3f} nats ({nats / np.log(2):.3f} of" in text
    assert f"stand {entropy(actual, answered):.4f} nats" in text


def test_numbers_have_three_pictures_of_their_errors(diabetes):
    html = written(diabetes)
    section = re.search(r'<section id="regression">.*?</section>', html, re.DOTALL)[0]
    assert section.count("<figure") == section.count("<details") == 3
    assert not re.search(r'<section id="(precision|calibration|lift|roc)">', html)
    errors = [float(row[2]) - float(row[3]) for row in predictions(diabetes)]
    middle = next(row[1] for row in Page(html).table("Quantiles of true minus predicted") if row[0] == "50.0 %")
    assert float(middle) == pytest.approx(np.median(errors), rel=1e-3)
    quarters = Page(html).table("By quarter of the predictions")[1:]
    assert sum(int(row[1]) for row in quarters) == len(errors)


def test_the_figures_are_kept_with_their_intervals(tumours):
    kept = json.loads((tumours.folder.path / "metrics.json").read_text(encoding="utf-8"))
    for name in ("average_precision", "lift", "calibration_error", "brier"):
        found = kept["metrics"][name]
        assert found["low"] <= found["value"] <= found["high"]
        assert found["n"] == len(predictions(tumours))
    assert all("average_precision" in figures for figures in kept["classes"].values())


def test_a_run_from_before_these_figures_is_still_shown(tumours):
    data = gather(tumours)
    new = ("average_precision", "lift", "calibration_error", "brier")
    metrics = {name: value for name, value in data.metrics["metrics"].items() if name not in new}
    classes = {
        name: {figure: value for figure, value in figures.items() if figure not in new}
        for name, figures in data.metrics["classes"].items()
    }
    html = page(dataclasses.replace(data, metrics={**data.metrics, "metrics": metrics, "classes": classes}))
    assert 'id="roc"' in html
    assert not re.search(r'<section id="(precision|calibration|lift)">', html)


def test_the_sections_are_korean_on_a_korean_page(tumours):
    text = Page(written(tumours, "ko")).text
    for words in ("정밀도와 재현율", "확률 보정", "리프트", "상호 정보량"):
        assert words in text
    for words in ("Precision and recall", "calibration error", "mutual information", "claimed"):
        assert words not in text


def test_drawn_words_are_korean_where_a_font_holds_them():
    from layerwise.explain import drawing
    from layerwise.language import korean
    from layerwise.report.score_plots import residual_distribution

    with use("ko"):
        axes = residual_distribution(np.linspace(-1, 2, 50)).axes[0]
    if drawing.hangul_font():
        assert axes.get_ylabel() == korean()["rows"]
    else:
        assert axes.get_ylabel() == "rows"
