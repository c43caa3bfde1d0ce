"""The decision of a support vector machine: every support vector speaks for its class, weighed by a kernel.

Source: Cortes and Vapnik 1995, "Support-vector networks"; lecture 003, "Machine Learning with WEKA" (SMO).
"""

import numpy as np
from jaxtyping import Float

__all__ = ["decision", "kernel"]


def kernel(
    inputs: Float[np.ndarray, " features"],
    vectors: Float[np.ndarray, "vectors features"],
    *,
    function: str = "linear",
    gamma: float = 1.0,
    degree: int = 3,
    offset: float = 0.0,
) -> Float[np.ndarray, " vectors"]:
    """Return the kernel of an example with every support vector.

    K = x . x' (linear), exp(-gamma |x - x'|^2) (rbf), (gamma x . x' + offset)^degree (polynomial)

    Args:
        inputs: x.
        vectors: x', one a row.
        function: `linear`, `rbf` or `polynomial`.
        gamma: Factor.
        degree: Exponent of the polynomial.
        offset: Constant of the polynomial.

    Source: Boser, Guyon and Vapnik 1992, "A training algorithm for optimal margin classifiers".

    Example:
        >>> kernel(np.array([1.0, 2.0]), np.array([[3.0, 4.0]])).tolist()
        [11.0]
    """
    if function == "rbf":
        # exp(-gamma |x - x'|^2)
        return np.asarray(np.exp(-gamma * ((inputs - vectors) ** 2).sum(axis=1)))
    products = vectors @ inputs
    # (gamma x . x' + offset)^degree
    return (gamma * products + offset) ** degree if function == "polynomial" else products


def decision(
    inputs: Float[np.ndarray, " features"],
    vectors: Float[np.ndarray, "vectors features"],
    coefficients: Float[np.ndarray, " vectors"],
    bias: Float[np.ndarray, ""] | float,
    *,
    function: str = "linear",
    gamma: float = 1.0,
    degree: int = 3,
    offset: float = 0.0,
) -> Float[np.ndarray, ""]:
    """Return the decision between two classes: above 0 for the first one.

    f(x) = sum_s a_s y_s K(x_s, x) + b

    Args:
        inputs: x.
        vectors: The support vectors x_s, one a row.
        coefficients: a_s y_s, of each.
        bias: b.
        function: Kernel, as in `kernel`.
        gamma: Its factor.
        degree: Its exponent.
        offset: Its constant.

    Source: Cortes and Vapnik 1995, "Support-vector networks", section 2.

    Example:
        >>> two = np.array([[1.0, 0.0], [-1.0, 0.0]])
        >>> float(decision(np.array([3.0, 9.0]), two, np.array([0.5, -0.5]), np.array(0.25)))
        3.25
    """
    spoken = kernel(inputs, vectors, function=function, gamma=gamma, degree=degree, offset=offset)
    # f(x) = sum_s a_s y_s K(x_s, x) + b
    return np.asarray((coefficients * spoken).sum() + bias)
