"""The output layer of the first LeNet-5: how far the last features lie from the code of each class."""

from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["RadialBasis"]


class RadialBasis(nn.Module):
    """Answer with minus the squared distance from a fixed code of each class.

    y[k] = -sum over j of (x[j] - c[k,j])^2: the nearest code has the largest answer, and the softmax of the answers is
    the probability of each class if features scatter around their code with unit precision.

    Args:
        codes: One row a class; fixed, not learned.

    Source: LeCun, Bottou, Bengio and Haffner 1998, section II.B, equation (7).

    Example:
        >>> import torch
        >>> RadialBasis(torch.tensor([[1., 1.], [-1., 1.]]))(torch.tensor([[1., 0.]])).tolist()
        [[-1.0, -5.0]]
    """

    codes: Tensor

    def __init__(self, codes: Float[Tensor, "classes features"]) -> None:
        super().__init__()
        self.register_buffer("codes", codes)

    def forward(self, inputs: Float[Tensor, "batch features"]) -> Float[Tensor, "batch classes"]:
        """Return minus the squared distances."""
        # y[k] = -sum over j of (x[j] - c[k,j])^2
        return -(inputs.unsqueeze(1) - self.codes).square().sum(dim=2)

    def extra_repr(self) -> str:
        """Show the settings."""
        classes, features = self.codes.shape
        return f"{features}, {classes}"
