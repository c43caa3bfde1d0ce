"""Networks as scikit-learn estimators: they work in `Pipeline`, `cross_val_score` and `GridSearchCV`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from layerwise.config import Experiment, Train, experiment
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models import build
from layerwise.runs.opened import answer
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import ClosedForm, Examples
from layerwise.tasks.regress import Regress
from layerwise.training.state import Plan, prepare
from layerwise.workflow.learn import Silence, learn
from layerwise.workflow.start import resolve

__all__ = ["Classifier", "Regressor"]


def fit_network(
    name: str, task: Classify | Regress, inputs: np.ndarray, targets: torch.Tensor, weights: np.ndarray | None,
    options: Mapping[str, Any] | None, settings: Mapping[str, Any],
) -> tuple[torch.nn.Module, np.ndarray, np.ndarray]:  # fmt: skip
    """Standardise the inputs and learn; returns the network, and mean and deviation of each input."""
    mean = inputs.mean(axis=0)
    deviation = inputs.std(axis=0)
    deviation[deviation == 0] = 1.0
    values = torch.from_numpy(((inputs - mean) / deviation).astype(np.float32))
    whole = resolve(
        replace(experiment({}, start=Experiment()), model=replace(Experiment().model, name=name)),
        {key: value for key, value in settings.items() if value is not None}, len(inputs),
    )  # fmt: skip
    train: Train = replace(whole.train, **{key: value for key, value in settings.items() if value is not None})
    weight = None if weights is None else torch.from_numpy(np.asarray(weights, dtype=np.float32))
    with torch.random.fork_rng():
        torch.manual_seed(train.seed)
        model = build(name, inputs.shape[1], task.outputs(), options or {})
        if isinstance(model, ClosedForm):
            model.fit(values, targets, weight)
            return model, mean, deviation
        examples = Examples(values, targets, tuple(map(str, range(len(values)))), weight)
        nothing = Examples(values[:0], targets[:0], ())
        state = prepare(model, task, examples, replace(train, stopping="none"), Plan("cpu", torch.get_num_threads()))
        learn(state, nothing, None, Silence())
    return model, mean, deviation


class Classifier(ClassifierMixin, BaseEstimator):
    """A network of the catalogue as a scikit-learn classifier; inputs are standardised inside.

    Args:
        model: Name in the catalogue.
        options: Options of the network: `{"hidden": (64, 32)}`.
        epochs: How often the training part is gone through; None chooses by its size.
        batch_size: Examples learned from at once; None chooses.
        learning_rate: Step size; None takes the network's own.
        optimizer: Rule of the updates; None takes the network's own.
        weight_decay: Pull of every weight towards zero.
        random_state: Seed of weights and order.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> inputs, targets = load_iris(return_X_y=True)
        >>> Classifier("mlp", epochs=40).fit(inputs, targets).score(inputs, targets) > 0.9
        True
    """

    def __init__(
        self, model: str = "mlp", *, options: Mapping[str, Any] | None = None, epochs: int | None = None,
        batch_size: int | None = None, learning_rate: float | None = None, optimizer: str | None = None,
        weight_decay: float = 0.0, random_state: int = 0,
    ) -> None:  # fmt: skip
        self.model = model
        self.options = options
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803 - scikit-learn's names
        """Learn from rows `X` and their classes `y`."""
        inputs, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            message = f"Classifier can't train when only one class is present: {self.classes_[0]!r}"
            raise ValueError(message)
        task = Classify(tuple(str(name) for name in self.classes_))
        self.network_, self.mean_, self.deviation_ = fit_network(
            self.model, task, inputs, torch.from_numpy(codes.astype(np.int64)), sample_weight, self.options, _settings(self)
        )
        self.task_ = task
        return self

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return one probability a class for each row."""
        return _answer(self, X)

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return the most probable class of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class Regressor(RegressorMixin, BaseEstimator):
    """A network of the catalogue as a scikit-learn regressor; inputs and target are standardised inside.

    Args:
        model: Name in the catalogue.
        options: Options of the network.
        epochs: How often the training part is gone through; None chooses by its size.
        batch_size: Examples learned from at once; None chooses.
        learning_rate: Step size; None takes the network's own.
        optimizer: Rule of the updates; None takes the network's own.
        weight_decay: Pull of every weight towards zero.
        random_state: Seed of weights and order.
    """

    def __init__(
        self, model: str = "mlp", *, options: Mapping[str, Any] | None = None, epochs: int | None = None,
        batch_size: int | None = None, learning_rate: float | None = None, optimizer: str | None = None,
        weight_decay: float = 0.0, random_state: int = 0,
    ) -> None:  # fmt: skip
        self.model = model
        self.options = options
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Learn from rows `X` and their numbers `y`."""
        inputs, targets = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        mean, deviation = float(targets.mean()), float(targets.std()) or 1.0
        task = Regress(("target",), (mean,), (deviation,))
        values = torch.from_numpy(((targets - mean) / deviation).astype(np.float32))[:, None]
        self.network_, self.mean_, self.deviation_ = fit_network(
            self.model, task, inputs, values, sample_weight, self.options, _settings(self)
        )
        self.task_ = task
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return a number for each row."""
        return _answer(self, X)[:, 0]


def _settings(estimator: Classifier | Regressor) -> dict[str, Any]:
    """Return the training settings that an estimator was given."""
    if not isinstance(estimator.random_state, int):
        rule = say("A run repeats from a whole number as its seed.")
        raise LayerwiseError(rule, f"random_state = {estimator.random_state!r}", "random_state=0", usage=True)
    return {
        "epochs": estimator.epochs, "batch_size": estimator.batch_size, "learning_rate": estimator.learning_rate,
        "optimizer": estimator.optimizer, "weight_decay": estimator.weight_decay, "seed": estimator.random_state,
    }  # fmt: skip


def _answer(estimator: Classifier | Regressor, rows: Any) -> np.ndarray:
    """Return what the network says of new rows."""
    check_is_fitted(estimator, "network_")
    inputs = validate_data(estimator, rows, dtype=np.float64, reset=False)
    values = ((inputs - estimator.mean_) / estimator.deviation_).astype(np.float32)
    return answer(estimator.network_, estimator.task_, torch.from_numpy(values))
