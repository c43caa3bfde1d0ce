"""Pooling layers beside torch's `nn.MaxPool2d` and `nn.AvgPool2d`: L2 pooling, and pooling with a gain and a bias."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from layerwise.byhand.padding import as_pair
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["L2Pool2d", "TrainablePool2d"]


class L2Pool2d(nn.Module):
    """Pool each window to its length as a vector.

    y = f sqrt(sum over the n cells of x^2) with f = 1 (`sum`), 1 / sqrt(n) (`mean`) or 1 / n (`lecture`)

    Args:
        kernel: Height and width of the window.
        stride: Steps down and right; the kernel's size when left out.
        scale: The factor f: `sum` is torch's `lp_pool2d`, `mean` the root of the mean square, `lecture` the slide's.

    Raises:
        LayerwiseError: The scale is unknown.

    Source: lecture 000, "pooling layer" (slip E05: three scales are in use).

    Example:
        >>> window = torch.tensor([[[[3., 0.], [0., 4.]]]])
        >>> [L2Pool2d(2, scale=scale)(window).item() for scale in ("sum", "mean", "lecture")]
        [5.0, 2.5, 1.25]
    """

    def __init__(
        self, kernel: int | tuple[int, int], *, stride: int | tuple[int, int] | None = None,
        scale: Literal["sum", "mean", "lecture"] = "sum",
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size = as_pair(kernel)
        self.stride = self.kernel_size if stride is None else as_pair(stride)
        cells = self.kernel_size[0] * self.kernel_size[1]
        factors: dict[str, float] = {"sum": 1.0, "mean": cells**-0.5, "lecture": 1 / cells}
        if scale not in factors:
            rule = say("L2 pooling has three scales.")
            raise LayerwiseError(rule, f"scale={scale!r}", say("Use 'sum', 'mean' or 'lecture'."))
        self.scale, self.factor = scale, factors[scale]

    def forward(self, inputs: Float[Tensor, "batch maps height width"]) -> Float[Tensor, "batch maps rows columns"]:
        """Return the pooled maps."""
        # sqrt(sum over the n cells of x^2)
        lengths: Tensor = functional.lp_pool2d(inputs, 2.0, self.kernel_size, self.stride)
        # y = f sqrt(sum over the n cells of x^2)
        return self.factor * lengths

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"{self.kernel_size}, stride={self.stride}, scale={self.scale!r}"


class TrainablePool2d(nn.Module):
    """Add the cells of each window, multiply by the map's gain and add its bias: the subsampling of LeNet-5.

    y[k] = g[k] (sum over the cells of x[k]) + b[k]; the gain starts at 1 / n, where this is average pooling.

    Args:
        maps: Number of maps; each has one gain and one bias.
        kernel: Height and width of the window, which is also its stride.

    Source: LeCun, Bottou, Bengio and Haffner 1998, section II.B, layers S2 and S4 (lecture 002 has them without the
        gain and bias: slip E25).

    Example:
        >>> layer = TrainablePool2d(6, 2)
        >>> sum(parameter.numel() for parameter in layer.parameters()), layer(torch.ones(1, 6, 2, 2))[0, 0].item()
        (12, 1.0)
    """

    def __init__(self, maps: int, kernel: int | tuple[int, int]) -> None:
        super().__init__()
        self.kernel_size = self.stride = as_pair(kernel)
        self.cells = self.kernel_size[0] * self.kernel_size[1]
        self.gain = nn.Parameter(torch.full((maps,), 1 / self.cells))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, inputs: Float[Tensor, "batch maps height width"]) -> Float[Tensor, "batch maps rows columns"]:
        """Return the pooled maps."""
        added = functional.avg_pool2d(inputs, self.kernel_size) * self.cells
        # y[k] = g[k] (sum over the cells of x[k]) + b[k]
        return added * self.gain.view(-1, 1, 1) + self.bias.view(-1, 1, 1)

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"{len(self.gain)}, {self.kernel_size}"
