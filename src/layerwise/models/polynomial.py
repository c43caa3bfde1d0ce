"""Polynomial regression: the powers of one number, weighted by least squares; the lecture's example of overfitting.

Lecture 003, "Overfitting & Model Selection": y = a_2 x^2 + a_1 x + a_0 + noise, fitted by degree 1, 2 and 10.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models.fitted import learned_rows
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.tasks.contract import Examples

__all__ = ["Polynomial", "polynomial"]

HIGHEST = 30
"""Highest degree: above it the powers of eleven or a hundred points can no longer be told apart in float64."""


@register(
    "polynomial",
    task="regress",
    source="Gergonne, Application de la methode des moindres quarres a l'interpolation des suites, 1815",
    lecture="003 Overfitting & Model Selection",
    small={"inputs": 1, "outputs": 2},
)
def polynomial(inputs: InputShape, outputs: int, *, degree: int = 2) -> nn.Module:
    """Polynomial regression of one number, its weights found by least squares.

    y = sum_(k=1..degree) a_k u^k + a_0,  u = (x - centre) / reach, which runs from -1 to 1 over the training part

    Args:
        inputs: Numbers of one example; a polynomial takes 1.
        outputs: Number of targets.
        degree: Highest power, 1 to 30.

    Raises:
        LayerwiseError: There are several inputs, or the degree is outside its range.

    Source: lecture 003, "Overfitting & Model Selection"; Gergonne 1815.

    Example:
        >>> network = polynomial(1, 1, degree=2)
        >>> x = torch.tensor([[-1.], [0.], [1.], [3.]])
        >>> network.fit(Examples(x, x**2 - x, ()))
        >>> round(network(torch.tensor([[2.]])).item(), 6)  # 4 - 2
        2.0
    """
    features = feature_count(inputs)
    if features != 1:
        raise LayerwiseError(
            say("A polynomial takes one number."), say("{} inputs", features),
            say("Leave the others out with --drop, or use linear or mlp."), usage=True,
        )  # fmt: skip
    require(1 <= degree <= HIGHEST, "degree", degree, f"1, 2 ... {HIGHEST}")
    return Polynomial(outputs, degree)


class Polynomial(nn.Module):
    """One linear layer over the powers of a scaled number; `fit` fills it.

    Args:
        targets: Number of targets.
        degree: Highest power.
    """

    centre: Tensor
    reach: Tensor
    exponents: Tensor

    def __init__(self, targets: int, degree: int) -> None:
        super().__init__()
        self.degree = degree
        self.register_buffer("centre", torch.zeros((), dtype=torch.float64))
        self.register_buffer("reach", torch.ones((), dtype=torch.float64))
        self.register_buffer("exponents", torch.arange(1, degree + 1), persistent=False)
        # In float64: what powers of degree 10 cancel is lost in fewer digits.
        self.output = nn.Linear(degree, targets, dtype=torch.float64)

    def fit(self, examples: Examples) -> None:
        """Find the weights; where the points do not determine them, the shortest of those that fit best."""
        from scipy import linalg

        rows, targets, weights = learned_rows(examples)
        if not len(rows):
            return
        low, high = rows.min(), rows.max()
        self.centre = torch.tensor((low + high) / 2)
        self.reach = torch.tensor((high - low) / 2 if high > low else 1.0)
        scaled = (rows[:, 0] - self.centre.item()) / self.reach.item()
        powers = scaled[:, None] ** np.arange(self.degree + 1)
        # minimised: sum_n v_n |y_n - t_n|^2, each row times sqrt(v_n), by QR with exchanged columns
        root = np.ones(len(rows)) if weights is None else np.sqrt(weights)
        found = linalg.lstsq(powers * root[:, None], targets.astype(np.float64) * root[:, None], lapack_driver="gelsy")
        with torch.no_grad():
            self.output.bias.copy_(torch.from_numpy(found[0][0]))
            self.output.weight.copy_(torch.from_numpy(found[0][1:].T.copy()))

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch targets"]:
        """Return the numbers."""
        # u = (x - centre) / reach
        scaled = (inputs.flatten(1).double() - self.centre) / self.reach
        # y = sum_k a_k u^k + a_0
        numbers: Tensor = self.output(scaled**self.exponents)
        return numbers

    def extra_repr(self) -> str:
        """Show the degree."""
        return f"degree={self.degree}"
