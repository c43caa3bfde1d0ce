"""Enlarging maps inside a network: a transposed convolution that begins as bilinear interpolation."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from layerwise.byhand.transposed_convolution import bilinear_kernel

__all__ = ["BilinearUpsampling2d"]


class BilinearUpsampling2d(nn.Module):
    """Enlarge maps by a transposed convolution whose kernels begin as bilinear interpolation, and learn from there.

    y[k, i f + u, j f + v] = sum of x[c, i, j] w[c, k, u, v] over all stamps that meet there;
    at the start w[c, k] = [c = k] h h^T,  h[u] = 1 - |u - c| / f over m = 2f - f mod 2 cells

    Away from the border it then equals `interpolate(mode="bilinear", align_corners=False)`.

    Args:
        maps: Number of maps, in and out.
        factor: How many times larger they become.
        learned: Whether the kernels are learned; the last one of FCN-8s is fixed.

    Source: arXiv:1411.4038, section 3.3; lecture 001, "transpose convolution".

    Example:
        >>> layer = BilinearUpsampling2d(1, 2)
        >>> layer(torch.tensor([[[[0., 4.], [0., 4.]]]]))[0, 0, 1].tolist()
        [0.0, 1.0, 3.0, 3.0]
        >>> layer(torch.ones(1, 1, 4, 5), (7, 9)).shape
        torch.Size([1, 1, 7, 9])
    """

    weight: Tensor

    def __init__(self, maps: int, factor: int, *, learned: bool = True) -> None:
        super().__init__()
        self.factor = factor
        kernel = torch.from_numpy(bilinear_kernel(factor)).to(torch.get_default_dtype())
        # w[c, k] = [c = k] h h^T: every map is enlarged alone until learning mixes them
        start = torch.eye(maps)[:, :, None, None] * kernel
        if learned:
            self.weight = nn.Parameter(start)
        else:
            self.register_buffer("weight", start)

    def forward(
        self, inputs: Float[Tensor, "batch maps height width"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "batch maps rows columns"]:
        """Return the larger maps.

        Args:
            inputs: Maps to enlarge.
            size: Rows and columns to keep, at most `factor` times those of the inputs; all of them when left out. An
                odd map has one row less than twice the rows of its half.
        """
        # y[k, i f + u - f // 2, ...] += sum_c x[c, i, j] w[c, k, u, v]
        larger = functional.conv_transpose2d(inputs, self.weight, stride=self.factor, padding=self.factor // 2)
        return larger if size is None else larger[:, :, : size[0], : size[1]]

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"{len(self.weight)}, factor={self.factor}, learned={isinstance(self.weight, nn.Parameter)}"
