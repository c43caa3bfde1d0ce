"""The restricted Boltzmann machine: energy, conditionals, and its likelihood, exact by enumeration."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from layerwise.byhand.activations import sigmoid

__all__ = [
    "Parameters", "energy", "free_energy", "hidden_probabilities", "joint_probabilities", "log_likelihood",
    "log_partition", "patterns", "pseudo_log_likelihood", "reconstruct", "visible_probabilities",
]  # fmt: skip

MOST_UNITS = 20
"""Units whose patterns are enumerated at most: 2^20 of them."""


@dataclass(frozen=True)
class Parameters:
    """The three parameters, or their gradients; the symbols are those of the lecture.

    Attributes:
        weight: W, one row a hidden unit (slip E37: hidden by visible, since E holds h'Wx).
        visible_bias: b.
        hidden_bias: c.
    """

    weight: Float[np.ndarray, "hidden visible"]
    visible_bias: Float[np.ndarray, " visible"]
    hidden_bias: Float[np.ndarray, " hidden"]


def energy(
    visible: Float[np.ndarray, "batch visible"], hidden: Float[np.ndarray, "batch hidden"], parameters: Parameters
) -> Float[np.ndarray, " batch"]:
    """Return the energy of pairs of patterns; what has low energy is probable.

    E(x, h) = -b'x - c'h - h'Wx

    Args:
        visible: One row x per example, 0 and 1.
        hidden: One row h per example, 0 and 1.
        parameters: W, b and c.

    Source: lecture 003, "Restricted Boltzmann Machine (RBM)"; Smolensky 1986.

    Example:
        >>> machine = Parameters(np.array([[2.0, -1.0]]), np.array([0.5, 0.0]), np.array([1.0]))
        >>> energy(np.array([[1.0, 1.0]]), np.array([[1.0]]), machine).tolist()
        [-2.5]
    """
    # E(x, h) = -b'x - c'h - h'Wx
    pairs = ((hidden @ parameters.weight) * visible).sum(axis=1)
    return -visible @ parameters.visible_bias - hidden @ parameters.hidden_bias - pairs


def hidden_probabilities(
    visible: Float[np.ndarray, "batch visible"], parameters: Parameters
) -> Float[np.ndarray, "batch hidden"]:
    """Return how probable it is that each hidden unit is 1; given x they are independent.

    P(h_i = 1 | x) = sigmoid(c_i + W_i x)

    Args:
        visible: One row x per example, from 0 to 1.
        parameters: W, b and c.

    Source: lecture 003, "Restricted Boltzmann Machine (RBM)".

    Example:
        >>> machine = Parameters(np.array([[2.0, -1.0]]), np.zeros(2), np.array([-1.0]))
        >>> hidden_probabilities(np.array([[1.0, 1.0]]), machine).tolist()
        [[0.5]]
    """
    # P(h_i = 1 | x) = sigmoid(c_i + W_i x)
    return sigmoid(visible @ parameters.weight.T + parameters.hidden_bias)


def visible_probabilities(
    hidden: Float[np.ndarray, "batch hidden"], parameters: Parameters
) -> Float[np.ndarray, "batch visible"]:
    """Return how probable it is that each visible unit is 1; given h they are independent.

    P(x_j = 1 | h) = sigmoid(b_j + W^j h), W^j the column j

    Args:
        hidden: One row h per example, from 0 to 1.
        parameters: W, b and c.

    Source: lecture 003, "Restricted Boltzmann Machine (RBM)".

    Example:
        >>> machine = Parameters(np.array([[2.0, -1.0]]), np.array([-2.0, 1.0]), np.zeros(1))
        >>> visible_probabilities(np.array([[1.0]]), machine).tolist()
        [[0.5, 0.5]]
    """
    # P(x_j = 1 | h) = sigmoid(b_j + W^j h)
    return sigmoid(hidden @ parameters.weight + parameters.visible_bias)


def reconstruct(
    visible: Float[np.ndarray, "batch visible"], parameters: Parameters
) -> Float[np.ndarray, "batch visible"]:
    """Return what the hidden probabilities make of an example: up and down once, without sampling.

    x' = P(x = 1 | h = P(h = 1 | x))

    Args:
        visible: One row x per example, from 0 to 1.
        parameters: W, b and c.

    Source: Hinton 2010, A practical guide to training restricted Boltzmann machines, section 15.

    Example:
        >>> machine = Parameters(np.zeros((1, 2)), np.zeros(2), np.zeros(1))
        >>> reconstruct(np.array([[1.0, 0.0]]), machine).tolist()
        [[0.5, 0.5]]
    """
    # x' = P(x = 1 | h = P(h = 1 | x))
    return visible_probabilities(hidden_probabilities(visible, parameters), parameters)


def free_energy(visible: Float[np.ndarray, "batch visible"], parameters: Parameters) -> Float[np.ndarray, " batch"]:
    """Return the energy with the hidden units summed out: e^-F(x) = sum_h e^-E(x, h).

    F(x) = -b'x - sum_i ln(1 + e^(c_i + W_i x))

    Args:
        visible: One row x per example.
        parameters: W, b and c.

    Source: lecture 003, the marginal probability of x; Hinton 2010, section 16.

    Example:
        >>> machine = Parameters(np.zeros((3, 2)), np.zeros(2), np.zeros(3))
        >>> (free_energy(np.ones((1, 2)), machine) / np.log(2)).round(12).tolist()
        [-3.0]
    """
    sums = visible @ parameters.weight.T + parameters.hidden_bias
    # F(x) = -b'x - sum_i ln(1 + e^(c_i + W_i x))
    return -visible @ parameters.visible_bias - np.logaddexp(0, sums).sum(axis=1)


def patterns(units: int) -> Float[np.ndarray, "patterns units"]:
    """Return every pattern of zeros and ones, counted up in binary.

    Args:
        units: How many, 0 <= units <= 20.

    Raises:
        ValueError: There would be too many patterns.

    Source: lecture 003, the sums over x and h in P(x, h).

    Example:
        >>> patterns(2).tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    if not 0 <= units <= MOST_UNITS:
        raise ValueError(f"patterns of 0 to {MOST_UNITS} units are enumerated: got {units}; use a smaller machine")
    places = np.arange(units - 1, -1, -1)
    return ((np.arange(2**units)[:, None] >> places) & 1).astype(np.float64)


def _log_sum(values: Float[np.ndarray, " values"]) -> float:
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).sum()))


