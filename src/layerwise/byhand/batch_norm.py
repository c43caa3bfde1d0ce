"""Batch normalisation: batch statistics in training, running statistics in use."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = ["TrainingPass", "backward_evaluation", "backward_training", "forward_evaluation", "forward_training"]


@dataclass(frozen=True)
class TrainingPass:
    """What the training forward pass returns; the backward pass needs the second and third field.

    Attributes:
        outputs: y = weight x^ + bias.
        normalised: x^, mean 0 and variance 1 in every channel.
        deviation: sqrt(variance + epsilon) of every channel.
        running_mean: The updated running mean.
        running_variance: The updated running variance.
    """

    outputs: Float[np.ndarray, "batch channels *positions"]
    normalised: Float[np.ndarray, "batch channels *positions"]
    deviation: Float[np.ndarray, " channels"]
    running_mean: Float[np.ndarray, " channels"]
    running_variance: Float[np.ndarray, " channels"]


def _other_axes(inputs: Float[np.ndarray, "batch channels *positions"]) -> tuple[int, ...]:
    return (0, *range(2, inputs.ndim))


def _along_channels(
    values: Float[np.ndarray, " channels"], inputs: Float[np.ndarray, "batch channels *positions"]
) -> Float[np.ndarray, "1 channels *ones"]:
    return values.reshape(1, -1, *[1] * (inputs.ndim - 2))


def forward_training(
    inputs: Float[np.ndarray, "batch channels *positions"],
    weight: Float[np.ndarray, " channels"],
    bias: Float[np.ndarray, " channels"],
    *,
    running_mean: Float[np.ndarray, " channels"],
    running_variance: Float[np.ndarray, " channels"],
    momentum: float = 0.1,
    epsilon: float = 1e-5,
) -> TrainingPass:
    """Normalise every channel with the statistics of the batch and update the running statistics.

    x^ = (x - mean) / sqrt(variance + epsilon),  y = weight x^ + bias
    running <- (1 - momentum) running + momentum batch

    Args:
        inputs: (batch, features) or (batch, channels, height, width).
        weight: The scale of every channel.
        bias: The shift of every channel.
        running_mean: The running mean so far (0 at first).
        running_variance: The running variance so far (1 at first).
        momentum: The share of the new batch, 0 to 1; 0.1 in torch is 0.9 elsewhere.
        epsilon: Added to the variance, > 0.

    Raises:
        ValueError: A channel has only one value, so that its variance says nothing.

    Source: arXiv:1502.03167, algorithm 1; lecture 004 (slip E50: it is a layer, not preprocessing).

    Example:
        >>> one, zero = np.ones(1), np.zeros(1)
        >>> result = forward_training(np.array([[1.0], [3.0]]), one, zero, running_mean=zero, running_variance=one)
        >>> result.outputs.round(4).tolist(), result.running_mean.tolist(), result.running_variance.tolist()
        ([[-1.0], [1.0]], [0.2], [1.1])
    """
    axes = _other_axes(inputs)
    count = inputs.size // inputs.shape[1]
    if count < 2:
        raise ValueError(
            f"batch normalisation needs at least 2 values per channel in training: got {count}; use larger batches"
        )
    # mean = (1/N) sum x,  variance = (1/N) sum (x - mean)^2
    mean, variance = inputs.mean(axis=axes), inputs.var(axis=axes)
    deviation = np.sqrt(variance + epsilon)
    # x^ = (x - mean) / sqrt(variance + epsilon)
    normalised = (inputs - _along_channels(mean, inputs)) / _along_channels(deviation, inputs)
    # y = weight x^ + bias
    outputs = _along_channels(weight, inputs) * normalised + _along_channels(bias, inputs)
    # the running estimate is of the population, hence N / (N - 1): running <- (1 - momentum) running + momentum batch
    unbiased = variance * (count / (count - 1))
    return TrainingPass(
        outputs=outputs,
        normalised=normalised,
        deviation=deviation,
        running_mean=(1 - momentum) * running_mean + momentum * mean,
        running_variance=(1 - momentum) * running_variance + momentum * unbiased,
    )


def backward_training(
    gradient: Float[np.ndarray, "batch channels *positions"],
    normalised: Float[np.ndarray, "batch channels *positions"],
    deviation: Float[np.ndarray, " channels"],
    weight: Float[np.ndarray, " channels"],
) -> tuple[
    Float[np.ndarray, "batch channels *positions"], Float[np.ndarray, " channels"], Float[np.ndarray, " channels"]
]:
    """Return the gradients with respect to inputs, weight and bias; the batch statistics depend on every input.

    dE/dx = (weight / deviation) (dE/dy - mean(dE/dy) - x^ mean(dE/dy x^))

    Args:
        gradient: dE/dy.
        normalised: From `forward_training`.
        deviation: From `forward_training`.
        weight: The scale of every channel.

    Source: arXiv:1502.03167, section 3.

    Example:
        >>> x_hat, one = np.array([[-1.0], [1.0]]), np.ones(1)
        >>> [part.tolist() for part in backward_training(np.array([[0.0], [1.0]]), x_hat, one, one)]
        [[[0.0], [0.0]], [1.0], [1.0]]
    """
    axes = _other_axes(gradient)
    count = gradient.size // gradient.shape[1]
    # dE/dbias = sum dE/dy,  dE/dweight = sum dE/dy x^
    d_bias, d_weight = gradient.sum(axis=axes), (gradient * normalised).sum(axis=axes)
    # dE/dx = (weight / deviation) (dE/dy - mean(dE/dy) - x^ mean(dE/dy x^))
    centred = gradient - _along_channels(d_bias / count, gradient)
    d_inputs = _along_channels(weight / deviation, gradient) * (
        centred - normalised * _along_channels(d_weight / count, gradient)
    )
    return d_inputs, d_weight, d_bias


def forward_evaluation(
    inputs: Float[np.ndarray, "batch channels *positions"],
    weight: Float[np.ndarray, " channels"],
    bias: Float[np.ndarray, " channels"],
    *,
    running_mean: Float[np.ndarray, " channels"],
    running_variance: Float[np.ndarray, " channels"],
    epsilon: float = 1e-5,
) -> Float[np.ndarray, "batch channels *positions"]:
    """Normalise every channel with the running statistics; examples do not influence each other.

    y = weight (x - running_mean) / sqrt(running_variance + epsilon) + bias

    Args:
        inputs: (batch, features) or (batch, channels, height, width).
        weight: The scale of every channel.
        bias: The shift of every channel.
        running_mean: From training.
        running_variance: From training.
        epsilon: As in training.

    Source: arXiv:1502.03167, algorithm 2.

    Example:
        >>> one = np.ones(1)
        >>> forward_evaluation(np.array([[3.0]]), one, one, running_mean=one, running_variance=one).round(4).tolist()
        [[3.0]]
    """
    scale = weight / np.sqrt(running_variance + epsilon)
    # y = weight (x - running_mean) / sqrt(running_variance + epsilon) + bias
    return _along_channels(scale, inputs) * (inputs - _along_channels(running_mean, inputs)) + _along_channels(
        bias, inputs
    )


def backward_evaluation(
    gradient: Float[np.ndarray, "batch channels *positions"],
    inputs: Float[np.ndarray, "batch channels *positions"],
    weight: Float[np.ndarray, " channels"],
    *,
    running_mean: Float[np.ndarray, " channels"],
    running_variance: Float[np.ndarray, " channels"],
    epsilon: float = 1e-5,
) -> tuple[
    Float[np.ndarray, "batch channels *positions"], Float[np.ndarray, " channels"], Float[np.ndarray, " channels"]
]:
    """Return the gradients with respect to inputs, weight and bias; the running statistics are constants.

    dE/dx = dE/dy weight / sqrt(running_variance + epsilon)

    Args:
        gradient: dE/dy.
        inputs: What `forward_evaluation` was given.
        weight: The scale of every channel.
        running_mean: From training.
        running_variance: From training.
        epsilon: As in training.

    Source: arXiv:1502.03167, algorithm 2.

    Example:
        >>> one, x = np.ones(1), np.array([[3.0]])
        >>> parts = backward_evaluation(x, x, one, running_mean=one, running_variance=one)
        >>> [part.round(3).tolist() for part in parts]
        [[[3.0]], [6.0], [3.0]]
    """
    axes = _other_axes(gradient)
    deviation = np.sqrt(running_variance + epsilon)
    normalised = (inputs - _along_channels(running_mean, inputs)) / _along_channels(deviation, inputs)
    # dE/dx = dE/dy weight / deviation,  dE/dweight = sum dE/dy x^,  dE/dbias = sum dE/dy
    d_inputs = gradient * _along_channels(weight / deviation, gradient)
    return d_inputs, (gradient * normalised).sum(axis=axes), gradient.sum(axis=axes)
