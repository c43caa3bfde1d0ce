"""The unrolled network of document 003, U, W and V: next word by softmax, and its gradients path by path.

The lecture takes the error of one step, E_3, apart: dE_3/dV has one term, dE_3/dW has one for every step that the
state went through. The functions return those terms one by one, so that they can be shown and added up.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from layerwise.byhand.activations import log_softmax, softmax
from layerwise.byhand.recurrent import Weights, forward

__all__ = ["Unrolled", "error", "output_slope", "recurrent_terms", "run"]


@dataclass(frozen=True)
class Unrolled:
    """One sentence after the forward pass.

    Attributes:
        states: s_0 ... s_T; s_0 comes first and is no output.
        sums: V s_t of steps 1 ... T.
        probabilities: What the network expects at steps 1 ... T.
    """

    states: Float[np.ndarray, "states units"]
    sums: Float[np.ndarray, "steps outputs"]
    probabilities: Float[np.ndarray, "steps outputs"]


def run(
    inputs: Float[np.ndarray, "steps features"],
    weights: Weights,
    output_weight: Float[np.ndarray, "outputs units"],
    *,
    start: Float[np.ndarray, " units"] | None = None,
) -> Unrolled:
    """Read a sentence and say after every word which one is expected next.

    s_t = tanh(U x_t + W s_(t-1)),  y^_t = softmax(V s_t)

    Args:
        inputs: One row a word, such as one-hot rows.
        weights: U and W; their bias is 0 in the lecture.
        output_weight: V, one row an output.
        start: s_0, or None for zeros.

    Source: lecture 003, "Model".

    Example:
        >>> words = np.eye(6)  # Hello World ! It's an apple
        >>> blank = Weights(np.zeros((4, 6)), np.zeros((4, 4)), np.zeros(4))
        >>> run(words, blank, np.zeros((6, 4))).probabilities[0].round(4).tolist()
        [0.1667, 0.1667, 0.1667, 0.1667, 0.1667, 0.1667]
    """
    first = np.zeros_like(weights.bias) if start is None else start
    # s_t = tanh(U x_t + W s_(t-1))
    states = np.concatenate((first[None], forward(inputs[:, None], first[None], weights)[:, 0]))
    sums = states[1:] @ output_weight.T
    # y^_t = softmax(V s_t)
    return Unrolled(states, sums, softmax(sums))


def error(found: Unrolled, targets: Float[np.ndarray, "steps outputs"]) -> Float[np.ndarray, " steps"]:
    """Return the error of every step; the error of the sentence is their sum.

    E_t = -y_t log y^_t,  E = sum_t E_t

    The lecture writes a minus before both the sum and the term; one is enough (slip E41).

    Args:
        found: From `run`.
        targets: The word that came next, one-hot.

    Source: lecture 003, "Model" (slip E41).

    Example:
        >>> blank = Weights(np.zeros((4, 6)), np.zeros((4, 4)), np.zeros(4))
        >>> error(run(np.eye(6), blank, np.zeros((6, 4))), np.roll(np.eye(6), 1, axis=1)).round(4).tolist()[:2]
        [1.7918, 1.7918]
    """
    # E_t = -y_t log y^_t
    return -(targets * log_softmax(found.sums)).sum(axis=1)


def output_slope(
    found: Unrolled, targets: Float[np.ndarray, "steps outputs"], *, step: int
) -> Float[np.ndarray, "outputs units"]:
    """Return the gradient of one step's error with respect to V.

    dE_t/dV = (y^_t - y_t) outer s_t

    Args:
        found: From `run`.
        targets: The word that came next, one-hot.
        step: The step t, from 1.

    Source: lecture 003, "Learning" (W14).

    Example:
        >>> words, weights = np.eye(2), Weights(np.eye(2), np.zeros((2, 2)), np.zeros(2))
        >>> output_slope(run(words, weights, np.zeros((2, 2))), words[::-1], step=1)[:, 0].round(4).tolist()
        [0.3808, -0.3808]
    """
    # dE_t/dV = (y^_t - y_t) outer s_t
    return np.outer(found.probabilities[step - 1] - targets[step - 1], found.states[step])


def recurrent_terms(
    found: Unrolled,
    targets: Float[np.ndarray, "steps outputs"],
    weights: Weights,
    output_weight: Float[np.ndarray, "outputs units"],
    *,
    step: int,
) -> list[Float[np.ndarray, "units units"]]:
    """Return the terms of one step's gradient with respect to W, one for each copy of W on the way; their sum counts.

    dE_t/dW = sum_(k=1..t) dE_t/dy^_t dy^_t/ds_t ds_t/ds_k ds_k/dW,  ds_t/ds_k = product_(j=k+1..t) diag(1 - s_j^2) W

    The lecture's first formula has the term k = t alone, as if s_(t-1) did not depend on W (slip E42).

    Args:
        found: From `run`.
        targets: The word that came next, one-hot.
        weights: U and W.
        output_weight: V.
        step: The step t, from 1.

    Source: lecture 003, "Learning" (W14, slip E42).

    Example:
        >>> weights = Weights(np.ones((1, 1)), np.full((1, 1), 0.5), np.zeros(1))
        >>> words, targets = np.ones((3, 1)), np.array([[1.0, 0.0]] * 3)
        >>> found = run(words, weights, np.array([[1.0], [-1.0]]))
        >>> terms = recurrent_terms(found, targets, weights, np.array([[1.0], [-1.0]]), step=3)
        >>> [round(float(term[0, 0]), 6) for term in terms[1:]]
        [-0.00491, -0.050807]
    """
    terms = []
    # dE_t/ds_t = V^T (y^_t - y_t)
    slope = output_weight.T @ (found.probabilities[step - 1] - targets[step - 1])
    for k in range(step, 0, -1):
        # dE_t/da_k = diag(1 - s_k^2) dE_t/ds_k
        delta = (1 - found.states[k] ** 2) * slope
        # dE_t/ds_k ds_k/dW = dE_t/da_k outer s_(k-1), with s_(k-1) held fast
        terms.append(np.outer(delta, found.states[k - 1]))
        # dE_t/ds_(k-1) = W^T dE_t/da_k
        slope = weights.recurrent_weight.T @ delta
    return terms[::-1]
