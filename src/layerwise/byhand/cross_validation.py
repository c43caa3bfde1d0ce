"""Cross-validation: what each fold is worth, and how sure their mean is.

Source: lecture 003, "Cross-Validation"; Nadeau and Bengio 2003, "Inference for the generalization error".
"""

import numpy as np
from jaxtyping import Float, Int

__all__ = ["corrected_error", "fold_means"]


def fold_means(folds: Int[np.ndarray, " rows"], values: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " folds"]:
    """Return the mean over the rows that each fold tests; with 1 for right and 0 for wrong its accuracy.

    E_f = 1 / n_f sum_(i in fold f) e_i

    Args:
        folds: Number of the fold that tests each row, from 0; every number occurs.
        values: e, what is averaged.

    Source: lecture 003, "Cross-Validation".

    Example:
        >>> fold_means(np.array([0, 0, 1, 1]), np.array([1.0, 0.0, 1.0, 1.0])).tolist()
        [0.5, 1.0]
    """
    # E_f = 1 / n_f sum_(i in fold f) e_i
    return np.array([values[folds == number].mean() for number in range(int(folds.max()) + 1)])


def corrected_error(figures: Float[np.ndarray, " figures"], *, tested: float, learned: float) -> float:
    """Return the standard error of the mean of figures of folds, which share most of their training rows.

    sqrt((1/J + n_2 / n_1) s^2), s^2 the variance of the J figures

    Args:
        figures: One figure a fold, of all deals, two at least.
        tested: n_2, rows that a fold tests.
        learned: n_1, rows that it is learned from.

    Source: Nadeau and Bengio 2003, section 3.

    Example:
        >>> round(corrected_error(np.array([0.8, 0.9, 1.0]), tested=1.0, learned=2.0), 6)
        0.091287
    """
    # sqrt((1/J + n_2 / n_1) s^2)
    return float(np.sqrt((1 / len(figures) + tested / learned) * figures.var(ddof=1)))
