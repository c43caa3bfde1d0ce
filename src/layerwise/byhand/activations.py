"""Activation functions and their derivatives.

An elementwise function f has a companion f_derivative; its backward pass is the chain rule, `backward`.
Maxout, softmax and log-softmax mix several values and have a backward pass of their own.
"""

import numpy as np
from jaxtyping import Float, Int

__all__ = [
    "backward",
    "elu",
    "elu_derivative",
    "leaky_relu",
    "leaky_relu_derivative",
    "log_softmax",
    "log_softmax_backward",
    "maxout",
    "maxout_backward",
    "relu",
    "relu_derivative",
    "scaled_tanh",
    "scaled_tanh_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "softmax",
    "softmax_backward",
    "step",
    "step_derivative",
    "tanh",
    "tanh_derivative",
]


def backward(
    gradient: Float[np.ndarray, "*shape"], derivative: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """Return the gradient with respect to the inputs of an elementwise function.

    dE/dx = dE/dy f'(x)

    Args:
        gradient: dE/dy.
        derivative: f'(x), from the function's `_derivative`.

    Source: lecture 003, "Back Propagation Learning Algorithm".

    Example:
        >>> backward(np.array([2.0, 2.0]), relu_derivative(np.array([-1.0, 3.0]))).tolist()
        [0.0, 2.0]
    """
    # dE/dx = dE/dy f'(x)
    return gradient * derivative


def step(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return the perceptron's output.

    f(x) = 1 for x > 0, else 0

    Args:
        inputs: Weighted sums.

    Source: lecture 003, "Perceptron" (w . x > 0 is the positive side).

    Example:
        >>> step(np.array([-2.0, 0.0, 0.5])).tolist()
        [0.0, 0.0, 1.0]
    """
    # f(x) = 1 for x > 0, else 0
    return (inputs > 0).astype(inputs.dtype)


def step_derivative(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return f'(x) = 0: flat everywhere, which is why the perceptron needs a rule of its own.

    Args:
        inputs: Weighted sums.

    Source: lecture 003, "Perceptron".

    Example:
        >>> step_derivative(np.array([-2.0, 0.5])).tolist()
        [0.0, 0.0]
    """
    # f'(x) = 0
    return np.zeros_like(inputs)


def sigmoid(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return the logistic function, without overflow for any input.

    f(x) = 1 / (1 + e^-x)

    Args:
        inputs: Weighted sums.

    Source: lecture 003, "Sigmoid Unit"; lecture 004, "Activation Functions".

    Example:
        >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    # e^-|x| never overflows: f(x) = 1 / (1 + e^-x) for x >= 0, e^x / (1 + e^x) for x < 0
    small = np.exp(-np.abs(inputs))
    return np.where(inputs >= 0, 1.0, small).astype(inputs.dtype) / (1 + small)


def sigmoid_derivative(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return f'(x) = f(x) (1 - f(x)), at most 0.25.

    Args:
        inputs: Weighted sums.

    Source: lecture 003, "Sigmoid Unit".

    Example:
        >>> sigmoid_derivative(np.array([0.0])).tolist()
        [0.25]
    """
    outputs = sigmoid(inputs)
    # f'(x) = f(x) (1 - f(x)) and 1 - f(x) = f(-x), which keeps its digits for large x
    return outputs * sigmoid(-inputs)


def tanh(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return the hyperbolic tangent.

    f(x) = (e^x - e^-x) / (e^x + e^-x) = 2 sigmoid(2x) - 1

    Args:
        inputs: Weighted sums.

    Source: lecture 004, "Activation Functions".

    Example:
        >>> tanh(np.array([0.0, 1.0])).round(6).tolist()
        [0.0, 0.761594]
    """
    # f(x) = (e^x - e^-x) / (e^x + e^-x)
    return np.tanh(inputs)


def tanh_derivative(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return f'(x) = 1 - f(x)^2.

    Args:
        inputs: Weighted sums.

    Source: lecture 004, "Activation Functions".

    Example:
        >>> tanh_derivative(np.array([0.0])).tolist()
        [1.0]
    """
    # f'(x) = 1 - f(x)^2
    return 1 - np.tanh(inputs) ** 2


def scaled_tanh(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return LeNet-5's activation, which has f(1) close to 1 and f(-1) close to -1.

    f(x) = 1.7159 tanh(2x / 3)

    Args:
        inputs: Weighted sums.

    Source: LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 1998, appendix A.

    Example:
        >>> scaled_tanh(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
        [-1.0, 0.0, 1.0]
    """
    # f(x) = 1.7159 tanh(2x / 3)
    return 1.7159 * np.tanh(inputs * (2 / 3))


def scaled_tanh_derivative(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return f'(x) = 1.7159 (2/3) (1 - tanh(2x / 3)^2).

    Args:
        inputs: Weighted sums.

    Source: LeCun et al. 1998, appendix A.

    Example:
        >>> scaled_tanh_derivative(np.array([0.0])).round(4).tolist()
        [1.1439]
    """
    # f'(x) = 1.7159 (2/3) (1 - tanh(2x / 3)^2)
    return 1.7159 * (2 / 3) * (1 - np.tanh(inputs * (2 / 3)) ** 2)


def relu(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return the rectified linear unit.

    f(x) = max(0, x)

    Args:
        inputs: Weighted sums.

    Source: lecture 004, "Activation Functions".

    Example:
        >>> relu(np.array([-2.0, 3.0])).tolist()
        [0.0, 3.0]
    """
    # f(x) = max(0, x)
    return np.maximum(inputs, 0)


def relu_derivative(inputs: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return f'(x) = 1 for x > 0, else 0; at 0 the value is a choice, torch's.

    Args:
        inputs: Weighted sums.

    Source: lecture 004, "Activation Functions".

    Example:
        >>> relu_derivative(np.array([-2.0, 0.0, 3.0])).tolist()
        [0.0, 0.0, 1.0]
    """
    # f'(x) = 1 for x > 0, else 0
    return (inputs > 0).astype(inputs.dtype)


def leaky_relu(inputs: Float[np.ndarray, "*shape"], slope: float = 0.1) -> Float[np.ndarray, "*shape"]:
    """Return the rectified linear unit that leaks on the negative side.

    f(x) = x for x > 0, else slope x

    Args:
        inputs: Weighted sums.
        slope: From 0 to 1; 0.1 is the lecture's and darknet's, 0.01 torch's.

    Source: lecture 004, "Activation Functions" (slip E47).

    Example:
        >>> leaky_relu(np.array([-2.0, 3.0])).tolist()
        [-0.2, 3.0]
    """
    # f(x) = x for x > 0, else slope x
    return np.where(inputs > 0, inputs, slope * inputs)


def leaky_relu_derivative(inputs: Float[np.ndarray, "*shape"], slope: float = 0.1) -> Float[np.ndarray, "*shape"]:
    """Return f'(x) = 1 for x > 0, else the slope.

    Args:
        inputs: Weighted sums.
        slope: As for `leaky_relu`.

    Source: lecture 004, "Activation Functions".

    Example:
        >>> leaky_relu_derivative(np.array([-2.0, 3.0])).tolist()
        [0.1, 1.0]
    """
    # f'(x) = 1 for x > 0, else slope
    return np.where(inputs > 0, 1.0, slope).astype(inputs.dtype)


def elu(inputs: Float[np.ndarray, "*shape"], alpha: float = 1.0) -> Float[np.ndarray, "*shape"]:
    """Return the exponential linear unit.

    f(x) = x for x >= 0, else alpha (e^x - 1)

    Args:
        inputs: Weighted sums.
        alpha: Minus the value far to the left, > 0; only alpha = 1 has no kink at 0.

    Source: lecture 004, "Activation Functions"; arXiv:1511.07289.

    Example:
        >>> elu(np.array([-1.0, 2.0])).round(6).tolist()
        [-0.632121, 2.0]
    """
    # f(x) = x for x >= 0, else alpha (e^x - 1)
    return np.where(inputs >= 0, inputs, alpha * np.expm1(np.minimum(inputs, 0)))


def elu_derivative(inputs: Float[np.ndarray, "*shape"], alpha: float = 1.0) -> Float[np.ndarray, "*shape"]:
    """Return f'(x) = 1 for x > 0, else alpha e^x.

    Args:
        inputs: Weighted sums.
        alpha: As for `elu`.

    Source: lecture 004, "Activation Functions".

    Example:
        >>> elu_derivative(np.array([-1.0, 2.0])).round(6).tolist()
        [0.367879, 1.0]
    """
    # f'(x) = 1 for x > 0, else alpha e^x
    return np.where(inputs > 0, 1.0, alpha * np.exp(np.minimum(inputs, 0))).astype(inputs.dtype)


def maxout(
    inputs: Float[np.ndarray, "batch features"],
    weight: Float[np.ndarray, "pieces units features"],
    bias: Float[np.ndarray, "pieces units"],
) -> tuple[Float[np.ndarray, "batch units"], Int[np.ndarray, "batch units"]]:
    """Return the largest of several weighted sums, and which one it was.

    f(x) = max over k of (W_k x + b_k)

    Args:
        inputs: One row per example.
        weight: One matrix per piece; the lecture has two pieces.
        bias: One row per piece.

    Source: lecture 004, "Activation Functions"; arXiv:1302.4389.

    Example:
        >>> two_pieces = np.array([[[1.0]], [[0.1]]])
        >>> outputs, winners = maxout(np.array([[-2.0], [3.0]]), two_pieces, np.zeros((2, 1)))
        >>> outputs.tolist(), winners.tolist()
        ([[-0.2], [3.0]], [[1], [0]])
    """
    # z_k = W_k x + b_k
    sums = np.einsum("nf,kuf->nuk", inputs, weight) + bias.T
    # f(x) = max over k of z_k
    winners = sums.argmax(axis=-1)
    return sums.max(axis=-1), winners


def maxout_backward(
    gradient: Float[np.ndarray, "batch units"],
    inputs: Float[np.ndarray, "batch features"],
    weight: Float[np.ndarray, "pieces units features"],
    winners: Int[np.ndarray, "batch units"],
) -> tuple[
    Float[np.ndarray, "batch features"], Float[np.ndarray, "pieces units features"], Float[np.ndarray, "pieces units"]
]:
    """Return the gradients with respect to inputs, weight and bias; only the winning piece gets any.

    dE/dz_k = dE/dy where piece k won, else 0

    Args:
        gradient: dE/dy.
        inputs: What `maxout` was given.
        weight: What `maxout` was given.
        winners: What `maxout` returned.

    Source: arXiv:1302.4389, section 3.

    Example:
        >>> weight, ones = np.array([[[1.0]], [[0.1]]]), np.ones((1, 1))
        >>> [part.tolist() for part in maxout_backward(ones, np.array([[3.0]]), weight, np.array([[0]]))]
        [[[1.0]], [[[3.0]], [[0.0]]], [[1.0], [0.0]]]
    """
    # dE/dz_k = dE/dy where piece k won, else 0
    won = winners[:, :, None] == np.arange(weight.shape[0])
    d_sums = gradient[:, :, None] * won
    # dE/dx = sum_k dE/dz_k W_k,  dE/dW_k = sum over examples of dE/dz_k x,  dE/db_k = sum over examples of dE/dz_k
    return (
        np.einsum("nuk,kuf->nf", d_sums, weight),
        np.einsum("nuk,nf->kuf", d_sums, inputs),
        d_sums.sum(axis=0).T,
    )


def softmax(inputs: Float[np.ndarray, "*batch classes"]) -> Float[np.ndarray, "*batch classes"]:
    """Return probabilities that sum to 1; choosing the largest is a separate step.

    y_k = e^(a_k) / sum_i e^(a_i)

    Args:
        inputs: Scores, one per class in the last axis.

    Source: lecture 004, "Loss Functions" (slip E48: softmax is not the argmax).

    Example:
        >>> softmax(np.array([[1.0, 2.0, 3.0]])).round(4).tolist()
        [[0.09, 0.2447, 0.6652]]
    """
    # subtracting the largest score changes nothing and keeps e^(a_k) from overflowing
    powers = np.exp(inputs - inputs.max(axis=-1, keepdims=True))
    # y_k = e^(a_k) / sum_i e^(a_i)
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_backward(
    gradient: Float[np.ndarray, "*batch classes"], outputs: Float[np.ndarray, "*batch classes"]
) -> Float[np.ndarray, "*batch classes"]:
    """Return the gradient with respect to the scores.

    dE/da_k = y_k (dE/dy_k - sum_i dE/dy_i y_i)

    Args:
        gradient: dE/dy.
        outputs: What `softmax` returned.

    Source: lecture 004, "Loss Functions".

    Example:
        >>> softmax_backward(np.array([1.0, 0.0]), np.array([0.5, 0.5])).tolist()
        [0.25, -0.25]
    """
    # dE/da_k = y_k (dE/dy_k - sum_i dE/dy_i y_i)
    return outputs * (gradient - (gradient * outputs).sum(axis=-1, keepdims=True))


def log_softmax(inputs: Float[np.ndarray, "*batch classes"]) -> Float[np.ndarray, "*batch classes"]:
    """Return the logarithm of the softmax, exact where the probability itself would be 0.

    log y_k = a_k - log sum_i e^(a_i)

    Args:
        inputs: Scores, one per class in the last axis.

    Source: lecture 004, "Loss Functions".

    Example:
        >>> log_softmax(np.array([0.0, 10000.0])).tolist()
        [-10000.0, 0.0]
    """
    shifted = inputs - inputs.max(axis=-1, keepdims=True)
    # log y_k = a_k - log sum_i e^(a_i)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_backward(
    gradient: Float[np.ndarray, "*batch classes"], outputs: Float[np.ndarray, "*batch classes"]
) -> Float[np.ndarray, "*batch classes"]:
    """Return the gradient with respect to the scores.

    dE/da_k = dE/dlog y_k - y_k sum_i dE/dlog y_i

    Args:
        gradient: dE/dlog y.
        outputs: What `log_softmax` returned.

    Source: lecture 004, "Loss Functions".

    Example:
        >>> log_softmax_backward(np.array([-1.0, 0.0]), log_softmax(np.array([0.0, 0.0]))).tolist()
        [-0.5, 0.5]
    """
    # dE/da_k = dE/dlog y_k - y_k sum_i dE/dlog y_i
    return gradient - np.exp(outputs) * gradient.sum(axis=-1, keepdims=True)
