"""How a restricted Boltzmann machine learns: the exact gradient, contrastive divergence, and chains that go on."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from layerwise.byhand.rbm import Parameters, free_energy, hidden_probabilities, patterns, visible_probabilities

__all__ = [
    "Draws", "Statistics", "contrastive_divergence", "exact_gradient", "persistent_divergence", "update",
]  # fmt: skip


@dataclass(frozen=True)
class Draws:
    """Uniform random numbers from 0 to 1, one for every unit that is sampled.

    Attributes:
        hidden: One layer a step.
        visible: One layer a step.
    """

    hidden: Float[np.ndarray, "steps chains hidden"]
    visible: Float[np.ndarray, "steps chains visible"]


@dataclass(frozen=True)
class Statistics:
    """What one step of learning saw, and the ascent direction that follows.

    Attributes:
        visible: x_k, where the chains ended.
        hidden: P(h = 1 | x_k) there.
        gradient: <h x>_data - <h x>_k, and the same for the biases.
    """

    visible: Float[np.ndarray, "chains visible"]
    hidden: Float[np.ndarray, "chains hidden"]
    gradient: Parameters


def _outer_means(
    visible: Float[np.ndarray, "batch visible"], hidden: Float[np.ndarray, "batch hidden"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return hidden.T @ visible / len(visible), visible.mean(axis=0), hidden.mean(axis=0)


def _difference(
    data: Float[np.ndarray, "batch visible"], model: Float[np.ndarray, "chains visible"], parameters: Parameters
) -> Parameters:
    positive = _outer_means(data, hidden_probabilities(data, parameters))
    negative = _outer_means(model, hidden_probabilities(model, parameters))
    # <h x>_data - <h x>_model, with probabilities for h on both sides
    return Parameters(*(above - below for above, below in zip(positive, negative, strict=True)))


def exact_gradient(visible: Float[np.ndarray, "batch visible"], parameters: Parameters) -> Parameters:
    """Return the gradient of the mean of ln P(x), the model's side summed over every visible pattern.

    d ln P / dw_ij = <h_i x_j>_data - <h_i x_j>_model

    Args:
        visible: One row x per example, 0 and 1.
        parameters: W, b and c; at most 20 visible units.

    Raises:
        ValueError: There are too many visible units.

    Source: lecture 003, "Unsupervised Learning of RBM" (slip E37: there it is that of the negative log-likelihood).

    Example:
        >>> machine = Parameters(np.zeros((1, 1)), np.zeros(1), np.zeros(1))
        >>> exact_gradient(np.ones((1, 1)), machine).weight.tolist()
        [[0.25]]
    """
    every = patterns(visible.shape[1])
    energies = free_energy(every, parameters)
    chances = np.exp(energies.min() - energies)
    chances /= chances.sum()
    hidden = hidden_probabilities(every, parameters)
    positive = _outer_means(visible, hidden_probabilities(visible, parameters))
    # <h_i x_j>_model = sum_x P(x) P(h_i = 1 | x) x_j
    negative = (hidden * chances[:, None]).T @ every, chances @ every, chances @ hidden
    return Parameters(*(above - below for above, below in zip(positive, negative, strict=True)))


def contrastive_divergence(
    visible: Float[np.ndarray, "batch visible"], parameters: Parameters, draws: Draws
) -> Statistics:
    """Return the direction of CD-k: a chain of k Gibbs steps begins at each example.

    h ~ P(h | x_(t-1)),  x_t ~ P(x | h) for t = 1 .. k;  dW = <h x>_0 - <h x>_k

    A unit is 1 where its draw is below its probability. Samples drive the chain; the statistics take the hidden
    probabilities, which have the same mean and less noise.

    Args:
        visible: One row x per example, from 0 to 1.
        parameters: W, b and c.
        draws: k draws for every unit of every chain.

    Source: lecture 003, "Contrastive Divergence (CD) Learning of RBM parameters" (slips E37, E38); Hinton 2002.

    Example:
        >>> machine = Parameters(np.zeros((1, 2)), np.zeros(2), np.zeros(1))
        >>> draws = Draws(hidden=np.full((1, 1, 1), 0.3), visible=np.array([[[0.2, 0.8]]]))
        >>> seen = contrastive_divergence(np.array([[1.0, 1.0]]), machine, draws)
        >>> seen.visible.tolist(), seen.gradient.weight.tolist()
        ([[1.0, 0.0]], [[0.0, 0.5]])
    """
    here = visible
    for up, down in zip(draws.hidden, draws.visible, strict=True):
        # h ~ P(h | x_(t-1))
        hidden = (up < hidden_probabilities(here, parameters)).astype(np.float64)
        # x_t ~ P(x | h)
        here = (down < visible_probabilities(hidden, parameters)).astype(np.float64)
    return Statistics(here, hidden_probabilities(here, parameters), _difference(visible, here, parameters))


def persistent_divergence(
    visible: Float[np.ndarray, "batch visible"], chains: Float[np.ndarray, "chains hidden"], parameters: Parameters,
    draws: Draws,
) -> tuple[Statistics, Float[np.ndarray, "chains hidden"]]:  # fmt: skip
    """Return the direction of persistent CD, whose chains go on where they stood, and where they stand now.

    x_t ~ P(x | h_(t-1)),  h_t ~ P(h | x_t) for t = 1 .. k;  dW = <h x>_data - <P(h | x_k) x_k>_chains

    Args:
        visible: One row x per example, from 0 to 1.
        chains: The hidden pattern h_0 of each chain, 0 and 1.
        parameters: W, b and c.
        draws: k draws for every unit of every chain.

    Source: Tieleman 2008, Training restricted Boltzmann machines using approximations to the likelihood gradient.

    Example:
        >>> machine = Parameters(np.zeros((1, 2)), np.zeros(2), np.zeros(1))
        >>> draws = Draws(hidden=np.full((1, 1, 1), 0.3), visible=np.array([[[0.2, 0.8]]]))
        >>> seen, chains = persistent_divergence(np.array([[1.0, 1.0]]), np.zeros((1, 1)), machine, draws)
        >>> seen.visible.tolist(), chains.tolist()
        ([[1.0, 0.0]], [[1.0]])
    """
    for up, down in zip(draws.hidden, draws.visible, strict=True):
        # x_t ~ P(x | h_(t-1))
        here = (down < visible_probabilities(chains, parameters)).astype(np.float64)
        # h_t ~ P(h | x_t)
        chains = (up < hidden_probabilities(here, parameters)).astype(np.float64)
    return Statistics(here, hidden_probabilities(here, parameters), _difference(visible, here, parameters)), chains


def update(parameters: Parameters, gradient: Parameters, *, learning_rate: float) -> Parameters:
    """Return the parameters after one step uphill.

    w <- w + eta (<h x>_data - <h x>_k)

    Args:
        parameters: W, b and c.
        gradient: The ascent direction of each.
        learning_rate: eta > 0.

    Source: Hinton 2002; lecture 003 (slip E37: written as descent of the negative log-likelihood).

    Example:
        >>> machine = Parameters(np.zeros((1, 1)), np.zeros(1), np.zeros(1))
        >>> update(machine, exact_gradient(np.ones((1, 1)), machine), learning_rate=0.1).weight.tolist()
        [[0.025]]
    """
    # w <- w + eta (<h x>_data - <h x>_k)
    return Parameters(
        parameters.weight + learning_rate * gradient.weight,
        parameters.visible_bias + learning_rate * gradient.visible_bias,
        parameters.hidden_bias + learning_rate * gradient.hidden_bias,
    )