def log_partition(parameters: Parameters) -> float:
    """Return ln Z, summed over every pattern of the smaller layer; the other one is summed out in closed form.

    Z = sum_x e^-F(x) = sum_x sum_h e^-E(x, h)

    Args:
        parameters: W, b and c; the smaller layer has at most 20 units.

    Raises:
        ValueError: Both layers are too large.

    Source: lecture 003, the denominator of P(x, h).

    Example:
        >>> machine = Parameters(np.zeros((3, 2)), np.zeros(2), np.zeros(3))
        >>> round(float(np.exp(log_partition(machine))), 12)
        32.0
    """
    hidden, visible = parameters.weight.shape
    if visible <= hidden:
        # Z = sum_x e^-F(x)
        return _log_sum(-free_energy(patterns(visible), parameters))
    # The machine is its own mirror: W' with b and c exchanged sums x out instead of h.
    mirrored = Parameters(parameters.weight.T, parameters.hidden_bias, parameters.visible_bias)
    return _log_sum(-free_energy(patterns(hidden), mirrored))


def joint_probabilities(parameters: Parameters) -> Float[np.ndarray, "visible_patterns hidden_patterns"]:
    """Return the probability of every pair of patterns, in the order of `patterns`.

    P(x, h) = e^-E(x, h) / sum_(x, h) e^-E(x, h)

    Args:
        parameters: W, b and c; at most 20 units together.

    Raises:
        ValueError: There are too many units.

    Source: lecture 003, "Restricted Boltzmann Machine (RBM)".

    Example:
        >>> joint_probabilities(Parameters(np.zeros((1, 1)), np.zeros(1), np.zeros(1))).tolist()
        [[0.25, 0.25], [0.25, 0.25]]
    """
    hidden, visible = parameters.weight.shape
    # Both layers side by side, so that too many units are refused before memory is asked for.
    both = patterns(visible + hidden)
    energies = energy(both[:, :visible], both[:, visible:], parameters)
    # P(x, h) = e^-E / sum e^-E, shifted so that the largest is e^0
    weights = np.exp(energies.min() - energies)
    return (weights / weights.sum()).reshape(2**visible, 2**hidden)


def log_likelihood(visible: Float[np.ndarray, "batch visible"], parameters: Parameters) -> Float[np.ndarray, " batch"]:
    """Return the exact ln P(x) of each example.

    ln P(x) = -F(x) - ln Z

    Args:
        visible: One row x per example, 0 and 1.
        parameters: W, b and c; the smaller layer has at most 20 units.

    Raises:
        ValueError: Both layers are too large.

    Source: lecture 003, "Unsupervised Learning of RBM".

    Example:
        >>> machine = Parameters(np.zeros((8, 9)), np.zeros(9), np.zeros(8))
        >>> log_likelihood(np.ones((1, 9)), machine).round(3).tolist()
        [-6.238]
    """
    # ln P(x) = -F(x) - ln Z
    return -free_energy(visible, parameters) - log_partition(parameters)


def pseudo_log_likelihood(
    visible: Float[np.ndarray, "batch visible"], parameters: Parameters
) -> Float[np.ndarray, " batch"]:
    """Return how well each visible unit is told by all the others, which needs no Z.

    sum_j ln P(x_j | x without j) = sum_j ln sigmoid(F(x with x_j flipped) - F(x))

    Args:
        visible: One row x per example, 0 and 1.
        parameters: W, b and c.

    Source: Besag 1975, Statistical analysis of non-lattice data.

    Example:
        >>> machine = Parameters(np.zeros((1, 2)), np.zeros(2), np.zeros(1))
        >>> (pseudo_log_likelihood(np.ones((1, 2)), machine) / np.log(2)).round(12).tolist()
        [-2.0]
    """
    here = free_energy(visible, parameters)
    total = np.zeros(len(visible))
    for unit in range(visible.shape[1]):
        flipped = visible.copy()
        flipped[:, unit] = 1 - flipped[:, unit]
        # ln P(x_j | rest) = ln sigmoid(F(flipped) - F(x)) = -ln(1 + e^(F(x) - F(flipped)))
        total -= np.logaddexp(0, here - free_energy(flipped, parameters))
    return total
