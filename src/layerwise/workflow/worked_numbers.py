"""The lectures' worked numbers, each computed twice: by hand in NumPy and by torch; and where the slides slip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from layerwise.byhand.pooling import average_pool, max_pool
from layerwise.byhand.sliding_window import convolve_image, correlate_image
from layerwise.explain.layers import layer_table
from layerwise.language import say
from layerwise.models import build

__all__ = ["SLIPS", "Worked", "slips", "worked_numbers"]


@dataclass(frozen=True)
class Worked:
    """One worked number.

    Args:
        name: What it is.
        lecture: Where it stands.
        shown: What the lecture prints; empty where its picture is lost.
        by_hand: NumPy's result.
        by_torch: Torch's result.
    """

    name: str
    lecture: str
    shown: str
    by_hand: np.ndarray
    by_torch: np.ndarray

    @property
    def equal(self) -> bool:
        """Whether both agree to the rounding of 64-bit numbers, and with the number the lecture prints."""
        same = bool(np.allclose(self.by_hand, self.by_torch, rtol=0, atol=1e-12))
        printed = self.shown.replace(",", "")
        return same and (not printed.isdigit() or float(printed) == float(np.ravel(self.by_hand)[0]))


SHARPEN = np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])
PIXELS = np.array([[173.0, 255, 254], [54, 140, 213], [46, 81, 118]])
PATTERN = np.array([[1.0, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
CROSS = np.array([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]])
X = np.array([[2.0, 1, 2], [5, 0, 1], [1, 7, 3]])
W = np.array([[0.5, 0.7, 0.4], [0.3, 0.4, 0.1], [0.5, 1.0, 0.5]])
X1 = np.array(
    [[10.0, 255, 125, 0, 170, 100], [70, 255, 105, 25, 25, 70], [255, 0, 150, 0, 10, 10],
     [0, 255, 10, 10, 150, 20], [70, 15, 200, 100, 95, 0], [25, 25, 100, 20, 0, 60]]
)  # fmt: skip


def worked_numbers() -> list[Worked]:
    """Compute every worked number of the convolution lectures by hand and by torch."""
    return [
        Worked(say("sharpen filter on 3x3 pixels"), "000", "97",
               correlate_image(PIXELS, SHARPEN), _torch_correlate(PIXELS, SHARPEN)),
        Worked(say("convolution map, first cell 4"), "003", "4",
               correlate_image(PATTERN, CROSS), _torch_correlate(PATTERN, CROSS)),
        Worked(say("convolution with the turned kernel, padding 1"), "004", "",
               convolve_image(X, W, padding=1), _torch_correlate(X, W[::-1, ::-1].copy(), padding=1)),
        Worked(say("the same without turning it, as networks do"), "002", "",
               correlate_image(X, W, padding=1), _torch_correlate(X, W, padding=1)),
        Worked(say("2x2 max pooling"), "004", "255", max_pool(X1[None, None], 2)[0][0, 0], _torch_pool(X1, "max")),
        Worked(say("2x2 mean pooling"), "004", "", average_pool(X1[None, None], 2)[0, 0], _torch_pool(X1, "mean")),
        _weights(say("3x3 convolution, 16 to 32 maps: weights"), "4608", ((3, 16, 32),)),
        _weights(say("the same behind a 1x1 bottleneck of 5 maps"), "1520", ((1, 16, 5), (3, 5, 32))),
        _lenet5(),
    ]  # fmt: skip


def _torch_correlate(image: np.ndarray, kernel: np.ndarray, *, padding: int = 0) -> np.ndarray:
    """Slide a kernel by torch."""
    picture, weight = torch.from_numpy(image)[None, None], torch.from_numpy(kernel)[None, None]
    return np.asarray(functional.conv2d(picture, weight, padding=padding)[0, 0].numpy())


def _torch_pool(image: np.ndarray, how: str) -> np.ndarray:
    """Pool 2x2 by torch."""
    picture = torch.from_numpy(image)[None, None]
    pooled = functional.max_pool2d(picture, 2) if how == "max" else functional.avg_pool2d(picture, 2)
    return np.asarray(pooled[0, 0].numpy())


def _weights(name: str, shown: str, layers: tuple[tuple[int, int, int], ...]) -> Worked:
    """Count convolution weights by the formula k k C_in C_out and in torch's own layers."""
    by_hand = sum(kernel * kernel * inputs * outputs for kernel, inputs, outputs in layers)
    by_torch = sum(
        torch.nn.Conv2d(inputs, outputs, kernel, bias=False, device="meta").weight.numel()
        for kernel, inputs, outputs in layers
    )
    return Worked(name, "002", shown, np.array(by_hand), np.array(by_torch))


def _lenet5() -> Worked:
    """Count LeNet-5's parameters by hand, layer by layer, and in the network."""
    # C1 (5*5*1 + 1) 6, C3 (5*5*6 + 1) 16, C5 (5*5*16 + 1) 120, F6 (120 + 1) 84, Out (84 + 1) 10
    by_hand = 26 * 6 + 151 * 16 + 401 * 120 + 121 * 84 + 85 * 10
    rows = layer_table(build("lenet5", (1, 32, 32), 10, {}), (1, 32, 32))
    return Worked(
        say("LeNet-5: parameters"), "002", "61,706", np.array(by_hand), np.array(sum(row.parameters for row in rows))
    )


SLIPS = (
    (
        "E01",
        "Lecture 000 says '1000 units in the input'; the input has 100 x 100 = 10,000 pixels, the layer 1000 units.",
    ),
    ("E02", "Lectures 000 and 004 turn the kernel, lecture 002 does not; both exist, and networks do not turn it."),
    ("E05", "Lecture 000 writes L2 pooling as (1/n) sqrt(sum); torch's is sqrt(sum): n times as large."),
    (
        "E24",
        "Lectures 002 and 003 say pooling lowers the number of parameters; it has none, the next full layer shrinks.",
    ),
    ("E25", "Lecture 002's LeNet-5 has 61,706 parameters; the paper's, with a partial C3 and trained pooling, 60,000."),
)
"""Where the slides of the demo's topics slip, and what is right."""


def slips() -> list[tuple[str, str]]:
    """Return each slip's number and what is right, in the current language."""
    return [(number, say(text)) for number, text in SLIPS]
