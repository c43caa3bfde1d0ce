"""The restricted Boltzmann machine: a layer of visible and a layer of hidden units that explain each other.

Smolensky 1986, "Information processing in dynamical systems: foundations of harmony theory"; Hinton 2002, "Training
products of experts by minimizing contrastive divergence"; Tieleman 2008 (persistent chains); lecture 003, "Deep Belief
Networks".
"""

from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.boltzmann import MOST_UNITS, free_energy, log_partition
from layerwise.layers.contrastive_divergence import contrastive_divergence, uniform
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.tasks.contract import Batch, LossResult
from layerwise.tasks.density import units_asked

__all__ = ["RestrictedBoltzmannMachine", "rbm"]

Sampling = Literal["cd", "persistent", "exact"]


@register(
    "rbm",
    task="density",
    source="Smolensky, Information processing in dynamical systems, 1986; Hinton, Neural Computation 2002",
    lecture="003 Restricted Boltzmann Machine (RBM); Contrastive Divergence (CD)",
    small={"inputs": 6, "outputs": 0, "hidden_units": 4, "sampling": "exact"},
    train={"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 20, "epochs": 15, "stopping": "none",
           "scale": "min-max"},
)  # fmt: skip
def rbm(
    inputs: InputShape,
    outputs: int,
    *,
    hidden_units: int = 100,
    sampling: Literal["cd", "persistent", "exact"] = "cd",
    gibbs_steps: int = 1,
    weight_deviation: float = 0.01,
) -> nn.Module:
    """Binary units in two layers without links inside a layer, learned so that the data become probable.

    P(x, h) = e^-E(x, h) / Z,  E = -b'x - c'h - h'Wx;  dW = eta (<h x>_data - <h x>_model)

    A machine of n_v visible and n_h hidden units has n_h n_v + n_h + n_v parameters: 784-500 has 393,284. Inputs from 0
    to 1 are probabilities of a 1 (`scale = "min-max"`); others are refused.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Not used: nothing is predicted.
        hidden_units: Hidden units.
        sampling: Where the model's side comes from: chains that begin at the data (cd), chains that go on from update
            to update (persistent), or every pattern of the smaller layer, at most 16 units (exact).
        gibbs_steps: Steps k of a chain in one update.
        weight_deviation: Standard deviation of the starting weights.

    Raises:
        LayerwiseError: A number is out of range, or the machine is too large for `exact`.

    Source: lecture 003, "Restricted Boltzmann Machine (RBM)" and "Contrastive Divergence"; Hinton 2002; Tieleman 2008.

    Example:
        >>> sum(parameter.numel() for parameter in rbm((1, 28, 28), 0, hidden_units=500).parameters())
        393284
    """
    require(hidden_units >= 1, "hidden_units", hidden_units, "1, 2, 3 ...")
    require(gibbs_steps >= 1, "gibbs_steps", gibbs_steps, "1, 2, 3 ...")
    require(weight_deviation > 0, "weight_deviation", weight_deviation, "> 0")
    visible = feature_count(inputs)
    if sampling == "exact" and min(visible, hidden_units) > MOST_UNITS:
        raise LayerwiseError(
            say("The exact gradient goes through every pattern of the smaller layer."),
            say("{} visible and {} hidden units", visible, hidden_units),
            say("Use --sampling cd or persistent, or at most {} units in one layer.", MOST_UNITS), usage=True,
        )  # fmt: skip
    return RestrictedBoltzmannMachine(
        visible, hidden_units, sampling=sampling, gibbs_steps=gibbs_steps, weight_deviation=weight_deviation
    )


