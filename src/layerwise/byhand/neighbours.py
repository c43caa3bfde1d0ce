"""The k nearest neighbours: distances to every known example, and their votes.

Source: Cover and Hart 1967, "Nearest neighbor pattern classification"; lecture 003, "Classification Problem".
"""

import numpy as np
from jaxtyping import Float, Int

__all__ = ["distances", "nearest", "votes"]


def distances(
    inputs: Float[np.ndarray, " features"], examples: Float[np.ndarray, "examples features"]
) -> Float[np.ndarray, " examples"]:
    """Return how far an example is from each of the known ones.

    d_n = sqrt(sum_j (x_j - x_nj)^2)

    Args:
        inputs: x.
        examples: x_n, one a row.

    Source: Cover and Hart 1967, "Nearest neighbor pattern classification".

    Example:
        >>> distances(np.array([0.0, 0.0]), np.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
        [5.0, 1.0]
    """
    # d_n = sqrt(sum_j (x_j - x_nj)^2)
    return np.asarray(np.sqrt(((inputs - examples) ** 2).sum(axis=1)))


def nearest(
    inputs: Float[np.ndarray, " features"], examples: Float[np.ndarray, "examples features"], k: int
) -> Int[np.ndarray, " k"]:
    """Return the places of the k nearest of the known examples, the nearest first; of equally near ones the first.

    Args:
        inputs: x.
        examples: x_n, one a row.
        k: How many.

    Source: Cover and Hart 1967, "Nearest neighbor pattern classification".

    Example:
        >>> nearest(np.array([0.0]), np.array([[3.0], [-1.0], [2.0]]), 2).tolist()
        [1, 2]
    """
    return np.argsort(distances(inputs, examples), kind="stable")[:k]


def votes(
    voices: Float[np.ndarray, " k"], labels: Int[np.ndarray, " k"] | Float[np.ndarray, " k"], classes: int
) -> Float[np.ndarray, " classes"]:
    """Return the votes of each class: every neighbour gives its voices to its own.

    V_c = sum_n v_n [t_n = c]

    Args:
        voices: v, one for each neighbour; 1 where examples have no weights.
        labels: t, the class of each neighbour.
        classes: Number of classes.

    Source: Cover and Hart 1967, "Nearest neighbor pattern classification".

    Example:
        >>> votes(np.array([1.0, 1.0, 1.0]), np.array([2, 0, 2]), 3).tolist()
        [1.0, 0.0, 2.0]
    """
    # V_c = sum_n v_n [t_n = c]
    return np.array([voices[labels == name].sum() for name in range(classes)])
