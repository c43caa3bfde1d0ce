"""Bars and stripes: the smallest data set on which a model of binary patterns can be judged exactly."""

from __future__ import annotations

import numpy as np

from layerwise.data.kinds import Column, Images

__all__ = ["bars_and_stripes"]


def bars_and_stripes(side: int = 3) -> dict[str, Column]:
    """Return every square picture whose rows, or whose columns, are each all light or all dark.

    There are 2 (2^n - 1) of them with n rows, the empty and the full one counted once: 14 for n = 3. All are equally
    probable, so the best mean log-likelihood of any model is -ln 14 = -2.639.

    Args:
        side: Rows n of a picture.

    Source: MacKay, Information Theory, Inference, and Learning Algorithms, 2003, section 43.

    Example:
        >>> pictures = bars_and_stripes()["image"]
        >>> len(pictures), pictures[1][0].tolist()
        (14, [[0, 0, 0], [0, 0, 0], [1, 1, 1]])
    """
    lines = ((np.arange(2**side)[:, None] >> np.arange(side - 1, -1, -1)) & 1).astype(np.uint8)
    stripes = lines[:, :, None].repeat(side, axis=2)
    # The empty and the full picture are bars as well as stripes.
    bars = stripes.transpose(0, 2, 1)[1:-1]
    pixels = np.concatenate([stripes, bars])[:, None]
    return {"image": Images(pixels, None, np.full((len(pixels), 2), side), channels=1, maximum=1.0)}