class RestrictedBoltzmannMachine(nn.Module):
    """The machine with its own loss; its output is the probability of each hidden unit.

    Args:
        visible: Number of visible units.
        hidden: Number of hidden units.
        sampling: Where the model's side of the gradient comes from.
        gibbs_steps: Steps k of a chain in one update.
        weight_deviation: Standard deviation of the starting weights.

    Source: lecture 003, "Restricted Boltzmann Machine (RBM)"; starting weights N(0, 0.01): Hinton 2010, section 8.

    Example:
        >>> machine = RestrictedBoltzmannMachine(2, 1)
        >>> nn.init.zeros_(machine.hidden.weight).shape, machine(torch.ones(1, 2)).tolist()
        (torch.Size([1, 2]), [[0.5]])
    """

    def __init__(
        self, visible: int, hidden: int, *, sampling: Sampling = "cd", gibbs_steps: int = 1,
        weight_deviation: float = 0.01,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sampling, self.gibbs_steps = sampling, gibbs_steps
        self.hidden = nn.Linear(visible, hidden)
        self.sigmoid = nn.Sigmoid()
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        nn.init.normal_(self.hidden.weight, std=weight_deviation)
        nn.init.zeros_(self.hidden.bias)

    @property
    def weight(self) -> Float[Tensor, "hidden visible"]:
        """W, one row a hidden unit."""
        return self.hidden.weight

    @property
    def hidden_bias(self) -> Float[Tensor, " hidden"]:
        """The c of the lecture."""
        return self.hidden.bias

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch hidden"]:
        """Return P(h = 1 | x)."""
        probabilities: Tensor = self.sigmoid(self.hidden(inputs.flatten(1)))
        return probabilities

    def loss(self, batch: Batch, state: Any) -> LossResult:
        """Return in learning what has the gradient of the chosen rule, else the loss to be judged by.

        cd, persistent: D = sum_n (F(x_n) - F(sample_n)), the samples held still; exact: -sum_n ln P(x_n). Outside
        learning: -sum_n ln P(x_n) where one layer is small enough, else the pseudo-log-likelihood in its place.
        """
        # Chains and energies need the full precision, whatever the forward pass of other layers takes.
        with torch.autocast(self.weight.device.type, enabled=False):
            visible = batch.inputs.flatten(1).to(self.weight.dtype)
            if self.training and self.sampling != "exact":
                return self._divergence(batch, visible, state)
            # Outside learning the patterns are judged, so an input that is a probability is rounded to one.
            likelihood = self._likelihood(visible if self.training else visible.round(), batch.rows)
            total = -(likelihood if batch.weights is None else likelihood * batch.weights).sum()
            return LossResult(total, batch.count(), self(visible), state=state)

    def _likelihood(self, visible: Tensor, rows: Tensor) -> Tensor:
        if self.enumerable():
            return self.log_likelihood(visible)
        return self.pseudo_log_likelihood(visible, units_asked(rows, visible.shape[1]))

    def _divergence(self, batch: Batch, visible: Tensor, state: Any) -> LossResult:
        """Set the examples against the ends of chains: begun at each example, or gone on from the update before."""
        count, (hidden_units, visible_units) = len(visible), self.weight.shape
        start = None
        if self.sampling == "persistent":
            start = self._first_chains(visible) if state is None else state["hidden"]
        # As many chains as the first batch has examples; together they weigh as much as the examples together.
        chains = count if start is None else len(start)
        shapes = [(chains, hidden_units), (chains, visible_units)] * self.gibbs_steps
        drawn = uniform(*shapes, device=visible.device)
        factors = visible.new_ones(count + chains)
        if batch.weights is None:
            factors[count:] = -count / chains
        else:
            factors[:count] = batch.weights
            factors[count:] = -batch.weights if start is None else -batch.weights.sum() / chains
        total, hidden, end = contrastive_divergence(
            visible, factors, list(zip(drawn[::2], drawn[1::2], strict=True)), start, self.weight, self.visible_bias,
            self.hidden_bias,
        )  # fmt: skip
        return LossResult(total, batch.count(), hidden, state=None if start is None else {"hidden": end})

    def _first_chains(self, visible: Tensor) -> Tensor:
        """Begin a chain at the hidden units of each example."""
        (drawn,) = uniform((len(visible), len(self.hidden_bias)), device=visible.device)
        with torch.no_grad():
            # h_0 ~ P(h | x)
            chains: Tensor = (drawn < self(visible)).to(visible.dtype)
        return chains

    def scores(self, output: Tensor) -> Tensor:
        """Return the output: nothing is classified."""
        return output

    def enumerable(self) -> bool:
        """Say whether every pattern of one of the layers can be gone through."""
        return min(self.weight.shape) <= MOST_UNITS

    def log_likelihood(self, visible: Float[Tensor, "batch visible"]) -> Float[Tensor, " batch"]:
        """Return the exact ln P(x) = -F(x) - ln Z; only where the machine is `enumerable`."""
        parts = self.weight, self.visible_bias, self.hidden_bias
        # ln P(x) = -F(x) - ln Z
        return -free_energy(visible, *parts) - log_partition(*parts)

    def pseudo_log_likelihood(
        self, visible: Float[Tensor, "batch visible"], units: Int[Tensor, "batch asked"]
    ) -> Float[Tensor, " batch"]:
        """Return how well visible units are told by all the others, scaled from those asked to all of them.

        (n_v / m) sum_(j asked) ln P(x_j | x without j) = -(n_v / m) sum_j ln(1 + e^(F(x) - F(x with x_j flipped)))

        Args:
            visible: One row x per example, 0 and 1.
            units: The m visible units that each example is asked about.
        """
        sums = functional.linear(visible, self.weight, self.hidden_bias)
        here = functional.softplus(sums).sum(dim=1)
        total = torch.zeros_like(here)
        for unit in units.T:
            # Flipping x_j moves the sums by d W_j and -b'x by -d b_j, d = 1 - 2 x_j.
            change = 1 - 2 * visible.gather(1, unit[:, None])
            there = functional.softplus(sums + change * self.weight.T[unit]).sum(dim=1)
            risen = here - there - change[:, 0] * self.visible_bias[unit]
            # ln P(x_j | rest) = ln sigmoid(F(flipped) - F(x)), F(flipped) - F(x) = here - there - d b_j
            total = total + functional.logsigmoid(risen)
        return total * (visible.shape[1] / units.shape[1])

    def visible_sums(self, hidden: Float[Tensor, "batch hidden"]) -> Float[Tensor, "batch visible"]:
        """Return the weighted sums of the visible units; their sigmoid is P(x = 1 | h)."""
        # s_j = b_j + W^j h
        return functional.linear(hidden, self.weight.T, self.visible_bias)

    def reconstruct(self, visible: Float[Tensor, "batch visible"]) -> Float[Tensor, "batch visible"]:
        """Return P(x = 1 | h = P(h = 1 | x)): up and down once, without sampling."""
        # x' = sigmoid(b + W' P(h = 1 | x))
        return self.visible_sums(self(visible)).sigmoid()
