"""Local response normalisation; batch normalisation is torch's `nn.BatchNorm1d` and `nn.BatchNorm2d`."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["LocalResponseNorm"]


class LocalResponseNorm(nn.Module):
    """Divide each activity by the activity around it, across maps: a strong map damps its neighbours.

    b[i] = a[i] / (k + alpha sum over j from i - n/2 to i + n/2 of a[j]^2)^beta

    Args:
        size: Number n of maps in the window; n/2 is rounded down, so 5 means two on each side (slip E28).
        alpha: Strength; the torch form divides it by n, so only `paper` takes the paper's value as it is.
        beta: Exponent.
        constant: The k that keeps the divisor from 0.
        form: `paper` is AlexNet's formula, `torch` that of `torch.nn.LocalResponseNorm` and Caffe.

    Raises:
        LayerwiseError: The form is unknown.

    Source: Krizhevsky, Sutskever and Hinton 2012, section 3.3; lecture 002, AlexNet.

    Example:
        >>> import torch
        >>> maps = torch.ones(1, 3, 1, 1)
        >>> [round(LocalResponseNorm(form=form, alpha=1.0)(maps)[0, 0, 0, 0].item(), 4) for form in ("paper", "torch")]
        [0.2991, 0.4884]
    """

    def __init__(
        self, size: int = 5, *, alpha: float = 1e-4, beta: float = 0.75, constant: float = 2.0,
        form: Literal["paper", "torch"] = "paper",
    ) -> None:  # fmt: skip
        super().__init__()
        if form not in ("paper", "torch"):
            rule = say("Local response normalisation has two forms.")
            raise LayerwiseError(rule, f"form={form!r}", say("Use 'paper' or 'torch'."))
        self.size, self.alpha, self.beta, self.constant, self.form = size, alpha, beta, constant, form

    def forward(self, inputs: Float[Tensor, "batch maps *positions"]) -> Float[Tensor, "batch maps *positions"]:
        """Return the normalised maps."""
        # torch takes the mean over the window where the paper takes the sum: alpha_torch = alpha_paper n
        alpha = self.alpha * self.size if self.form == "paper" else self.alpha
        # b[i] = a[i] / (k + alpha/n sum over the window of a[j]^2)^beta
        return functional.local_response_norm(inputs, self.size, alpha, self.beta, self.constant)

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, constant={self.constant}, form={self.form!r}"
