"""A fully connected layer: one weighted sum per unit."""

import numpy as np
from jaxtyping import Float

__all__ = ["backward", "forward"]


def forward(
    inputs: Float[np.ndarray, "*batch features"],
    weight: Float[np.ndarray, "units features"],
    bias: Float[np.ndarray, " units"] | None = None,
) -> Float[np.ndarray, "*batch units"]:
    """Return the weighted sum of every unit for every example.

    s_i = sum_j w_ij x_j + b_i

    Args:
        inputs: One row of features per example.
        weight: One row per unit, as in torch: (units, features).
        bias: One value per unit, or None for none.

    Raises:
        ValueError: The number of features differs between inputs and weight.

    Source: lecture 003, "Sigmoid Unit" (s = X . W).

    Example:
        >>> forward(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [0.5, -1.0]]), np.array([0.1, 0.0])).tolist()
        [[11.1, -1.5]]
    """
    if inputs.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"inputs and weight must agree in the number of features: got {inputs.shape[-1]} and {weight.shape[1]}; "
            "weight is (units, features), transpose it if it is stored the other way"
        )
    # s = x W^T
    sums = inputs @ weight.T
    # s = x W^T + b
    return sums if bias is None else sums + bias


def backward(
    gradient: Float[np.ndarray, "*batch units"],
    inputs: Float[np.ndarray, "*batch features"],
    weight: Float[np.ndarray, "units features"],
) -> tuple[Float[np.ndarray, "*batch features"], Float[np.ndarray, "units features"], Float[np.ndarray, " units"]]:
    """Return the gradients with respect to inputs, weight and bias.

    dE/dx_j = sum_i dE/ds_i w_ij,  dE/dw_ij = sum over examples of dE/ds_i x_j,  dE/db_i = sum over examples of dE/ds_i

    Args:
        gradient: dE/ds, of the shape of the outputs.
        inputs: What `forward` was given.
        weight: What `forward` was given.

    Source: lecture 003, "Back Propagation Learning Algorithm".

    Example:
        >>> d_inputs, d_weight, d_bias = backward(np.array([[1.0]]), np.array([[2.0, 3.0]]), np.array([[4.0, 5.0]]))
        >>> d_inputs.tolist(), d_weight.tolist(), d_bias.tolist()
        ([[4.0, 5.0]], [[2.0, 3.0]], [1.0])
    """
    rows = gradient.reshape(-1, gradient.shape[-1])
    # dE/dx = dE/ds W
    d_inputs = gradient @ weight
    # dE/dW = (dE/ds)^T x
    d_weight = rows.T @ inputs.reshape(-1, inputs.shape[-1])
    # dE/db = sum over examples of dE/ds
    d_bias = rows.sum(axis=0)
    return d_inputs, d_weight, d_bias
