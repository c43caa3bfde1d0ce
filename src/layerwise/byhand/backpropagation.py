"""Back-propagation in the lecture's seven steps, for a multilayer perceptron of sigmoid units.

1. initialise the weights at random
2. calculate the activations of all units
3. calculate the top layer's delta
4. back-propagate delta from top to bottom
5. calculate the gradients of all units from the deltas
6. update the weights
7. repeat 2 to 6

The lecture drops a factor on the way (slip E35): its delta is minus half the derivative of the loss by the
weighted sum, delta = -1/2 d epsilon / ds, so the gradient is -2 delta X and an update by c delta X is gradient
descent with step c / 2.
The lecture leaves the biases out of its algebra; here each unit has one, a weight whose input is always 1.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from layerwise.byhand import linear
from layerwise.byhand.activations import sigmoid

__all__ = [
    "Layer",
    "activations",
    "back_propagate",
    "gradients",
    "initialise",
    "repeat",
    "top_delta",
    "update",
]


@dataclass(frozen=True)
class Layer:
    """The weights and biases of one layer, or their gradients.

    Attributes:
        weight: One row per unit, w_li from unit i below to unit l.
        bias: One per unit.
    """

    weight: Float[np.ndarray, "units inputs"]
    bias: Float[np.ndarray, " units"]


def initialise(widths: tuple[int, ...], generator: np.random.Generator) -> list[Layer]:
    """Step 1: draw the weights at random, uniform within 1 / sqrt(inputs of the unit).

    Args:
        widths: Units of every layer from the inputs up, such as (64, 2, 3).
        generator: The source of randomness.

    Source: lecture 003, "Algorithm: Back Propagation".

    Example:
        >>> [layer.weight.shape for layer in initialise((64, 2, 3), np.random.default_rng(0))]
        [(2, 64), (3, 2)]
    """
    return [
        Layer(
            generator.uniform(-1, 1, (above, below)) / np.sqrt(below), generator.uniform(-1, 1, above) / np.sqrt(below)
        )
        for below, above in pairwise(widths)
    ]


def activations(
    layers: list[Layer], inputs: Float[np.ndarray, "examples inputs"]
) -> list[Float[np.ndarray, "examples _"]]:
    """Step 2: return the inputs and the activations of every layer, bottom to top.

    s_i^(j) = X^(j-1) . W_i^(j) + b_i^(j),  f_i^(j) = sigmoid(s_i^(j)) = X_i^(j)

    Args:
        layers: From bottom to top.
        inputs: One row per example.

    Source: lecture 003, "Back Propagation Learning Algorithm".

    Example:
        >>> [values.tolist() for values in activations([Layer(np.zeros((1, 2)), np.zeros(1))], np.ones((1, 2)))]
        [[[1.0, 1.0]], [[0.5]]]
    """
    values = [inputs]
    for layer in layers:
        # f^(j) = sigmoid(W^(j) X^(j-1) + b^(j))
        values.append(sigmoid(linear.forward(values[-1], layer.weight, layer.bias)))
    return values


def top_delta(
    outputs: Float[np.ndarray, "examples outputs"], targets: Float[np.ndarray, "examples outputs"]
) -> Float[np.ndarray, "examples outputs"]:
    """Step 3: return the delta of the top layer.

    delta = (d - f) f (1 - f)

    Args:
        outputs: The activations f of the top layer.
        targets: The wanted outputs d, from 0 to 1.

    Source: lecture 003, "Back Propagation Learning Algorithm (1/3)".

    Example:
        >>> top_delta(np.array([[0.5]]), np.array([[1.0]])).tolist()
        [[0.125]]
    """
    # delta = (d - f) f (1 - f)
    return (targets - outputs) * outputs * (1 - outputs)


def back_propagate(
    delta: Float[np.ndarray, "examples outputs"], layers: list[Layer], values: list[Float[np.ndarray, "examples _"]]
) -> list[Float[np.ndarray, "examples _"]]:
    """Step 4: return the delta of every layer, bottom to top, from that of the top layer.

    delta_i^(j) = f_i^(j) (1 - f_i^(j)) sum_l delta_l^(j+1) w_li^(j+1)

    Args:
        delta: Of the top layer.
        layers: From bottom to top.
        values: From `activations`.

    Source: lecture 003, "Back Propagation Learning Algorithm (3/3)".

    Example:
        >>> layers = [Layer(np.zeros((1, 1)), np.zeros(1)), Layer(np.full((1, 1), 2.0), np.full(1, -1.0))]
        >>> values = activations(layers, np.ones((1, 1)))
        >>> [part.tolist() for part in back_propagate(np.array([[0.125]]), layers, values)]
        [[[0.0625]], [[0.125]]]
    """
    deltas = [delta]
    for layer, f in zip(reversed(layers[1:]), reversed(values[1:-1]), strict=True):
        # delta_i^(j) = f_i^(j) (1 - f_i^(j)) sum_l delta_l^(j+1) w_li^(j+1)
        deltas.append(f * (1 - f) * (deltas[-1] @ layer.weight))
    return deltas[::-1]


def gradients(
    deltas: list[Float[np.ndarray, "examples _"]], values: list[Float[np.ndarray, "examples _"]]
) -> list[Layer]:
    """Step 5: return the gradient of the loss by every weight and bias, summed over the examples.

    d epsilon / dW_i^(j) = -2 delta_i^(j) X^(j-1)

    Args:
        deltas: From `back_propagate`.
        values: From `activations`.

    Source: lecture 003, "Back Propagation Learning Algorithm (2/3)".

    Example:
        >>> gradients([np.array([[0.125]])], [np.array([[2.0]]), np.array([[0.5]])])[0].weight.tolist()
        [[-0.5]]
    """
    # d epsilon / dW_i^(j) = -2 delta_i^(j) X^(j-1)
    return [
        Layer(-2 * delta.T @ below, -2 * delta.sum(axis=0)) for delta, below in zip(deltas, values[:-1], strict=True)
    ]


def update(layers: list[Layer], slopes: list[Layer], *, rate: float) -> list[Layer]:
    """Step 6: return the layers after one step.

    W <- W + c delta X = W - (c / 2) d epsilon / dW

    Args:
        layers: From bottom to top.
        slopes: From `gradients`.
        rate: The learning rate c, > 0.

    Source: lecture 003, "Back Propagation Learning Algorithm (2/3)" (slip E35).

    Example:
        >>> before, slope = Layer(np.ones((1, 1)), np.ones(1)), Layer(np.full((1, 1), -0.5), np.zeros(1))
        >>> update([before], [slope], rate=1.0)[0].weight.tolist()
        [[1.25]]
    """
    # W <- W - (c / 2) d epsilon / dW
    return [
        Layer(layer.weight - rate / 2 * slope.weight, layer.bias - rate / 2 * slope.bias)
        for layer, slope in zip(layers, slopes, strict=True)
    ]


def repeat(
    layers: list[Layer],
    inputs: Float[np.ndarray, "examples inputs"],
    targets: Float[np.ndarray, "examples outputs"],
    *,
    rate: float,
    times: int,
) -> tuple[list[Layer], list[float]]:
    """Step 7: repeat steps 2 to 6 and return the last layers and the loss before each update.

    epsilon = sum (d - f)^2

    Args:
        layers: From `initialise`.
        inputs: One row per example.
        targets: The wanted outputs d, from 0 to 1.
        rate: The learning rate c, > 0.
        times: How many updates, >= 0.

    Source: lecture 003, "Algorithm: Back Propagation".

    Example:
        >>> corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> xor = np.array([[0.0], [1.0], [1.0], [0.0]])
        >>> start = initialise((2, 4, 1), np.random.default_rng(0))
        >>> layers, losses = repeat(start, corners, xor, rate=2.0, times=3000)
        >>> activations(layers, corners)[-1].round().tolist()
        [[0.0], [1.0], [1.0], [0.0]]
    """
    losses = []
    for _ in range(times):
        values = activations(layers, inputs)
        # epsilon = sum (d - f)^2
        losses.append(float(((targets - values[-1]) ** 2).sum()))
        deltas = back_propagate(top_delta(values[-1], targets), layers, values)
        layers = update(layers, gradients(deltas, values), rate=rate)
    return layers, losses
