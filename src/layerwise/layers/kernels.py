"""Kernels: what stands for the product of two examples, as if both had been mapped into a space of more dimensions."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["Kernel", "KernelFunction"]

KernelFunction = Literal["linear", "rbf", "polynomial"]


class Kernel(nn.Module):
    """What stands for the product of two examples.

    K = x . x' (linear), exp(-gamma |x - x'|^2) (rbf), (gamma x . x' + offset)^degree (polynomial).

    Args:
        function: Its name.
        gamma: Factor; 0 until the data give it.
        degree: Exponent of the polynomial.
        offset: Constant of the polynomial.

    Source: Boser, Guyon and Vapnik 1992, "A training algorithm for optimal margin classifiers".

    Example:
        >>> Kernel("polynomial", 2.0, 2, 1.0)(torch.ones(1, 2), torch.ones(1, 2)).item()  # (2 * 2 + 1)^2
        25.0
    """

    gamma: Tensor

    def __init__(self, function: KernelFunction, gamma: float, degree: int, offset: float) -> None:
        super().__init__()
        self.function, self.degree, self.offset = function, degree, offset
        self.register_buffer("gamma", torch.tensor(gamma, dtype=torch.float64))

    def forward(
        self, rows: Float[Tensor, "rows features"], others: Float[Tensor, "others features"]
    ) -> Float[Tensor, "rows others"]:
        """Return the kernel of every row with every other one."""
        products = rows @ others.T
        if self.function == "linear":
            return products
        if self.function == "polynomial":
            # (gamma x . x' + offset)^degree
            return (self.gamma * products + self.offset).pow(self.degree)
        # exp(-gamma |x - x'|^2), |x - x'|^2 = x . x + x' . x' - 2 x . x'
        squares = rows.square().sum(dim=1, keepdim=True) + others.square().sum(dim=1) - 2 * products
        return (-self.gamma * squares.clamp_min(0)).exp()
