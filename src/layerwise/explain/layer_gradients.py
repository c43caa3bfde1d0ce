"""The numbers of back-propagation on one example: sums, outputs, deltas and gradients of each connected layer."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch

from layerwise.explain.arithmetic import DERIVATIVES
from layerwise.explain.linear_units import Activation, activation_after, arguments, arrays, layer_name
from layerwise.explain.recorder import undisturbed
from layerwise.explain.replay.tape import Values, backward_by_hand, replay_forward
from layerwise.explain.subject import ExampleLoss, Subject
from layerwise.explain.trace import Link, Operation, Trace, record

__all__ = ["LayerGradient", "layer_gradients", "slopes_by_difference"]

STEP = 1e-4
"""Step h of a numeric difference."""


@dataclass(frozen=True)
class LayerGradient:
    """One fully connected layer in the backward pass.

    Args:
        name: Path of its module.
        parameter: Name of its weight among the parameters.
        bias: Name of its bias among the parameters, or an empty text.
        inputs: What came in, a.
        weight: Its weights.
        sums: s.
        outputs: f(s).
        derivative: f'(s).
        activation: Name of f.
        settings: Its slope or alpha.
        delta: dE/ds by hand.
        recorded: dE/ds as autograd has it: the gradient of the bias, or of the weights where there is none.
        slope: dE/dw by autograd.
        error_slope: dE/df, where this is the last layer.
        above: The layer whose deltas come down, where only this activation lies between.
        loss: E.
    """

    name: str
    parameter: str
    bias: str
    inputs: np.ndarray
    weight: np.ndarray
    sums: np.ndarray
    outputs: np.ndarray
    derivative: np.ndarray
    activation: str
    settings: tuple[float, ...]
    delta: np.ndarray
    recorded: np.ndarray
    slope: np.ndarray
    error_slope: np.ndarray | None
    above: LayerGradient | None
    loss: float


def layer_gradients(subject: Subject) -> list[LayerGradient]:
    """Run forward, loss and backward on the example; return the fully connected layers from first to last.

    Raises:
        LayerwiseError: The target is unknown, or an operation of the loss cannot be followed.
    """
    learner = ExampleLoss(subject.model, subject.task)
    with undisturbed(subject.model), torch.enable_grad():
        trace = record(learner, subject.batch(), keep=True)
        loss = trace.result.total / trace.result.count
        parameters = {name.removeprefix("model."): weight for name, weight in learner.named_parameters()}
        learned = {name: weight for name, weight in parameters.items() if weight.requires_grad}
        found = torch.autograd.grad(loss, list(learned.values()), allow_unused=True) if loss.requires_grad else ()
    slopes = {
        name: slope.double().numpy(force=True) for name, slope in zip(learned, found, strict=False) if slope is not None
    }
    values = replay_forward(trace)
    by_hand = backward_by_hand(trace, values)
    # A layer that is used at several steps has one gradient for all of them, which no single delta explains.
    uses = Counter(_parameter_names(trace, each)[0] for each in trace.operations if each.name == "linear")
    layers: list[LayerGradient] = []
    for operation in reversed(trace.operations):
        if operation.name == "linear" and operation.outputs[0] in by_hand and operation.shape[:-1] in ((), (1,)):
            names = _parameter_names(trace, operation)
            if names[0] in slopes and uses[names[0]] == 1:
                above = layers[0] if layers else None
                layers.insert(0, _layer(trace, values, operation, by_hand, slopes, above, float(loss.item())))
    return layers


def _parameter_names(trace: Trace, operation: Operation) -> tuple[str, str]:
    given = arguments(operation)
    leaves = [
        trace.leaves.get(link.place) if isinstance(link := given[name], Link) else None for name in ("weight", "bias")
    ]
    weight, bias = (leaf.name if leaf is not None and leaf.role == "parameter" else "" for leaf in leaves)
    return weight, bias


def _layer(
    trace: Trace,
    values: Values,
    operation: Operation,
    by_hand: dict[int, np.ndarray],
    slopes: dict[str, np.ndarray],
    above: LayerGradient | None,
    loss: float,
) -> LayerGradient:
    """Collect the numbers of one layer."""
    given = arrays(trace, operation)
    activation = _on_path(trace, operation, by_hand)
    place = operation.outputs[0]
    sums = np.asarray(values.arrays[place], dtype=np.float64).reshape(-1)
    weight_name, bias_name = _parameter_names(trace, operation)
    delta = by_hand[place].reshape(-1)
    behind = activation.operation.outputs[0] if activation.operation else place
    return LayerGradient(
        name=layer_name(trace, operation),
        parameter=weight_name,
        bias=bias_name,
        inputs=given["input"].reshape(-1),
        weight=given["weight"],
        sums=sums,
        outputs=activation.function()(sums),
        derivative=DERIVATIVES[activation.name](sums, *activation.settings),
        activation=activation.name,
        settings=activation.settings,
        delta=delta,
        recorded=slopes.get(bias_name, delta),
        slope=slopes[weight_name],
        error_slope=by_hand[behind].reshape(-1) if above is None else None,
        above=above if above is not None and _feeds(trace, behind, above) else None,
        loss=loss,
    )


def _on_path(trace: Trace, operation: Operation, by_hand: dict[int, np.ndarray]) -> Activation:
    """Return the activation behind a layer if the loss goes through it and through nothing beside it."""
    users = [each for each in trace.operations if operation.outputs[0] in each.direct() and each.outputs[0] in by_hand]
    found = activation_after(trace, operation, users)
    return found if found.operation is None or found.operation.outputs[0] in by_hand else Activation()


def _feeds(trace: Trace, place: int, above: LayerGradient) -> bool:
    """Say whether a value goes unchanged into the layer above, and nowhere else."""
    current = place
    while True:
        users = [each for each in trace.operations if current in each.direct()]
        if len(users) != 1:
            return False
        user = users[0]
        if user.name == "linear":
            return layer_name(trace, user) == above.name
        if user.name not in ("flatten", "dropout", "reshape", "view", "squeeze", "contiguous", "to"):
            return False
        if any(part for part in user.arguments[1:2] if isinstance(part, np.ndarray)):
            return False
        current = user.outputs[0]


def slopes_by_difference(subject: Subject, parameter: str, entry: tuple[int, int]) -> tuple[float, float, float]:
    """Return the loss with one weight a step larger, a step smaller, and the step; all in float64.

    dE/dw = (E(w + h) - E(w - h)) / 2h + O(h^2)

    Args:
        subject: The network, the example and its target.
        parameter: Name of the weight.
        entry: Which entry of it.
    """
    model = copy.deepcopy(subject.model).double().eval()
    learner = ExampleLoss(model, subject.task)
    batch = subject.batch()
    # Symbols and class places stay whole numbers.
    inputs, targets = (side.double() if side.is_floating_point() else side for side in (batch.inputs, batch.targets))
    exact = type(batch)(inputs, targets, batch.rows, batch.weights)
    weight = model.get_parameter(parameter)
    losses = []
    with torch.no_grad(), torch.random.fork_rng():
        middle = float(weight[entry])
        for side in (1, -1):
            weight[entry] = middle + side * STEP
            result = learner(exact)
            losses.append(float(result.total / result.count))
    return losses[0], losses[1], STEP
