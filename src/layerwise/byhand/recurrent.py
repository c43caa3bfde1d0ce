"""The plain recurrent network: one step, a whole sequence, and back-propagation through time, whole or truncated.

Two notations of the lectures are one network: document 000 stacks what comes in, h_t = tanh(W [x_t; h_(t-1)]);
document 003 keeps the parts apart, s_t = tanh(U x_t + W s_(t-1)). Neither has a bias; here it may be zero.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from layerwise.byhand import linear
from layerwise.byhand.activations import relu, relu_derivative, tanh

__all__ = [
    "Slopes",
    "Weights",
    "backward",
    "backward_truncated",
    "forward",
    "parameters",
    "stacked",
    "step",
    "step_backward",
    "step_stacked",
]


@dataclass(frozen=True)
class Weights:
    """The weights of a recurrent layer, the same at every time step, or their gradients.

    Attributes:
        input_weight: U, from the inputs: one row a unit, or one row a gate of a unit.
        recurrent_weight: W, from the states of the step before, with the same rows.
        bias: One a row.
    """

    input_weight: Float[np.ndarray, "rows features"]
    recurrent_weight: Float[np.ndarray, "rows units"]
    bias: Float[np.ndarray, " rows"]

    def __add__(self, other: "Weights") -> "Weights":
        return Weights(
            self.input_weight + other.input_weight,
            self.recurrent_weight + other.recurrent_weight,
            self.bias + other.bias,
        )


@dataclass(frozen=True)
class Slopes:
    """What back-propagation through time found.

    Attributes:
        inputs: dE/dx_t.
        state: dE/dh_0.
        weights: dE/dU, dE/dW and dE/db, summed over the time steps.
        states: dE/dh_t of every step, with everything that comes back from later steps.
    """

    inputs: Float[np.ndarray, "steps batch features"]
    state: Float[np.ndarray, "batch units"]
    weights: Weights
    states: Float[np.ndarray, "steps batch units"]


def step(
    inputs: Float[np.ndarray, "batch features"],
    state: Float[np.ndarray, "batch units"],
    weights: Weights,
    *,
    activation: str = "tanh",
) -> Float[np.ndarray, "batch units"]:
    """Return the state after one time step.

    h_t = tanh(U x_t + W h_(t-1) + b)

    Args:
        inputs: x_t, one row an example.
        state: h_(t-1).
        weights: U, W and b.
        activation: `tanh`, or `relu` in its place.

    Source: lecture 000, "RNN cell"; lecture 003, "Model"; Elman 1990.

    Example:
        >>> weights = Weights(np.array([[0.5]]), np.array([[2.0]]), np.zeros(1))
        >>> step(np.array([[1.0]]), np.array([[-0.25]]), weights).tolist()
        [[0.0]]
    """
    # a_t = U x_t + W h_(t-1) + b
    sums = linear.forward(inputs, weights.input_weight, weights.bias) + linear.forward(state, weights.recurrent_weight)
    # h_t = tanh(a_t)
    return tanh(sums) if activation == "tanh" else relu(sums)


def step_backward(
    gradient: Float[np.ndarray, "batch units"],
    inputs: Float[np.ndarray, "batch features"],
    state: Float[np.ndarray, "batch units"],
    after: Float[np.ndarray, "batch units"],
    weights: Weights,
    *,
    activation: str = "tanh",
) -> tuple[Float[np.ndarray, "batch features"], Float[np.ndarray, "batch units"], Weights]:
    """Return the gradients of one time step with respect to its inputs, the state before it and the weights.

    da_t = (1 - h_t^2) dh_t,  dx_t = U^T da_t,  dh_(t-1) = W^T da_t,  dU = da_t x_t^T,  dW = da_t h_(t-1)^T,  db = da_t

    Args:
        gradient: dE/dh_t, from the output of this step and from the step after it.
        inputs: x_t.
        state: h_(t-1).
        after: h_t.
        weights: U, W and b.
        activation: That of `step`.

    Source: lecture 000, "Backpropagation through Time (BPTT)".

    Example:
        >>> weights = Weights(np.array([[0.5]]), np.array([[2.0]]), np.zeros(1))
        >>> x, h, after = np.array([[1.0]]), np.array([[-0.25]]), np.array([[0.0]])
        >>> d_x, d_h, d_weights = step_backward(np.array([[1.0]]), x, h, after, weights)
        >>> d_x.tolist(), d_h.tolist(), d_weights.recurrent_weight.tolist()
        ([[0.5]], [[2.0]], [[-0.25]])
    """
    # da_t = (1 - h_t^2) dh_t
    delta = gradient * ((1 - after**2) if activation == "tanh" else relu_derivative(after))
    # dx_t = U^T da_t,  dU = da_t x_t^T,  db = da_t
    d_inputs, d_input_weight, d_bias = linear.backward(delta, inputs, weights.input_weight)
    # dh_(t-1) = W^T da_t,  dW = da_t h_(t-1)^T
    d_state, d_recurrent_weight, _ = linear.backward(delta, state, weights.recurrent_weight)
    return d_inputs, d_state, Weights(d_input_weight, d_recurrent_weight, d_bias)


def forward(
    inputs: Float[np.ndarray, "steps batch features"],
    state: Float[np.ndarray, "batch units"],
    weights: Weights,
    *,
    activation: str = "tanh",
) -> Float[np.ndarray, "steps batch units"]:
    """Return the states of every time step; the network is unrolled into one copy a step, all with the same weights.

    h_t = tanh(U x_t + W h_(t-1) + b),  t = 1 ... T

    Args:
        inputs: x_1 ... x_T, time first.
        state: h_0.
        weights: U, W and b.
        activation: That of `step`.

    Source: lecture 000, "Feeding a sequence to an RNN"; lecture 001, many to many.

    Example:
        >>> weights = Weights(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1))
        >>> forward(np.array([[[1.0]], [[0.0]]]), np.zeros((1, 1)), weights).round(4).ravel().tolist()
        [0.7616, 0.642]
    """
    states = []
    for x in inputs:
        # h_t = f(h_(t-1), x_t)
        state = step(x, state, weights, activation=activation)
        states.append(state)
    return np.stack(states)


def backward(
    gradient: Float[np.ndarray, "steps batch units"],
    inputs: Float[np.ndarray, "steps batch features"],
    state: Float[np.ndarray, "batch units"],
    states: Float[np.ndarray, "steps batch units"],
    weights: Weights,
    *,
    activation: str = "tanh",
) -> Slopes:
    """Go back through time, from the last step to the first, and sum the gradients of the copies.

    dE/dh_t = dE_t/dh_t + W^T ((1 - h_(t+1)^2) dE/dh_(t+1)),  dE/dW = sum_t (1 - h_t^2) dE/dh_t h_(t-1)^T

    The lecture says "summed (or averaged)": the gradient is the sum; the average is the sum with a learning rate
    divided by the number of steps (slip E07).

    Args:
        gradient: dE_t/dh_t of every step, from the outputs of that step alone.
        inputs: What `forward` was given.
        state: h_0.
        states: What `forward` returned.
        weights: U, W and b.
        activation: That of `step`.

    Source: lecture 000, "Backpropagation through Time (BPTT)"; Werbos 1990.

    Example:
        >>> weights = Weights(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1))
        >>> x, h = np.array([[[1.0]], [[0.0]]]), np.zeros((1, 1))
        >>> found = backward(np.array([[[0.0]], [[1.0]]]), x, h, forward(x, h, weights), weights)
        >>> found.states.round(4).ravel().tolist(), found.weights.recurrent_weight.round(4).tolist()
        ([0.5878, 1.0], [[0.4477]])
    """
    d_inputs, d_states = np.zeros_like(inputs), np.zeros_like(states)
    total = Weights(*(np.zeros_like(part) for part in (weights.input_weight, weights.recurrent_weight, weights.bias)))
    from_later = np.zeros_like(state)
    for t in reversed(range(len(inputs))):
        # dE/dh_t = dE_t/dh_t + what comes back from step t + 1
        d_states[t] = gradient[t] + from_later
        before = states[t - 1] if t else state
        d_inputs[t], from_later, part = step_backward(
            d_states[t], inputs[t], before, states[t], weights, activation=activation
        )
        # dE/dW = sum over the copies
        total = total + part
    return Slopes(d_inputs, from_later, total, d_states)


def backward_truncated(
    gradient: Float[np.ndarray, "steps batch units"],
    inputs: Float[np.ndarray, "steps batch features"],
    state: Float[np.ndarray, "batch units"],
    weights: Weights,
    *,
    chunk: int,
) -> tuple[list[Slopes], Float[np.ndarray, "steps batch units"]]:
    """Go through a sequence chunk by chunk: the state is carried over each cut, the gradient is not.

    chunk k: h_0 := last state of chunk k - 1, held fast (detached);  gradients within the chunk alone

    Args:
        gradient: dE_t/dh_t of every step.
        inputs: x_1 ... x_T.
        state: h_0 of the first chunk.
        weights: U, W and b; the same for all chunks, so that the sum can be compared with the whole.
        chunk: Steps of a chunk, >= 1; the last may be shorter.

    Returns:
        The gradients of each chunk, and the states of all steps.

    Raises:
        ValueError: A chunk of no steps.

    Source: lecture 001, "computed in pieces, since memory would not hold the whole"; Williams and Peng 1990.

    Example:
        >>> weights = Weights(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1))
        >>> x, h, only_the_last = np.array([[[1.0]], [[0.0]]]), np.zeros((1, 1)), np.array([[[0.0]], [[1.0]]])
        >>> chunks, states = backward_truncated(only_the_last, x, h, weights, chunk=1)
        >>> [float(part.weights.input_weight.round(4)[0, 0]) for part in chunks]
        [0.0, 0.0]
    """
    if chunk < 1:
        raise ValueError(f"a chunk has at least one step: got {chunk}")
    found, all_states = [], []
    for start in range(0, len(inputs), chunk):
        part = slice(start, start + chunk)
        states = forward(inputs[part], state, weights)
        found.append(backward(gradient[part], inputs[part], state, states, weights))
        # h_0 of the next chunk: the number is carried, the path back is cut
        state = states[-1]
        all_states.append(states)
    return found, np.concatenate(all_states)


def stacked(weights: Weights) -> Float[np.ndarray, "units both"]:
    """Return document 000's one matrix for inputs and state together.

    W = [U | W_hh]

    Args:
        weights: U and W; a bias other than 0 has no place in this notation.

    Raises:
        ValueError: The bias is not 0.

    Source: lecture 000, "RNN cell".

    Example:
        >>> stacked(Weights(np.array([[0.5]]), np.array([[2.0]]), np.zeros(1))).tolist()
        [[0.5, 2.0]]
    """
    if weights.bias.any():
        raise ValueError("the stacked notation has no bias: got one that is not 0")
    # W = [U | W_hh]
    return np.concatenate((weights.input_weight, weights.recurrent_weight), axis=1)


def step_stacked(
    inputs: Float[np.ndarray, "batch features"],
    state: Float[np.ndarray, "batch units"],
    weight: Float[np.ndarray, "units both"],
) -> Float[np.ndarray, "batch units"]:
    """Return the state after one time step, in document 000's notation.

    h_t = tanh(W [x_t; h_(t-1)])

    Args:
        inputs: x_t.
        state: h_(t-1).
        weight: From `stacked`.

    Source: lecture 000, "RNN cell".

    Example:
        >>> step_stacked(np.array([[1.0]]), np.array([[-0.25]]), np.array([[0.5, 2.0]])).tolist()
        [[0.0]]
    """
    # h_t = tanh(W [x_t; h_(t-1)])
    return tanh(linear.forward(np.concatenate((inputs, state), axis=1), weight))


def parameters(features: int, units: int, *, gates: int = 1, biases: int = 1) -> int:
    """Return how many numbers a recurrent layer learns.

    gates units (features + units + biases)

    Args:
        features: Inputs D of one step, >= 1.
        units: Units H, >= 1.
        gates: Sums of one unit: 1 for the plain network, 3 for the GRU, 4 for the LSTM.
        biases: 0 as the lectures write RNN and LSTM, 1 in textbooks and in the lecture's GRU, 2 in torch.

    Source: lecture 001 (equations of LSTM and GRU); `torch.nn.LSTM`.

    Example:
        >>> [parameters(65, 128, gates=gates, biases=2) for gates in (1, 4, 3)]
        [24960, 99840, 74880]
    """
    # gates H (D + H + biases)
    return gates * units * (features + units + biases)
