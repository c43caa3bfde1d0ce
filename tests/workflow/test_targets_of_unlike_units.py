"""Kilograms beside metres: the unit in which a target is written decides nothing."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import layerwise as lw
from layerwise.language import use
from layerwise.workflow.report import write_report

ROWS = 300


def drawn():
    """Inputs, and two targets: the second is answered badly where the first input is large."""
    draw = np.random.default_rng(0)
    inputs, noise = draw.normal(size=(ROWS, 3)), draw.normal(size=(ROWS, 2))
    kilograms = inputs[:, 0] + 0.3 * noise[:, 0]
    metres = inputs[:, 1] + np.where(inputs[:, 2] > 0.7, 1.5, 0.1) * noise[:, 1]
    return inputs, kilograms, metres


@pytest.fixture(scope="module")
def curves():
    inputs, kilograms, metres = drawn()
    both = [np.column_stack([scale * kilograms, metres]) for scale in (1, 1000)]
    return [lw.compare((inputs, targets), ["linear"], folds=4, learning_curve=True) for targets in both]


def test_a_learning_curve_is_the_same_in_kilograms_and_grams(curves):
    kilograms, grams = (found.curves[0] for found in curves)
    assert kilograms.figure == grams.figure == "relative_rmse"
    np.testing.assert_allclose(grams.tested, kilograms.tested, rtol=1e-4)
    np.testing.assert_allclose(grams.learned, kilograms.learned, rtol=1e-4)


def test_it_is_the_error_of_each_target_by_its_deviation_among_the_rows_learned_from(curves):
    inputs, kilograms, metres = drawn()
    targets, dealt = np.column_stack([kilograms, metres]), np.array(curves[0].dealt[0])
    for fold in range(4):
        train, test = dealt != fold, dealt == fold
        answers = LinearRegression().fit(inputs[train], targets[train]).predict(inputs[test])
        relative = (answers - targets[test]) / targets[train].std(axis=0)
        assert curves[0].curves[0].tested[fold, -1] == pytest.approx(np.sqrt((relative**2).mean()), rel=1e-4)


@pytest.mark.parametrize(("language", "words"), [("en", "each target divided by its standard deviation"),
                                                 ("ko", "목표마다 학습 부분의 표준편차로 나눔")])  # fmt: skip
def test_the_sentence_says_what_was_divided(curves, language, words):
    with use(language):
        (twice, _) = curves[0].curves[0].sentences()
    assert words in twice


def test_label_sets_are_counted_by_their_labels():
    draw = np.random.default_rng(1)
    inputs = draw.normal(size=(200, 3))
    answers = (inputs[:, :2] + 0.5 * draw.normal(size=(200, 2)) > 0).astype(int)
    found = lw.compare((inputs, answers), ["logistic"], folds=4, learning_curve=True, task="tag")
    curve = found.curves[0]
    assert curve.figure == "hamming_loss"
    assert curve.tested[:, -1] == pytest.approx(found.scores[0].figures["hamming_loss"].ravel())


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    inputs, kilograms, metres = drawn()
    places = tmp_path_factory.mktemp("runs")
    return [
        lw.train((inputs, np.column_stack([scale * kilograms, metres])), "linear", run=str(places / str(scale)))
        for scale in (1, 1000)
    ]


def test_a_slice_that_is_weak_in_one_target_is_found_whatever_the_unit_of_the_other(runs):
    first, other = (run.results["slices"] for run in runs)
    assert first["figure"] == other["figure"] == "relative_mae"
    for found in (first, other):
        assert found["stands_out"]
        assert found["slices"][0]["field"] == first["slices"][0]["field"]
        assert found["slices"][0]["loss"] == pytest.approx(first["slices"][0]["loss"], rel=1e-4)
    low, high = first["interval"]
    assert low < first["slices"][0]["loss"] < high


@pytest.mark.parametrize(("language", "words"), [("en", "standard deviations of a target on average"),
                                                 ("ko", "목표 표준편차의")])  # fmt: skip
def test_the_report_says_that_errors_are_relative(runs, language, words, tmp_path):
    inputs, kilograms, metres = drawn()
    path = write_report(runs[0].opened, language, to=tmp_path / "page.html",
                        data=(inputs, np.column_stack([kilograms, metres])))  # fmt: skip
    page = path.read_text(encoding="utf-8")
    assert words in page
    assert ("relative mean absolute error" if language == "en" else "상대 평균 절대 오차") in page
