"""Additive attention: a small network asks every place of the input how well it fits, and the answers share one whole.

The decoder's state s and each encoder state h_j meet in one hidden layer; its output e_j is the energy of place j. A
softmax over the places that exist turns energies into weights, and the context is the weighted mean of the h_j.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["Forward", "Parameters", "backward", "forward", "masked_softmax"]


@dataclass(frozen=True)
class Parameters:
    """The three parameters, or their gradients; rows are units, as in torch.

    Attributes:
        state_weight: W, of the decoder's state.
        memory_weight: U, of the encoder's states; U h_j is the same at every step of the decoder.
        energy_weight: v, from the hidden layer to the energy.
    """

    state_weight: Float[np.ndarray, "units state_features"]
    memory_weight: Float[np.ndarray, "units memory_features"]
    energy_weight: Float[np.ndarray, " units"]


@dataclass(frozen=True)
class Forward:
    """What attention computed for a batch.

    Attributes:
        hidden: tanh(W s + U h_j) of every place j.
        energies: e_j = v . hidden_j, at every place, also those that do not count.
        weights: alpha_j, from 0 to 1; they sum to 1, and are exactly 0 where the mask is False.
        context: c = sum_j alpha_j h_j.
    """

    hidden: Float[np.ndarray, "batch places units"]
    energies: Float[np.ndarray, "batch places"]
    weights: Float[np.ndarray, "batch places"]
    context: Float[np.ndarray, "batch memory_features"]


def masked_softmax(
    energies: Float[np.ndarray, "*batch places"], mask: Bool[np.ndarray, "*batch places"]
) -> Float[np.ndarray, "*batch places"]:
    """Return shares of 1 over the places that count, and exactly 0 at the others.

    alpha_j = m_j e^(e_j) / sum_k m_k e^(e_k)

    Args:
        energies: Any finite numbers.
        mask: True where a place counts; at least one in every row.

    Raises:
        ValueError: A row has no place that counts.

    Source: Bahdanau, Cho and Bengio 2015, appendix A.1.2; padding must not take part in the sum.

    Example:
        >>> masked_softmax(np.array([0.0, 0.0, 9.0]), np.array([True, True, False])).tolist()
        [0.5, 0.5, 0.0]
    """
    if not mask.any(axis=-1).all():
        empty = np.flatnonzero(~mask.reshape(-1, mask.shape[-1]).any(axis=1))[:5].tolist()
        raise ValueError(f"every row needs a place that counts: got none in rows {empty}; leave empty sequences out")
    # subtracting the largest energy that counts changes no share and keeps e^e from overflowing
    highest = np.where(mask, energies, -np.inf).max(axis=-1, keepdims=True)
    # e^-inf = 0: a place that does not count has exactly no weight
    powers = np.exp(np.where(mask, energies - highest, -np.inf))
    # alpha_j = e^(e_j) / sum_k e^(e_k)
    return powers / powers.sum(axis=-1, keepdims=True)


def forward(
    state: Float[np.ndarray, "batch state_features"],
    memory: Float[np.ndarray, "batch places memory_features"],
    mask: Bool[np.ndarray, "batch places"],
    parameters: Parameters,
) -> Forward:
    """Return energies, weights and context for one step of the decoder.

    e_j = v . tanh(W s + U h_j),  alpha = softmax(e) over the places that count,  c = sum_j alpha_j h_j

    Args:
        state: The decoder's state s before this step.
        memory: The encoder's state h_j at every place of the input.
        mask: True where the input has a symbol, False on padding.
        parameters: W, U and v.

    Raises:
        ValueError: An example has no symbol at all.

    Source: Bahdanau, Cho and Bengio 2015, section 3.1; lecture 001, attention (slip E11: nothing is remembered).

    Example:
        >>> memory = np.array([[[1.0, 0.0], [3.0, 2.0], [9.0, 9.0]]])
        >>> zero = Parameters(np.ones((1, 2)), np.ones((1, 2)), np.zeros(1))
        >>> result = forward(np.ones((1, 2)), memory, np.array([[True, True, False]]), zero)
        >>> result.weights.tolist(), result.context.tolist()
        ([[0.5, 0.5, 0.0]], [[2.0, 1.0]])
    """
    # tanh(W s + U h_j)
    hidden = np.tanh((state @ parameters.state_weight.T)[:, None, :] + memory @ parameters.memory_weight.T)
    # e_j = v . hidden_j
    energies = hidden @ parameters.energy_weight
    weights = masked_softmax(energies, mask)
    # c = sum_j alpha_j h_j
    context = (weights[:, None, :] @ memory)[:, 0]
    return Forward(hidden, energies, weights, context)


def backward(
    gradient: Float[np.ndarray, "batch memory_features"],
    state: Float[np.ndarray, "batch state_features"],
    memory: Float[np.ndarray, "batch places memory_features"],
    parameters: Parameters,
    result: Forward,
) -> tuple[Float[np.ndarray, "batch state_features"], Float[np.ndarray, "batch places memory_features"], Parameters]:
    """Return the gradients with respect to the state, the memory and the three parameters.

    dE/dalpha_j = dE/dc . h_j,  dE/de_j = alpha_j (dE/dalpha_j - sum_k alpha_k dE/dalpha_k),
    delta_j = dE/de_j v (1 - hidden_j^2),
    dE/dW = sum_j delta_j s^T,  dE/dU = sum_j delta_j h_j^T,  dE/dv = sum_j dE/de_j hidden_j,
    dE/ds = W^T sum_j delta_j,  dE/dh_j = alpha_j dE/dc + U^T delta_j

    A place without weight receives no gradient, so padding learns nothing.

    Args:
        gradient: dE/dc.
        state: What `forward` was given.
        memory: What `forward` was given.
        parameters: What `forward` was given.
        result: What `forward` returned.

    Source: the chain rule on Bahdanau, Cho and Bengio 2015, section 3.1.

    Example:
        >>> memory, mask = np.array([[[1.0], [3.0]]]), np.array([[True, True]])
        >>> zero = Parameters(np.zeros((1, 1)), np.ones((1, 1)), np.zeros(1))
        >>> result = forward(np.zeros((1, 1)), memory, mask, zero)
        >>> d_state, d_memory, slopes = backward(np.ones((1, 1)), np.zeros((1, 1)), memory, zero, result)
        >>> d_memory.tolist(), slopes.energy_weight.round(4).tolist()
        ([[[0.5], [0.5]]], [0.1167])
    """
    # dE/dalpha_j = dE/dc . h_j
    d_weights = (memory @ gradient[:, :, None])[:, :, 0]
    # dE/de_j = alpha_j (dE/dalpha_j - sum_k alpha_k dE/dalpha_k)
    d_energies = result.weights * (d_weights - (result.weights * d_weights).sum(axis=1, keepdims=True))
    # delta_j = dE/de_j v (1 - hidden_j^2)
    deltas = d_energies[:, :, None] * parameters.energy_weight * (1 - result.hidden**2)
    # the state is shared by all places, so their deltas add up
    state_deltas = deltas.sum(axis=1)
    slopes = Parameters(
        # dE/dW = sum_j delta_j s^T
        state_weight=state_deltas.T @ state,
        # dE/dU = sum_j delta_j h_j^T
        memory_weight=np.einsum("bju,bjm->um", deltas, memory),
        # dE/dv = sum_j dE/de_j hidden_j
        energy_weight=np.einsum("bj,bju->u", d_energies, result.hidden),
    )
    # dE/dh_j = alpha_j dE/dc + U^T delta_j
    d_memory = result.weights[:, :, None] * gradient[:, None, :] + deltas @ parameters.memory_weight
    # dE/ds = W^T sum_j delta_j
    return state_deltas @ parameters.state_weight, d_memory, slopes
