"""The group-switched logistic network: one gate per group of inputs decides how much of the group is used."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from layerwise.byhand.activations import sigmoid
from layerwise.byhand.losses import binary_cross_entropy_from_logits

__all__ = ["Forward", "Parameters", "backward", "forward", "initialise", "loss", "unswitched"]


@dataclass(frozen=True)
class Parameters:
    """The four parameters, or their gradients, in the shapes of the lecture's listing.

    Attributes:
        gate_weight: W_sw, the columns are the u_m.
        gate_bias: b_sw, the a_m.
        weight: W, the columns are the w^k over all groups.
        bias: b, one b^k per output (not per group: slip E45).
    """

    gate_weight: Float[np.ndarray, "features groups"]
    gate_bias: Float[np.ndarray, " groups"]
    weight: Float[np.ndarray, "features outputs"]
    bias: Float[np.ndarray, " outputs"]


@dataclass(frozen=True)
class Forward:
    """What the network computed for a batch.

    Attributes:
        gates: s, one per group and example, from 0 to 1.
        gated: The inputs times the gate of their group.
        logits: The weighted sums before the last sigmoid.
        outputs: y.
    """

    gates: Float[np.ndarray, "batch groups"]
    gated: Float[np.ndarray, "batch features"]
    logits: Float[np.ndarray, "batch outputs"]
    outputs: Float[np.ndarray, "batch outputs"]


def initialise(features: int, groups: int, outputs: int, generator: np.random.Generator) -> Parameters:
    """Return parameters as the listing draws them: tiny weights, biases 0.

    0.001 uniform(-r, r) with r = 4 sqrt(6 / (fan in + fan out))

    Args:
        features: Inputs of the network.
        groups: Groups of inputs, and so gates.
        outputs: Outputs of the network.
        generator: The source of randomness.

    Source: lecture 003, the Theano listing.

    Example:
        >>> drawn = initialise(6, 3, 2, np.random.default_rng(0))
        >>> drawn.gate_weight.size + drawn.gate_bias.size + drawn.weight.size + drawn.bias.size
        35
    """

    def draw(fan_out: int) -> Float[np.ndarray, "features fan_out"]:
        # r = 4 sqrt(6 / (fan in + fan out))
        reach = 4 * np.sqrt(6 / (features + fan_out))
        return 0.001 * generator.uniform(-reach, reach, (features, fan_out))

    return Parameters(draw(groups), np.zeros(groups), draw(outputs), np.zeros(outputs))


def forward(
    inputs: Float[np.ndarray, "batch features"],
    parameters: Parameters,
    indicator: Float[np.ndarray, "groups features"],
) -> Forward:
    """Compute the gates, spread them over their groups, and answer.

    s = sigmoid(x W_sw + b_sw),  y = sigmoid((x * (s G)) W + b)

    Args:
        inputs: One row x per example.
        parameters: The four parameters.
        indicator: G, 1 where a feature belongs to a group, else 0; each feature is in one group.

    Raises:
        ValueError: A feature is in no group or in several.

    Source: lecture 003, equations (4) to (7) and the Theano listing.

    Example:
        >>> zeros = Parameters(np.zeros((2, 1)), np.zeros(1), np.ones((2, 1)), np.zeros(1))
        >>> result = forward(np.array([[1.0, -1.0]]), zeros, np.ones((1, 2)))
        >>> result.gates.tolist(), result.gated.tolist(), result.outputs.tolist()
        ([[0.5]], [[0.5, -0.5]], [[0.5]])
    """
    if not (np.isin(indicator, (0, 1)).all() and (indicator.sum(axis=0) == 1).all()):
        raise ValueError(
            "the indicator must put each feature in one group, with 0 and 1: "
            f"got columns that sum to {np.unique(indicator.sum(axis=0))[:5].tolist()}; give every column a single 1"
        )
    # s = sigmoid(x W_sw + b_sw)
    gates = sigmoid(inputs @ parameters.gate_weight + parameters.gate_bias)
    # x * (s G)
    gated = inputs * (gates @ indicator)
    # y = sigmoid((x * (s G)) W + b)
    logits = gated @ parameters.weight + parameters.bias
    return Forward(gates, gated, logits, sigmoid(logits))


def unswitched(
    inputs: Float[np.ndarray, "batch features"], parameters: Parameters
) -> Float[np.ndarray, "batch outputs"]:
    """Return the answer without gates (`switched = False` in the listing): plain logistic regression.

    y = sigmoid(x W + b)

    Args:
        inputs: One row x per example.
        parameters: The four parameters; those of the gates are not used.

    Source: lecture 003, the Theano listing.

    Example:
        >>> zeros = Parameters(np.zeros((2, 1)), np.zeros(1), np.ones((2, 1)), np.zeros(1))
        >>> unswitched(np.array([[1.0, -1.0]]), zeros).tolist()
        [[0.5]]
    """
    # y = sigmoid(x W + b)
    return sigmoid(inputs @ parameters.weight + parameters.bias)


def loss(result: Forward, targets: Float[np.ndarray, "batch outputs"]) -> float:
    """Return the cross-entropy: summed over the outputs, averaged over the examples.

    E = -(1/N) sum_n sum_k (t_nk ln y_nk + (1 - t_nk) ln(1 - y_nk))

    Args:
        result: From `forward`.
        targets: The wanted outputs t, from 0 to 1.

    Source: lecture 003, the Theano listing (slip E45: it is called ln E on the slide).

    Example:
        >>> zeros = Parameters(np.zeros((2, 1)), np.zeros(1), np.zeros((2, 2)), np.zeros(2))
        >>> round(loss(forward(np.ones((3, 2)), zeros, np.ones((1, 2))), np.zeros((3, 2))), 6)
        1.386294
    """
    # E = (1/N) sum_n sum_k of the binary cross-entropy
    return binary_cross_entropy_from_logits(result.logits, targets, reduction="sum")[0] / len(targets)


def backward(
    inputs: Float[np.ndarray, "batch features"],
    parameters: Parameters,
    indicator: Float[np.ndarray, "groups features"],
    result: Forward,
    targets: Float[np.ndarray, "batch outputs"],
) -> Parameters:
    """Return the four gradients of the loss, averaged over the examples.

    dE/dw_m^k = (y_k - t_k) s_m x_m            dE/db^k = y_k - t_k
    dE/du_m = s_m (1 - s_m) X sum_k (y_k - t_k) w_m^k . x_m
    dE/da_m = s_m (1 - s_m) sum_k (y_k - t_k) w_m^k . x_m

    Args:
        inputs: What `forward` was given.
        parameters: What `forward` was given.
        indicator: What `forward` was given.
        result: What `forward` returned.
        targets: The wanted outputs t, from 0 to 1.

    Source: lecture 003, equations (4) to (7), with (y_k - t_k) inside the sum over k (slip E45).

    Example:
        >>> zeros = Parameters(np.zeros((2, 1)), np.zeros(1), np.ones((2, 1)), np.zeros(1))
        >>> x, groups = np.array([[1.0, 1.0]]), np.ones((1, 2))
        >>> slopes = backward(x, zeros, groups, forward(x, zeros, groups), np.array([[1.0]]))
        >>> slopes.gate_bias.round(4).tolist(), slopes.bias.round(4).tolist()
        ([-0.1345], [-0.2689])
    """
    # y_k - t_k, with the 1/N of the mean
    errors = (result.outputs - targets) / len(targets)
    # sum_k (y_k - t_k) w_m^k . x_m: per feature first, then summed over each group
    through_gates = (inputs * (errors @ parameters.weight.T)) @ indicator.T
    # the sigmoid of the gate: s_m (1 - s_m)
    gate_errors = result.gates * (1 - result.gates) * through_gates
    return Parameters(
        # dE/du_m = s_m (1 - s_m) X sum_k (y_k - t_k) w_m^k . x_m
        gate_weight=inputs.T @ gate_errors,
        # dE/da_m = s_m (1 - s_m) sum_k (y_k - t_k) w_m^k . x_m
        gate_bias=gate_errors.sum(axis=0),
        # dE/dw_m^k = (y_k - t_k) s_m x_m
        weight=result.gated.T @ errors,
        # dE/db^k = y_k - t_k
        bias=errors.sum(axis=0),
    )
