"""Networks as scikit-learn estimators: they work in `Pipeline`, `cross_val_score` and `GridSearchCV`.

As elsewhere in scikit-learn, float64 rows are learned from and answered in float64, and float32 rows in float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from layerwise.config import Model, experiment
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.memory import input_columns
from layerwise.data.preprocess import Preprocessing
from layerwise.data.preprocess import fit as fit_preprocessing
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models import build
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import ClosedForm, Examples
from layerwise.tasks.regress import Regress
from layerwise.training.device import choose_plan
from layerwise.workflow.fold import learn_quietly
from layerwise.workflow.prepare import resolve, suggested
from layerwise.workflow.refusals import refuse_task, refuse_unused

__all__ = ["Classifier", "Regressor"]

FLOATS = (np.float64, np.float32)
"""Types of rows that are taken as they are; others are read as the first."""

MODEST = ("majority", "mean", "threshold")
"""Learners that are there to be surpassed: two guess the same throughout, one looks at a single column."""


def fit_network(
    name: str, task: Classify | Regress, inputs: np.ndarray, targets: torch.Tensor, weights: np.ndarray | None,
    options: Mapping[str, Any] | None, settings: Mapping[str, Any],
) -> torch.nn.Module:  # fmt: skip
    """Learn from standardised inputs; settings that are None are chosen as the commands choose them."""
    values = torch.from_numpy(inputs)
    named = {key: value for key, value in settings.items() if value is not None}
    whole = suggested(replace(experiment(named), model=Model(name)), named)
    whole = resolve(whole, named, len(inputs), validation=0)
    weight = None if weights is None else torch.from_numpy(weights)
    refuse_task(name, task.name)
    with torch.random.fork_rng():
        torch.manual_seed(whole.train.seed)
        model = build(name, inputs.shape[1], task.outputs(), options or {}).to(values.dtype)
        refuse_unused(name, model, named)
        training = Examples(values, targets, tuple(map(str, range(len(values)))), weight)
        if isinstance(model, ClosedForm):
            model.fit(training)
            return model
        examples = {"train": training, "validation": Examples(values[:0], targets[:0], ())}
        # Every weight of a network over rows of numbers is multiplied once an example.
        weights_used = sum(part.numel() for part in model.parameters())
        learn_quietly(model, task, examples, whole.train, choose_plan(replace(whole.train, device="cpu"), weights_used))
    return model


def weighted(estimator: Classifier | Regressor, rows: np.ndarray, sample_weight: Any) -> np.ndarray | None:
    """Return the checked weight of each row, or None; at least one must be positive."""
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, rows, dtype=rows.dtype, ensure_non_negative=True)
    if not weights.any():
        message = f"{type(estimator).__name__} needs a row of positive sample weight; sample weights are all zero."
        raise ValueError(message)
    return np.asarray(weights)


def usual_scale(estimator: Classifier | Regressor) -> str:
    """Return how the inputs of a network are scaled: as its entry in the catalogue asks; intervals stay 0 and 1."""
    if estimator.discretise != "none":
        return "none"
    return suggested(replace(experiment({}), model=Model(estimator.model)), {}).preprocess.scale


def spread(values: np.ndarray, weights: np.ndarray | None, scale: str = "auto") -> tuple[np.ndarray, np.ndarray]:
    """Return what is subtracted from each column and what it is divided by: 1 for a constant column.

    Args:
        values: One row an example.
        weights: Weight of each row, or None.
        scale: auto or standardise: mean and standard deviation; min-max: smallest value and range; none: 0 and 1.
    """
    if scale == "none":
        return np.zeros(values.shape[1], values.dtype), np.ones(values.shape[1], values.dtype)
    if scale == "min-max":
        width = values.max(axis=0) - values.min(axis=0)
        return values.min(axis=0), np.where(width == 0, 1.0, width)
    mean = np.average(values, axis=0, weights=weights)
    deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    constant = values.min(axis=0) == values.max(axis=0)
    return np.where(constant, values[0], mean), np.where(constant, 1.0, deviation)


def fitted_inputs(
    estimator: Classifier | Regressor, inputs: np.ndarray, targets: Mapping[str, Categories | Numbers]
) -> Preprocessing | None:
    """Fit the selection and the intervals that an estimator asks for on its rows; None where it asks for neither."""
    asked = {"select": tuple(estimator.select), "discretise": estimator.discretise, "intervals": estimator.intervals}
    if experiment(asked) == experiment({}):
        return None
    columns = input_columns(inputs)
    fields = (*map(Field, columns), *(Field(name, "target") for name in targets))
    source = Source("rows", "memory", fields, {**columns, **targets})
    settings = replace(experiment(asked).preprocess, scale="none" if estimator.discretise == "none" else "auto")
    return fit_preprocessing(source, np.arange(len(inputs)), settings)


def prepared(estimator: Classifier | Regressor, inputs: np.ndarray) -> np.ndarray:
    """Return the rows before they are scaled: what is kept of them, or the intervals their numbers lie in."""
    fitted = estimator.preprocessing_
    if fitted is None:
        return inputs
    if estimator.discretise == "none" and fitted.selection is not None:
        # Taken from the rows themselves, so that they keep every digit.
        return inputs[:, list(fitted.selection.keep)]
    applied = fitted.apply(Source("rows", "memory", (), input_columns(inputs)))
    return np.asarray(applied, dtype=inputs.dtype)


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A learner of the catalogue as a scikit-learn classifier; inputs are scaled inside, as the catalogue asks.

    Args:
        model: Name in the catalogue.
        options: Options of the network: `{"hidden": (64, 32)}`.
        epochs: How often the training part is gone through; None chooses by its size.
        batch_size: Examples learned from at once; None chooses.
        learning_rate: Step size; None takes the network's own.
        optimizer: Rule of the updates; None takes the network's own.
        weight_decay: Pull of every weight towards zero.
        random_state: Seed of weights and order.
        select: Inputs that are kept, method after method: `("variance=0", "correlation=20")`; every row counts once,
            whatever its weight.
        discretise: Whether numbers become intervals: none, equal-width, equal-frequency or supervised.
        intervals: How many intervals a number becomes.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> inputs, targets = load_iris(return_X_y=True)
        >>> Classifier("mlp", epochs=40).fit(inputs, targets).score(inputs, targets) > 0.9
        True
    """

    def __init__(
        self, model: str = "mlp", *, options: Mapping[str, Any] | None = None, epochs: int | None = None,
        batch_size: int | None = None, learning_rate: float | None = None, optimizer: str | None = None,
        weight_decay: float = 0.0, random_state: int = 0, select: Sequence[str] = (),
        discretise: str = "none", intervals: int = 10,
    ) -> None:  # fmt: skip
        self.model = model
        self.options = options
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.random_state = random_state
        self.select = select
        self.discretise = discretise
        self.intervals = intervals

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows `X` and their classes `y`."""
        inputs, labels = validate_data(self, X, y, dtype=FLOATS)
        check_classification_targets(labels)
        weights = weighted(self, inputs, sample_weight)
        if weights is not None:
            inputs, labels, weights = inputs[weights > 0], labels[weights > 0], weights[weights > 0]
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            message = f"Classifier can't train when only one class is present: {self.classes_[0]!r}"
            raise ValueError(message)
        task = Classify(tuple(str(name) for name in self.classes_))
        self.preprocessing_ = fitted_inputs(self, inputs, {"target": Categories(codes, task.classes)})
        inputs = prepared(self, inputs)
        self.mean_, self.deviation_ = spread(inputs, weights, usual_scale(self))
        places = torch.from_numpy(codes.astype(np.int64))
        values = (inputs - self.mean_) / self.deviation_
        self.network_ = fit_network(self.model, task, values, places, weights, self.options, _settings(self))
        self.task_ = task
        return self

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn's checks not to expect much of the simplest rules."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = self.model in MODEST
        return tags

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return one probability a class for each row."""
        check_is_fitted(self, "network_")
        return _answer(self, X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row."""
        check_is_fitted(self, "network_")
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A learner of the catalogue as a scikit-learn regressor; inputs and target are scaled inside.

    Args:
        model: Name in the catalogue.
        options: Options of the network.
        epochs: How often the training part is gone through; None chooses by its size.
        batch_size: Examples learned from at once; None chooses.
        learning_rate: Step size; None takes the network's own.
        optimizer: Rule of the updates; None takes the network's own.
        weight_decay: Pull of every weight towards zero.
        random_state: Seed of weights and order.
        select: Inputs that are kept, method after method: `("variance=0", "correlation=20")`; every row counts once,
            whatever its weight.
        discretise: Whether numbers become intervals: none, equal-width, equal-frequency.
        intervals: How many intervals a number becomes.
    """

    def __init__(
        self, model: str = "mlp", *, options: Mapping[str, Any] | None = None, epochs: int | None = None,
        batch_size: int | None = None, learning_rate: float | None = None, optimizer: str | None = None,
        weight_decay: float = 0.0, random_state: int = 0, select: Sequence[str] = (),
        discretise: str = "none", intervals: int = 10,
    ) -> None:  # fmt: skip
        self.model = model
        self.options = options
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.random_state = random_state
        self.select = select
        self.discretise = discretise
        self.intervals = intervals

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows `X` and their numbers `y`, one a row or several, `(rows, targets)`."""
        inputs, targets = validate_data(self, X, y, dtype=FLOATS, y_numeric=True, multi_output=True)
        targets = targets.astype(inputs.dtype)
        self.several_ = targets.ndim == 2
        targets = targets.reshape(len(targets), -1)
        weights = weighted(self, inputs, sample_weight)
        if weights is not None:
            inputs, targets, weights = inputs[weights > 0], targets[weights > 0], weights[weights > 0]
        mean, deviation = spread(targets, weights)
        names = tuple(f"target {place + 1}" for place in range(targets.shape[1]))
        task = Regress(names, tuple(map(float, mean)), tuple(map(float, deviation)))
        wanted = torch.from_numpy((targets - mean) / deviation)
        held = {name: Numbers(targets[:, place].astype(np.float64)) for place, name in enumerate(names)}
        self.preprocessing_ = fitted_inputs(self, inputs, held)
        inputs = prepared(self, inputs)
        self.mean_, self.deviation_ = spread(inputs, weights, usual_scale(self))
        values = (inputs - self.mean_) / self.deviation_
        self.network_ = fit_network(self.model, task, values, wanted, weights, self.options, _settings(self))
        self.task_ = task
        return self

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that several targets may be learned at once, and not to expect much of the mean."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = self.model in MODEST
        return tags

    def predict(self, X: Any) -> np.ndarray:
        """Return a number for each row, or several as they were learned, `(rows, targets)`."""
        check_is_fitted(self, "network_")
        answers = _answer(self, X)
        return answers if self.several_ else answers[:, 0]


def _settings(estimator: Classifier | Regressor) -> dict[str, Any]:
    """Return the training settings that an estimator was given."""
    named = {
        "epochs": estimator.epochs, "batch_size": estimator.batch_size, "learning_rate": estimator.learning_rate,
        "optimizer": estimator.optimizer, "weight_decay": estimator.weight_decay, "seed": estimator.random_state,
    }  # fmt: skip
    # A search over np.arange(...) hands NumPy's own numbers over.
    settings = {name: value.item() if isinstance(value, np.generic) else value for name, value in named.items()}
    if not isinstance(settings["seed"], int):
        rule = say("A run repeats from a whole number as its seed.")
        raise LayerwiseError(rule, f"random_state = {estimator.random_state!r}", "random_state=0", usage=True)
    return settings


def _answer(estimator: Classifier | Regressor, rows: Any) -> np.ndarray:
    """Return what the network says of new rows."""
    inputs = prepared(estimator, validate_data(estimator, rows, dtype=FLOATS, reset=False))
    values = ((inputs - estimator.mean_) / estimator.deviation_).astype(estimator.mean_.dtype)
    examples = Examples(torch.from_numpy(values), torch.zeros(len(values), 0), ())
    return estimator.task_.answer(estimator.network_, examples)
