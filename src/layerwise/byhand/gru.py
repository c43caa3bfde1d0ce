"""The gated recurrent unit, in the lecture's form and in torch's.

The two differ in one place (slip E15). Lecture and Cho et al.: the reset gate meets the state before the matrix,
W_hh (r h). torch: it meets the sum behind the matrix, r (W_hh h + b). In both, z is the share of the OLD state;
char-rnn and Chung et al. let z be the share of the new one. Rows of the weights: r, z, candidate, as in torch.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from layerwise.byhand import linear
from layerwise.byhand.activations import sigmoid, tanh

__all__ = ["Gates", "Slopes", "Weights", "backward", "forward", "step", "step_backward"]


@dataclass(frozen=True)
class Weights:
    """The weights of a layer, the same at every time step, or their gradients.

    Attributes:
        input_weight: Rows of r, z and candidate, one block after the other, from the inputs.
        recurrent_weight: The same from the states.
        bias: One a row.
        recurrent_bias: torch's second bias; 0 in the lecture's form. For r and z the two are added; that of the
            candidate meets the reset gate in torch's form.
    """

    input_weight: Float[np.ndarray, "gates features"]
    recurrent_weight: Float[np.ndarray, "gates units"]
    bias: Float[np.ndarray, " gates"]
    recurrent_bias: Float[np.ndarray, " gates"]

    def __add__(self, other: "Weights") -> "Weights":
        return Weights(
            self.input_weight + other.input_weight,
            self.recurrent_weight + other.recurrent_weight,
            self.bias + other.bias,
            self.recurrent_bias + other.recurrent_bias,
        )


@dataclass(frozen=True)
class Gates:
    """What a layer holds after one step, or after every step with time as the first axis.

    Attributes:
        reset: r, from 0 to 1: how much of the old state the candidate sees.
        update: z, from 0 to 1: how much of the old state stays.
        candidate: h~, from -1 to 1.
        hidden: h.
    """

    reset: Float[np.ndarray, "*steps batch units"]
    update: Float[np.ndarray, "*steps batch units"]
    candidate: Float[np.ndarray, "*steps batch units"]
    hidden: Float[np.ndarray, "*steps batch units"]

    def at(self, t: int) -> "Gates":
        """Return one step of a sequence, from 0."""
        return Gates(self.reset[t], self.update[t], self.candidate[t], self.hidden[t])


@dataclass(frozen=True)
class Slopes:
    """What back-propagation through time found.

    Attributes:
        inputs: dE/dx_t.
        hidden: dE/dh_0.
        weights: The gradients of the weights, summed over the time steps.
        hiddens: dE/dh_t of every step, with everything that comes back from later steps.
    """

    inputs: Float[np.ndarray, "steps batch features"]
    hidden: Float[np.ndarray, "batch units"]
    weights: Weights
    hiddens: Float[np.ndarray, "steps batch units"]


def step(
    inputs: Float[np.ndarray, "batch features"],
    hidden: Float[np.ndarray, "batch units"],
    weights: Weights,
    *,
    reset_after: bool = False,
) -> Gates:
    """Return gates and hidden state after one time step.

    r = sigmoid(W_xr x + W_hr h + b_r),  z = sigmoid(W_xz x + W_hz h + b_z)
    h~ = tanh(W_xh x + W_hh (r h) + b_h), or tanh(W_xh x + b_h + r (W_hh h + b_hh)) with `reset_after`
    h_t = z h_(t-1) + (1 - z) h~

    Args:
        inputs: x_t, one row an example.
        hidden: h_(t-1).
        weights: Rows of r, z and the candidate.
        reset_after: False for the lecture's form, True for torch's.

    Source: lecture 001, "GRU" (slip E15); Cho et al. 2014, arXiv:1406.1078; `torch.nn.GRU`.

    Example:
        >>> keep = Weights(np.zeros((3, 1)), np.zeros((3, 1)), np.array([0.0, 100.0, 0.0]), np.zeros(3))
        >>> step(np.ones((1, 1)), np.array([[0.5]]), keep).hidden.tolist()
        [[0.5]]
    """
    units = hidden.shape[-1]
    # W_x x + b
    sums = linear.forward(inputs, weights.input_weight, weights.bias)
    u_rz, u_h = weights.recurrent_weight[: 2 * units], weights.recurrent_weight[2 * units :]
    # r, z = sigmoid(W_x x + W_h h + b)
    both = sums[:, : 2 * units] + linear.forward(hidden, u_rz, weights.recurrent_bias[: 2 * units])
    r, z = sigmoid(both[:, :units]), sigmoid(both[:, units:])
    bias = weights.recurrent_bias[2 * units :]
    if reset_after:
        # h~ = tanh(W_xh x + b_h + r (W_hh h + b_hh))
        candidate = tanh(sums[:, 2 * units :] + r * linear.forward(hidden, u_h, bias))
    else:
        # h~ = tanh(W_xh x + W_hh (r h) + b_h)
        candidate = tanh(sums[:, 2 * units :] + linear.forward(r * hidden, u_h, bias))
    # h_t = z h_(t-1) + (1 - z) h~
    return Gates(r, z, candidate, z * hidden + (1 - z) * candidate)


def step_backward(
    gradient: Float[np.ndarray, "batch units"],
    inputs: Float[np.ndarray, "batch features"],
    hidden: Float[np.ndarray, "batch units"],
    gates: Gates,
    weights: Weights,
    *,
    reset_after: bool = False,
) -> tuple[Float[np.ndarray, "batch features"], Float[np.ndarray, "batch units"], Weights]:
    """Return the gradients of one time step with respect to x_t, h_(t-1) and the weights.

    dh~ = (1 - z) dh_t,  da = (1 - h~^2) dh~,  dz_sum = (h_(t-1) - h~) z (1 - z) dh_t
    d(r h) = W_hh^T da,  dr = h_(t-1) d(r h)   |   with `reset_after`: dr = (W_hh h_(t-1) + b_hh) da

    Args:
        gradient: dE/dh_t.
        inputs: x_t.
        hidden: h_(t-1).
        gates: What `step` returned.
        weights: What `step` was given.
        reset_after: That of `step`.

    Source: lecture 001, "GRU"; lecture 000, BPTT.

    Example:
        >>> keep = Weights(np.zeros((3, 1)), np.zeros((3, 1)), np.array([0.0, 100.0, 0.0]), np.zeros(3))
        >>> x, h = np.ones((1, 1)), np.array([[0.5]])
        >>> step_backward(np.ones((1, 1)), x, h, step(x, h, keep), keep)[1].tolist()
        [[1.0]]
    """
    units = hidden.shape[-1]
    r, z, candidate = gates.reset, gates.update, gates.candidate
    u_rz, u_h = weights.recurrent_weight[: 2 * units], weights.recurrent_weight[2 * units :]
    # da = (1 - h~^2) (1 - z) dh_t
    d_candidate = (1 - candidate**2) * (1 - z) * gradient
    if reset_after:
        # d(W_hh h + b_hh) = r da,  dr = (W_hh h + b_hh) da
        d_r = linear.forward(hidden, u_h, weights.recurrent_bias[2 * units :]) * d_candidate
        d_hidden, d_u_h, d_bias_h = linear.backward(r * d_candidate, hidden, u_h)
    else:
        # d(r h) = W_hh^T da,  dr = h d(r h),  dh = r d(r h)
        d_product, d_u_h, d_bias_h = linear.backward(d_candidate, r * hidden, u_h)
        d_r, d_hidden = hidden * d_product, r * d_product
    # dz = (h_(t-1) - h~) dh_t, and through the sigmoids
    d_rz = np.concatenate((d_r * r * (1 - r), (hidden - candidate) * gradient * z * (1 - z)), axis=-1)
    d_before, d_u_rz, d_bias_rz = linear.backward(d_rz, hidden, u_rz)
    # dx_t = W_x^T (dz_r, dz_z, da)
    d_sums = np.concatenate((d_rz, d_candidate), axis=-1)
    d_inputs, d_input_weight, d_bias = linear.backward(d_sums, inputs, weights.input_weight)
    slopes = Weights(d_input_weight, np.concatenate((d_u_rz, d_u_h)), d_bias, np.concatenate((d_bias_rz, d_bias_h)))
    # dh_(t-1) = z dh_t + what came through the candidate and the gates
    return d_inputs, z * gradient + d_hidden + d_before, slopes


def forward(
    inputs: Float[np.ndarray, "steps batch features"],
    hidden: Float[np.ndarray, "batch units"],
    weights: Weights,
    *,
    reset_after: bool = False,
) -> Gates:
    """Return gates and hidden states of every time step.

    Args:
        inputs: x_1 ... x_T, time first.
        hidden: h_0.
        weights: Those of every step.
        reset_after: False for the lecture's form, True for torch's.

    Source: lecture 001, "GRU" (slip E15).

    Example:
        >>> keep = Weights(np.zeros((3, 1)), np.zeros((3, 1)), np.array([0.0, 100.0, 0.0]), np.zeros(3))
        >>> forward(np.ones((3, 1, 1)), np.array([[0.5]]), keep).hidden.ravel().tolist()
        [0.5, 0.5, 0.5]
    """
    found = []
    for x in inputs:
        after = step(x, hidden, weights, reset_after=reset_after)
        hidden = after.hidden
        found.append(after)
    names = ("reset", "update", "candidate", "hidden")
    return Gates(*(np.stack([getattr(after, name) for after in found]) for name in names))


def backward(
    gradient: Float[np.ndarray, "steps batch units"],
    inputs: Float[np.ndarray, "steps batch features"],
    hidden: Float[np.ndarray, "batch units"],
    gates: Gates,
    weights: Weights,
    *,
    reset_after: bool = False,
) -> Slopes:
    """Go back through time, from the last step to the first, and sum the gradients of the copies.

    Args:
        gradient: dE_t/dh_t of every step, from the outputs of that step alone.
        inputs: What `forward` was given.
        hidden: h_0.
        gates: What `forward` returned.
        weights: What `forward` was given.
        reset_after: That of `forward`.

    Source: lecture 001, "GRU"; lecture 000, BPTT.

    Example:
        >>> keep = Weights(np.zeros((3, 1)), np.zeros((3, 1)), np.array([0.0, 100.0, 0.0]), np.zeros(3))
        >>> x, h, only_the_last = np.ones((3, 1, 1)), np.array([[0.5]]), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
        >>> backward(only_the_last, x, h, forward(x, h, keep), keep).hiddens.ravel().tolist()
        [1.0, 1.0, 1.0]
    """
    d_inputs, d_hiddens = np.zeros_like(inputs), np.zeros_like(gates.hidden)
    total = Weights(
        *(
            np.zeros_like(part)
            for part in (weights.input_weight, weights.recurrent_weight, weights.bias, weights.recurrent_bias)
        )
    )
    from_later = np.zeros_like(hidden)
    for t in reversed(range(len(inputs))):
        # dE/dh_t = dE_t/dh_t + what comes back from step t + 1
        d_hiddens[t] = gradient[t] + from_later
        before = gates.hidden[t - 1] if t else hidden
        d_inputs[t], from_later, part = step_backward(
            d_hiddens[t], inputs[t], before, gates.at(t), weights, reset_after=reset_after
        )
        total = total + part
    return Slopes(d_inputs, from_later, total, d_hiddens)
