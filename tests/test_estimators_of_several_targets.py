"""A Regressor learns several targets at once, as scikit-learn's own learners do."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.utils import get_tags

from layerwise.estimators import Regressor

DRAW = np.random.default_rng(0)
INPUTS = DRAW.normal(size=(80, 3))
TARGETS = INPUTS @ DRAW.normal(size=(3, 2)) * [1, 100] + [0, 5] + DRAW.normal(size=(80, 2))


def test_two_targets_are_answered_side_by_side_as_by_scikit_learn():
    model = Regressor("linear").fit(INPUTS, TARGETS)
    wanted = LinearRegression().fit(INPUTS, TARGETS)
    np.testing.assert_allclose(model.predict(INPUTS), wanted.predict(INPUTS), rtol=1e-6)
    assert model.score(INPUTS, TARGETS) == pytest.approx(wanted.score(INPUTS, TARGETS))
    assert get_tags(model).target_tags.multi_output


def test_one_target_keeps_the_form_it_came_in():
    assert Regressor("linear").fit(INPUTS, TARGETS[:, 0]).predict(INPUTS).shape == (80,)
    assert Regressor("linear").fit(INPUTS, TARGETS[:, :1]).predict(INPUTS).shape == (80, 1)


def test_targets_of_different_size_are_learned_alike():
    assert cross_val_score(Regressor("mlp", epochs=15, learning_rate=0.01), INPUTS, TARGETS, cv=3).min() > 0.7
