"""Find the restricted Boltzmann machine in a network, and what it sees of one example."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from layerwise.errors import LayerwiseError, nearest
from layerwise.explain.arithmetic import Arithmetic, activated, rounding, weighted_sum
from layerwise.explain.recorder import undisturbed
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.models.dbn import DeepBeliefNetwork
from layerwise.models.rbm import RestrictedBoltzmannMachine

__all__ = ["Machine", "has_machine", "machine_of", "probability_lines"]


@dataclass(frozen=True)
class Machine:
    """One machine with its numbers in float64, as the network has them.

    Args:
        name: Its name in a deep belief network, or an empty text.
        weight: W, one row a hidden unit.
        visible_bias: b.
        hidden_bias: c.
        visible: What it sees of the example, from 0 to 1.
        sums: c + W x as the network computes them.
        hidden: P(h = 1 | x) as the network computes them.
        shape: Channels, height and width of what it sees, where that is a picture.
        module: The machine itself.
    """

    name: str
    weight: np.ndarray
    visible_bias: np.ndarray
    hidden_bias: np.ndarray
    visible: np.ndarray
    sums: np.ndarray
    hidden: np.ndarray
    shape: tuple[int, int, int] | None
    module: RestrictedBoltzmannMachine

    def down(self, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return sums and probabilities of the visible units, computed by the network from hidden values."""
        with torch.no_grad():
            sums = self.module.visible_sums(torch.from_numpy(hidden)[None].to(self.module.weight))[0]
            return sums.double().numpy(force=True), sums.sigmoid().double().numpy(force=True)

    def picture(self, values: np.ndarray) -> np.ndarray:
        """Return visible values as a picture, channels side by side; a row where they are none."""
        return values.reshape(1, -1) if self.shape is None else np.concatenate(list(values.reshape(self.shape)), axis=1)


def has_machine(subject: Subject) -> bool:
    """Say whether a network is made of restricted Boltzmann machines."""
    return isinstance(subject.model, RestrictedBoltzmannMachine | DeepBeliefNetwork)


def machine_of(subject: Subject, layer: str) -> Machine:
    """Return a machine of a network and what it sees of the example; the first one when no layer is named.

    Raises:
        LayerwiseError: No machine has the name.
    """
    model, values = subject.model, subject.inputs.flatten(1)
    stack = dict(zip(model.names(), model.machines(), strict=True)) if isinstance(model, DeepBeliefNetwork) else {}
    if layer and layer not in stack:
        rule = say("A layer is named as in the layer table.")
        raise LayerwiseError(rule, say("layer '{}'", layer), nearest(layer, stack or ["rbm1"]), usage=True)
    shape = tuple(subject.inputs.shape[1:])
    picture = (shape[0], shape[1], shape[2]) if len(shape) == 3 else None
    found = model if isinstance(model, RestrictedBoltzmannMachine) else next(iter(stack.values()))
    chosen = layer or next(iter(stack), "")
    with torch.no_grad(), undisturbed(model):
        for name, machine in stack.items():
            found = machine
            if name == chosen:
                break
            values, picture = machine(values), None
        sums, hidden = found.hidden(values)[0], found(values)[0]
    weight, visible_bias, hidden_bias = (
        part.detach().double().numpy(force=True) for part in (found.weight, found.visible_bias, found.hidden_bias)
    )
    seen, totals, chances = (part.double().numpy(force=True) for part in (values[0], sums, hidden))
    return Machine(chosen, weight, visible_bias, hidden_bias, seen, totals, chances, picture, found)


def probability_lines(
    name: str, inputs: np.ndarray, weight: np.ndarray, bias: float, total: float, chance: float, epsilon: float
) -> tuple[Arithmetic, Arithmetic]:
    """Return the sum of one unit and its probability as lines to verify.

    Args:
        name: What the unit is called: `h[3]`.
        inputs: Units of the other layer.
        weight: Weights to them.
        bias: Bias of the unit.
        total: Weighted sum as the network has it.
        chance: Probability of a 1 as the network has it.
        epsilon: Spacing of the network's numbers at 1.
    """
    operands = {"inputs": inputs, "weight": weight, "bias": np.array(bias)}
    tolerance = rounding(inputs * weight, np.array(bias), epsilon=epsilon)
    return (
        Arithmetic(f"z of {name}", "z = w·x + b", weighted_sum, operands, np.array(total), tolerance),
        Arithmetic(
            f"P({name} = 1)", "P = 1 / (1 + e^-z)", activated, {"inputs": np.array(total)}, np.array(chance),
            rounding(np.array(chance), epsilon=epsilon), {"name": "sigmoid"},
        ),
    )  # fmt: skip
