"""The deep belief network: restricted Boltzmann machines on top of each other, learned one by one, then together.

Hinton, Osindero and Teh 2006, "A fast learning algorithm for deep belief nets"; Bengio and others 2007, "Greedy
layer-wise training of deep networks"; lecture 003, "Learning Algorithm of DBN" (slip E39: a deep *belief* network).
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.models.rbm import RestrictedBoltzmannMachine
from layerwise.tasks.contract import Batch, LossResult, Stage

__all__ = ["DeepBeliefNetwork", "GreedyLayer", "dbn"]


@register(
    "dbn",
    task="classify",
    source="Hinton, Osindero and Teh, A fast learning algorithm for deep belief nets, Neural Computation 2006",
    lecture="003 Deep Belief Network (DBN); Learning Algorithm of DBN",
    small={"inputs": 6, "outputs": 3, "hidden": (8, 8), "pretraining_epochs": 2, "weight_deviation": 0.5},
    train={"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 10, "epochs": 60, "scale": "min-max"},
)
def dbn(
    inputs: InputShape,
    outputs: int,
    *,
    hidden: tuple[int, ...] = (100, 100, 100, 100),
    pretraining: bool = True,
    pretraining_epochs: int = 20,
    pretraining_rate: float = 0.1,
    pretraining_momentum: float = 0.5,
    gibbs_steps: int = 1,
    weight_deviation: float = 0.01,
) -> nn.Module:
    """A stack of restricted Boltzmann machines as a deep network of sigmoid units with a linear output.

    a_j = sigmoid(c_j + W_j a_(j-1)), a_0 = x. First each machine learns, by contrastive divergence, the hidden
    probabilities of the one below it; then the whole network learns its task.

    Inputs from 0 to 1 are probabilities of a 1 (`scale = "min-max"`).

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes.
        hidden: Units of each hidden layer, from the input up.
        pretraining: Learn the machines one by one first; without it, back-propagation begins at the starting weights.
        pretraining_epochs: Epochs of each machine.
        pretraining_rate: Step size of each machine.
        pretraining_momentum: Share of the last update kept, 0 <= share < 1.
        gibbs_steps: Steps k of a chain in one update.
        weight_deviation: Standard deviation of the starting weights.

    Raises:
        LayerwiseError: A number is out of range.

    Source: lecture 003, "Deep Belief Network (DBN)"; Hinton, Osindero and Teh 2006.

    Example:
        >>> network = dbn(64, 10, hidden=(100, 50))
        >>> [stage.name for stage in network.stages()]
        ['rbm1', 'rbm2', 'fine-tuning']
        >>> sum(parameter.numel() for parameter in network.parameters())
        12224
    """
    require(len(hidden) >= 1 and all(units >= 1 for units in hidden), "hidden", hidden, "1, 2, 3 ...")
    require(pretraining_epochs >= 1, "pretraining_epochs", pretraining_epochs, "1, 2, 3 ...")
    require(pretraining_rate > 0, "pretraining_rate", pretraining_rate, "> 0")
    require(0 <= pretraining_momentum < 1, "pretraining_momentum", pretraining_momentum, "0 <= share < 1")
    require(gibbs_steps >= 1, "gibbs_steps", gibbs_steps, "1, 2, 3 ...")
    require(weight_deviation > 0, "weight_deviation", weight_deviation, "> 0")
    widths = (feature_count(inputs), *hidden)
    machines = [
        RestrictedBoltzmannMachine(below, above, gibbs_steps=gibbs_steps, weight_deviation=weight_deviation)
        for below, above in itertools.pairwise(widths)
    ]
    output = nn.Linear(widths[-1], outputs)
    nn.init.normal_(output.weight, std=weight_deviation)
    nn.init.zeros_(output.bias)
    settings = {
        "epochs": pretraining_epochs, "learning_rate": pretraining_rate, "momentum": pretraining_momentum,
        "optimizer": "momentum" if pretraining_momentum else "sgd", "schedule": "constant", "stopping": "none",
        "weight_decay": 0.0,
    }  # fmt: skip
    return DeepBeliefNetwork(machines, output, settings if pretraining else None)


class DeepBeliefNetwork(nn.Module):
    """Machines by the names `rbm1`, `rbm2` ... and an output layer.

    Args:
        machines: From the input up; each has as many visible units as the one below it has hidden ones.
        output: Takes the last hidden units.
        pretraining: Settings of learning of one machine; None to leave pre-training out.

    Source: lecture 003, "DBN as a stack of RBMs".

    Example:
        >>> stack = [RestrictedBoltzmannMachine(6, 4), RestrictedBoltzmannMachine(4, 2)]
        >>> DeepBeliefNetwork(stack, nn.Linear(2, 3), None)(torch.zeros(5, 6)).shape
        torch.Size([5, 3])
    """

    def __init__(
        self, machines: Sequence[RestrictedBoltzmannMachine], output: nn.Module, pretraining: dict[str, Any] | None
    ) -> None:
        super().__init__()
        self._names = tuple(f"rbm{number}" for number in range(1, len(machines) + 1))
        for name, machine in zip(self._names, machines, strict=True):
            self.add_module(name, machine)
        self.output = output
        self._pretraining = pretraining

    def names(self) -> tuple[str, ...]:
        """Return the names of the machines from the input up."""
        return self._names

    def machines(self) -> tuple[RestrictedBoltzmannMachine, ...]:
        """Return the machines from the input up."""
        return tuple(getattr(self, name) for name in self._names)

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch classes"]:
        """Return one logit a class."""
        values = inputs.flatten(1)
        for machine in self.machines():
            # a_j = sigmoid(c_j + W_j a_(j-1))
            values = machine(values)
        logits: Tensor = self.output(values)
        return logits

    def stages(self) -> tuple[Stage, ...]:
        """Return the machines one by one, then the whole network."""
        machines = self.machines()
        greedy = [
            Stage(name, GreedyLayer(machines[:place], machines[place]), self._pretraining)
            for place, name in enumerate(self._names)
            if self._pretraining is not None
        ]
        return (*greedy, Stage("fine-tuning"))


class GreedyLayer(nn.Module):
    """One machine that learns what the machines below it make of the data: their hidden probabilities, not samples.

    Args:
        below: The machines below, which stay as they are.
        machine: What is learned.

    Source: lecture 003, "Layer-wise Pre-train each RBM in Unsupervised way"; Hinton, Osindero and Teh 2006, section 4.

    Example:
        >>> layer = GreedyLayer([RestrictedBoltzmannMachine(6, 4)], RestrictedBoltzmannMachine(4, 2))
        >>> sum(parameter.numel() for parameter in layer.parameters())
        14
    """

    def __init__(self, below: Sequence[RestrictedBoltzmannMachine], machine: RestrictedBoltzmannMachine) -> None:
        super().__init__()
        # In a tuple, so that what is only read is not learned.
        self._below = tuple(below)
        self.machine = machine

    def inputs(self, examples: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch visible"]:
        """Return what the machine sees of some examples."""
        values = examples.flatten(1)
        with torch.no_grad():
            for each in self._below:
                values = each(values)
        return values

    def forward(self, examples: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch hidden"]:
        """Return the machine's own hidden probabilities."""
        probabilities: Tensor = self.machine(self.inputs(examples))
        return probabilities

    def loss(self, batch: Batch, state: Any) -> LossResult:
        """Return the machine's loss on the probabilities below it."""
        return self.machine.loss(replace(batch, inputs=self.inputs(batch.inputs)), state)

    def scores(self, output: Tensor) -> Tensor:
        """Return the output: nothing is classified."""
        return output
