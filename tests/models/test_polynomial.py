"""Polynomial regression: NumPy's fit, the exact curve through eleven points, and the lecture's overfitting."""

import numpy as np
import pytest
import torch

import layerwise as lw
from layerwise.data.builtin import builtin
from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.tasks.contract import Examples


def fitted(x, y, degree, weights=None):
    network = build("polynomial", 1, 1, {"degree": degree})
    given = None if weights is None else torch.from_numpy(weights)
    network.fit(Examples(torch.from_numpy(x[:, None]), torch.from_numpy(y[:, None]), (), given))
    return lambda asked: network(torch.from_numpy(np.asarray(asked)[:, None])).detach().numpy()[:, 0]


@pytest.mark.parametrize("degree", [1, 2, 5, 9])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_polynomial_of_least_squares(degree, weighted):
    drawn = np.random.default_rng(degree)
    x = drawn.uniform(90, 130, 40)
    y, weights = np.sin(x / 7) + drawn.normal(0, 0.1, 40), drawn.uniform(0.1, 3, 40)
    # NumPy's weights stand before the residual, ours before its square.
    peer = np.polynomial.Polynomial.fit(x, y, degree, w=np.sqrt(weights) if weighted else None)
    asked = np.linspace(92, 128, 30)
    assert np.allclose(fitted(x, y, degree, weights if weighted else None)(asked), peer(asked), atol=1e-9)


def test_a_row_without_weight_counts_for_nothing():
    x, y = np.arange(6.0), np.array([0.0, 1, 4, 9, 16, 999])
    weights = np.array([1.0, 1, 1, 1, 1, 0])
    assert np.allclose(fitted(x, y, 2, weights)(x[:5]), y[:5])


def parabola(part):
    source = builtin("parabola")
    rows = source.columns["part"].codes == ("train", "test").index(part)
    return source.columns["x"].values[rows], source.columns["target"].values[rows]


def test_degree_ten_runs_through_eleven_points_and_errs_on_others():
    """System S09: training error 0 to machine precision, test error above that of degree 2; degree 1 underfits."""
    (x, y), (new, truth) = parabola("train"), parabola("test")
    assert len(x) == 11
    training, test = {}, {}
    for degree in (1, 2, 10):
        curve = fitted(x, y, degree)
        training[degree] = np.sqrt(np.mean((curve(x) - y) ** 2))
        test[degree] = np.sqrt(np.mean((curve(new) - truth) ** 2))
    assert training[10] < 1e-10 * np.abs(y).max()
    assert training[2] > 0.1, "degree 2 leaves the noise"
    assert test[10] > 1.2 * test[2]
    assert test[1] > 1.5 * test[2]
    assert training[1] > 2 * training[2]


def test_more_powers_than_points_give_the_shortest_weights():
    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0, 3.0])
    assert np.allclose(fitted(x, y, 8)(x), y)
    assert np.allclose(fitted(np.full(4, 2.0), np.array([1.0, 2, 3, 4]), 3)([2.0]), 2.5)


@pytest.mark.parametrize(
    ("inputs", "options", "words"),
    [(2, {}, "takes one number"), (1, {"degree": 0}, "1, 2 ... 30"), (1, {"degree": 31}, "1, 2 ... 30")],
)
def test_what_is_no_polynomial_is_refused(inputs, options, words):
    with pytest.raises(LayerwiseError, match=words):
        build("polynomial", inputs, 1, options)


def test_the_run_shows_it_and_the_view_adds_its_terms_up(tmp_path):
    run = lw.train(
        "parabola", "polynomial", model_options={"degree": 10}, validation_fraction=0.0, run=str(tmp_path / "ten")
    )
    spread = parabola("train")[1].std()
    # Targets are learned in float32: eight digits of them are reached.
    assert run.results["train"]["rmse"]["value"] < 1e-6 * spread
    assert run.metrics["rmse"]["value"] > 0.7
    shown = run.explain("unit-sum")
    assert shown.verify()
    assert all(check.ok for check in shown.verify())
    page = (run.folder.path / "report.html").read_text(encoding="utf-8")
    assert 'id="fit"' in page
    assert "The fit" in page
