"""Long short-term memory: a cell that is added to and not multiplied by a matrix, and three gates around it.

The rows of the weights are in the lecture's order: input gate, forget gate, output gate, candidate (i, f, o, g). torch
packs i, f, g, o and adds two biases (slip E13); `from_torch` and `to_torch` convert.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from layerwise.byhand import linear
from layerwise.byhand.activations import sigmoid, tanh
from layerwise.byhand.recurrent import Weights

__all__ = ["Gates", "Slopes", "backward", "forward", "from_torch", "step", "step_backward", "to_torch"]


@dataclass(frozen=True)
class Gates:
    """What a layer holds after one step, or after every step with time as the first axis.

    Attributes:
        input: i, from 0 to 1: how much of the candidate comes into the cell.
        forget: f, from 0 to 1: how much of the old cell stays.
        output: o, from 0 to 1: how much of the cell is shown.
        candidate: g, from -1 to 1: what would come in.
        cell: c.
        hidden: h.
    """

    input: Float[np.ndarray, "*steps batch units"]
    forget: Float[np.ndarray, "*steps batch units"]
    output: Float[np.ndarray, "*steps batch units"]
    candidate: Float[np.ndarray, "*steps batch units"]
    cell: Float[np.ndarray, "*steps batch units"]
    hidden: Float[np.ndarray, "*steps batch units"]

    def at(self, t: int) -> "Gates":
        """Return one step of a sequence, from 0."""
        return Gates(self.input[t], self.forget[t], self.output[t], self.candidate[t], self.cell[t], self.hidden[t])


@dataclass(frozen=True)
class Slopes:
    """What back-propagation through time found.

    Attributes:
        inputs: dE/dx_t.
        hidden: dE/dh_0.
        cell: dE/dc_0.
        weights: The gradients of the weights, summed over the time steps.
        hiddens: dE/dh_t of every step, with everything that comes back from later steps.
        cells: dE/dc_t of every step, likewise.
    """

    inputs: Float[np.ndarray, "steps batch features"]
    hidden: Float[np.ndarray, "batch units"]
    cell: Float[np.ndarray, "batch units"]
    weights: Weights
    hiddens: Float[np.ndarray, "steps batch units"]
    cells: Float[np.ndarray, "steps batch units"]


def step(
    inputs: Float[np.ndarray, "batch features"],
    hidden: Float[np.ndarray, "batch units"],
    cell: Float[np.ndarray, "batch units"],
    weights: Weights,
) -> Gates:
    """Return gates, cell and hidden state after one time step.

    (i, f, o, g) = (sigmoid, sigmoid, sigmoid, tanh) W [h_(t-1); x_t],  c_t = f c_(t-1) + i g,  h_t = o tanh(c_t)

    Args:
        inputs: x_t, one row an example.
        hidden: h_(t-1).
        cell: c_(t-1).
        weights: Rows of i, f, o and g, one block after the other; the bias may be 0, as in the lecture.

    Source: lecture 001, "Long Short Term Memory (LSTM)"; Hochreiter and Schmidhuber 1997; Gers et al. 2000 (f).

    Example:
        >>> open_gates = Weights(np.zeros((4, 1)), np.zeros((4, 1)), np.array([0.0, 100.0, 100.0, 0.0]))
        >>> after = step(np.ones((1, 1)), np.zeros((1, 1)), np.array([[0.5]]), open_gates)
        >>> after.cell.tolist(), after.hidden.round(4).tolist()
        ([[0.5]], [[0.4621]])
    """
    # W [h_(t-1); x_t] + b
    sums = linear.forward(inputs, weights.input_weight, weights.bias) + linear.forward(hidden, weights.recurrent_weight)
    z_i, z_f, z_o, z_g = np.split(sums, 4, axis=-1)
    # i, f, o = sigmoid(z),  g = tanh(z)
    i, f, o, g = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o), tanh(z_g)
    # c_t = f c_(t-1) + i g
    c = f * cell + i * g
    # h_t = o tanh(c_t)
    return Gates(i, f, o, g, c, o * tanh(c))


def step_backward(
    d_hidden: Float[np.ndarray, "batch units"],
    d_cell: Float[np.ndarray, "batch units"],
    inputs: Float[np.ndarray, "batch features"],
    hidden: Float[np.ndarray, "batch units"],
    cell: Float[np.ndarray, "batch units"],
    gates: Gates,
    weights: Weights,
) -> tuple[
    Float[np.ndarray, "batch features"], Float[np.ndarray, "batch units"], Float[np.ndarray, "batch units"], Weights
]:
    """Return the gradients of one time step with respect to x_t, h_(t-1), c_(t-1) and the weights.

    dc_t += o (1 - tanh^2 c_t) dh_t,  dc_(t-1) = f dc_t
    dz_i = g i (1 - i) dc_t,  dz_f = c_(t-1) f (1 - f) dc_t,  dz_o = tanh(c_t) o (1 - o) dh_t,  dz_g = i (1 - g^2) dc_t

    From cell to cell the gradient is multiplied by f and by no matrix: f near 1 keeps it. Through the gates it still
    passes W, so that it can vanish and explode (slip E14).

    Args:
        d_hidden: dE/dh_t.
        d_cell: dE/dc_t, from the step after it.
        inputs: x_t.
        hidden: h_(t-1).
        cell: c_(t-1).
        gates: What `step` returned.
        weights: What `step` was given.

    Source: lecture 001, "Long Short Term Memory (LSTM): gradient flow" (slip E14).

    Example:
        >>> open_gates = Weights(np.zeros((4, 1)), np.zeros((4, 1)), np.array([0.0, 100.0, 100.0, 0.0]))
        >>> x, h, c = np.ones((1, 1)), np.zeros((1, 1)), np.array([[0.5]])
        >>> after = step(x, h, c, open_gates)
        >>> step_backward(np.zeros((1, 1)), np.ones((1, 1)), x, h, c, after, open_gates)[2].tolist()
        [[1.0]]
    """
    shown = tanh(gates.cell)
    # dc_t += o (1 - tanh^2 c_t) dh_t
    d_c = d_cell + gates.output * (1 - shown**2) * d_hidden
    # dz = dE/dgate times the derivative of its sigmoid or tanh
    d_sums = np.concatenate(
        (
            gates.candidate * gates.input * (1 - gates.input) * d_c,
            cell * gates.forget * (1 - gates.forget) * d_c,
            shown * gates.output * (1 - gates.output) * d_hidden,
            gates.input * (1 - gates.candidate**2) * d_c,
        ),
        axis=-1,
    )
    # dx_t = W_x^T dz,  dW_x = dz x_t^T,  db = dz
    d_inputs, d_input_weight, d_bias = linear.backward(d_sums, inputs, weights.input_weight)
    # dh_(t-1) = W_h^T dz,  dW_h = dz h_(t-1)^T
    d_before, d_recurrent_weight, _ = linear.backward(d_sums, hidden, weights.recurrent_weight)
    # dc_(t-1) = f dc_t
    return d_inputs, d_before, gates.forget * d_c, Weights(d_input_weight, d_recurrent_weight, d_bias)


def forward(
    inputs: Float[np.ndarray, "steps batch features"],
    hidden: Float[np.ndarray, "batch units"],
    cell: Float[np.ndarray, "batch units"],
    weights: Weights,
) -> Gates:
    """Return gates, cells and hidden states of every time step.

    Args:
        inputs: x_1 ... x_T, time first.
        hidden: h_0.
        cell: c_0.
        weights: Those of every step.

    Source: lecture 001, "Long Short Term Memory (LSTM)".

    Example:
        >>> open_gates = Weights(np.zeros((4, 1)), np.zeros((4, 1)), np.array([0.0, 100.0, 100.0, 0.0]))
        >>> forward(np.ones((3, 1, 1)), np.zeros((1, 1)), np.array([[0.5]]), open_gates).cell.ravel().tolist()
        [0.5, 0.5, 0.5]
    """
    found = []
    for x in inputs:
        after = step(x, hidden, cell, weights)
        hidden, cell = after.hidden, after.cell
        found.append(after)
    names = ("input", "forget", "output", "candidate", "cell", "hidden")
    return Gates(*(np.stack([getattr(after, name) for after in found]) for name in names))


def backward(
    gradient: Float[np.ndarray, "steps batch units"],
    inputs: Float[np.ndarray, "steps batch features"],
    hidden: Float[np.ndarray, "batch units"],
    cell: Float[np.ndarray, "batch units"],
    gates: Gates,
    weights: Weights,
    *,
    last_cell: Float[np.ndarray, "batch units"] | None = None,
) -> Slopes:
    """Go back through time, from the last step to the first, and sum the gradients of the copies.

    Args:
        gradient: dE_t/dh_t of every step, from the outputs of that step alone.
        inputs: What `forward` was given.
        hidden: h_0.
        cell: c_0.
        gates: What `forward` returned.
        weights: What `forward` was given.
        last_cell: dE/dc_T from outside, or None where the loss does not see the last cell.

    Source: lecture 001, "Long Short Term Memory (LSTM): gradient flow"; lecture 000, BPTT.

    Example:
        >>> open_gates = Weights(np.zeros((4, 1)), np.zeros((4, 1)), np.array([0.0, 100.0, 100.0, 0.0]))
        >>> x, h, c = np.ones((3, 1, 1)), np.zeros((1, 1)), np.array([[0.5]])
        >>> found = backward(np.zeros((3, 1, 1)), x, h, c, forward(x, h, c, open_gates), open_gates, last_cell=c + 0.5)
        >>> found.cells.ravel().tolist()
        [1.0, 1.0, 1.0]
    """
    d_inputs, d_hiddens, d_cells = np.zeros_like(inputs), np.zeros_like(gates.hidden), np.zeros_like(gates.hidden)
    total = Weights(*(np.zeros_like(part) for part in (weights.input_weight, weights.recurrent_weight, weights.bias)))
    d_hidden, d_cell = np.zeros_like(hidden), np.zeros_like(cell) if last_cell is None else last_cell
    for t in reversed(range(len(inputs))):
        h, c = (gates.hidden[t - 1], gates.cell[t - 1]) if t else (hidden, cell)
        now = gates.at(t)
        # dE/dh_t = dE_t/dh_t + what comes back from step t + 1
        d_hiddens[t] = gradient[t] + d_hidden
        # dE/dc_t = what comes back from step t + 1, and what comes through h_t
        d_cells[t] = d_cell + now.output * (1 - tanh(now.cell) ** 2) * d_hiddens[t]
        d_inputs[t], d_hidden, d_cell, part = step_backward(d_hiddens[t], d_cell, inputs[t], h, c, now, weights)
        total = total + part
    return Slopes(d_inputs, d_hidden, d_cell, total, d_hiddens, d_cells)


def from_torch(rows: Float[np.ndarray, "gates *columns"]) -> Float[np.ndarray, "gates *columns"]:
    """Return weights or biases with torch's order of rows in the lecture's order.

    i, f, g, o -> i, f, o, g

    Args:
        rows: Four blocks of rows, such as `weight_ih_l0`; of torch's two biases give the sum.

    Source: lecture 001 (slip E13); `torch.nn.LSTM`.

    Example:
        >>> from_torch(np.array([1.0, 2.0, 3.0, 4.0])).tolist()
        [1.0, 2.0, 4.0, 3.0]
    """
    i, f, g, o = np.split(rows, 4)
    # (i, f, o, g)
    return np.concatenate((i, f, o, g))


def to_torch(rows: Float[np.ndarray, "gates *columns"]) -> Float[np.ndarray, "gates *columns"]:
    """Return weights, biases or their gradients in torch's order of rows.

    i, f, o, g -> i, f, g, o

    Args:
        rows: Four blocks of rows.

    Source: lecture 001 (slip E13); `torch.nn.LSTM`.

    Example:
        >>> to_torch(from_torch(np.array([1.0, 2.0, 3.0, 4.0]))).tolist()
        [1.0, 2.0, 3.0, 4.0]
    """
    i, f, o, g = np.split(rows, 4)
    # (i, f, g, o)
    return np.concatenate((i, f, g, o))
