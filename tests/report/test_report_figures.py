"""What the page says is what anyone counts from predictions.csv."""

import math
import re

import numpy as np
import pytest
from scipy.stats import betabinom
from sklearn.metrics import mean_absolute_error, precision_recall_fscore_support, r2_score, roc_auc_score

from report.reading import Page, predictions, written


def test_accuracy_and_expected_errors_are_those_counted_from_the_predictions(iris):
    rows = predictions(iris)
    wrong = sum(row[2] != row[3] for row in rows)
    page = Page(written(iris))
    figures = {row[0]: row[1:] for row in page.table("Figures with their 95 % intervals")}
    assert figures["accuracy"][0].split("|")[0] == f"{1 - wrong / len(rows):.3f}"
    low, high = betabinom(1000, wrong + 0.5, len(rows) - wrong + 0.5).ppf([0.025, 0.975])
    assert f"Of 1,000 new examples expect {low:.0f} to {high:.0f} wrong." in page.text
    assert f"measured on {len(rows)} test examples ({wrong} wrong" in page.text


def test_train_and_validation_figures_stand_beside_the_test_figure(iris):
    page = Page(written(iris))
    rows = page.table("Figures with their")
    assert [name.split("|")[0] for name in rows[0][1:4]] == ["mlp, test", "mlp, train", "mlp, validation"]
    accuracy = next(row for row in rows if row[0] == "accuracy")
    for cell, part in zip(accuracy[1:4], ("test", "train", "validation"), strict=True):
        known = predictions(iris, part)
        assert cell.split("|")[0] == f"{np.mean([row[2] == row[3] for row in known]):.3f}"


def test_the_confusion_matrix_counts_every_prediction(iris):
    names = list(iris.task.classes)
    counts = {(true, answered): 0 for true in names for answered in names}
    for row in predictions(iris):
        counts[row[2], row[3]] += 1
    rows = Page(written(iris)).table("Confusion matrix of the test rows")
    for true, row in zip(names, rows[1:], strict=True):
        shown = [0 if cell == "·" else int(cell.split("|")[0]) for cell in row[1:]]
        assert row[0] == true
        assert shown == [*(counts[true, answered] for answered in names), sum(counts[true, name] for name in names)]


def test_every_class_has_the_figures_that_scikit_learn_finds(iris):
    rows = predictions(iris)
    names = list(iris.task.classes)
    found = precision_recall_fscore_support([row[2] for row in rows], [row[3] for row in rows], labels=names)
    table = {row[0]: row for row in Page(written(iris)).table("Classes, the lowest recall first")}
    for place, name in enumerate(names):
        shown = [float(cell.split("|")[0]) for cell in table[name][2:6]]
        area = roc_auc_score([row[2] == name for row in rows], [float(row[4 + place]) for row in rows])
        assert shown == pytest.approx([found[0][place], found[1][place], found[2][place], area], abs=6e-4)


def test_a_reason_names_whose_figure_it_is_about(tumours):
    told = Page(written(tumours)).text
    assert "always the most frequent class: All scores are equal: the ranking is chance, and has no spread." in told


def test_two_classes_have_the_area_that_scikit_learn_finds(tumours):
    rows = predictions(tumours)
    positive = tumours.task.classes[1]
    area = roc_auc_score([row[2] == positive for row in rows], [float(row[5]) for row in rows])
    assert f"ROC curve of class '{positive}': AUC {area:.3f}." in Page(written(tumours)).text


def test_the_weakest_class_is_the_one_with_the_lowest_recall(digits):
    rows = predictions(digits)
    names = sorted({row[2] for row in rows})
    recall = {name: np.mean([row[3] == name for row in rows if row[2] == name]) for name in names}
    weakest = min(names, key=lambda name: recall[name])
    right = sum(row[2] == row[3] == weakest for row in rows)
    assert f"'{weakest}': {right} of {sum(row[2] == weakest for row in rows)} recognised" in Page(written(digits)).text


def test_regression_errors_are_those_counted_from_the_predictions(diabetes):
    rows = predictions(diabetes)
    targets, answers = (np.array([float(row[column]) for row in rows]) for column in (2, 3))
    page = Page(written(diabetes))
    figures = {row[0]: row[1].split("|")[0] for row in page.table("Figures with their")[1:]}
    assert float(figures["mean absolute error"]) == pytest.approx(mean_absolute_error(targets, answers), rel=1e-3)
    assert float(figures["R²"]) == pytest.approx(r2_score(targets, answers), abs=6e-4)
    # A new error exceeds the k-th smallest of n with probability (n + 1 - k) / (n + 1) <= 0.05.
    reach = np.sort(np.abs(targets - answers))[math.ceil(0.95 * (len(rows) + 1)) - 1]
    shown = re.search(r"95 of 100 new predictions should lie within ([\d.]+) of the truth", page.text)
    assert float(shown[1]) == pytest.approx(reach, rel=1e-3)


def test_the_largest_errors_stand_first(diabetes):
    rows = predictions(diabetes)
    errors = {row[0]: abs(float(row[2]) - float(row[3])) for row in rows}
    table = Page(written(diabetes)).table("The worst answers")
    assert [row[0] for row in table[1:]] == sorted(errors, key=lambda name: -errors[name])[:24]
    assert table[0][4:] == ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4"]


def test_the_surest_wrong_answers_stand_first_and_are_drawn(digits):
    wrong = [row for row in predictions(digits) if row[2] != row[3]]
    wrong.sort(key=lambda row: -float(row[4 + int(row[3])]))
    page = Page(written(digits))
    assert [row[0] for row in page.table("The worst answers")[1:]] == [row[0] for row in wrong[:24]]
    first = next(image for image in page.images if image["alt"].startswith("Example "))
    assert first["alt"] == f"Example {wrong[0][0]}: true '{wrong[0][2]}', answered '{wrong[0][3]}'."
