"""Mixed precision: what may be computed in 16 bits is, the weights and the sums stay in 32.

bfloat16 has the range of float32 and needs nothing more. float16 underflows: the loss is multiplied by a scale before
the gradients are taken, and an update whose gradients overflow is left out while the scale is halved (Micikevicius et
al., arXiv:1710.03740).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["LossScale", "computing"]

MOST_SKIPPED = 8
"""Updates left out one after the other before learning stops: the scale is then not what is wrong."""


def computing(precision: str, device: str) -> AbstractContextManager[None]:
    """Compute in a precision inside a `with` block.

    Args:
        precision: `float32`, `bfloat16` or `float16`.
        device: Where.
    """
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.partition(":")[0], getattr(torch, precision))


class LossScale:
    """What a float16 loss is multiplied with: halved when gradients overflow, doubled after 2,000 good updates.

    Args:
        device: Where the gradients live; the scale stays there, so that nothing waits.
    """

    def __init__(self, device: torch.device) -> None:
        self.scale = torch.full((), 65536.0, device=device)
        self._good = torch.zeros((), dtype=torch.int32, device=device)
        self._skipped = torch.zeros((), device=device)
        self._left_out = torch.zeros((), device=device)

    def inverse(self) -> Tensor:
        """Return what scaled gradients are multiplied with."""
        return 1 / self.scale

    def adapt(self, overflowed: Tensor) -> None:
        """Set the scale for the next update.

        Args:
            overflowed: 1 where a gradient was not finite, else 0; set back to 0.
        """
        self._skipped = (self._skipped + overflowed) * overflowed
        self._left_out = self._left_out + overflowed
        torch._amp_update_scale_(self.scale, self._good, overflowed, 2.0, 0.5, 2000)
        overflowed.zero_()

    def left_out(self) -> int:
        """Return how many updates were left out so far."""
        return int(self._left_out)

    def read(self) -> None:
        """Stop where one update after the other was left out.

        Raises:
            LayerwiseError: That is so.
        """
        if int(self._skipped) >= MOST_SKIPPED:
            raise LayerwiseError(
                say("Every loss and gradient must be a finite number; the weights are those of the step before."),
                say("{} updates one after the other overflowed in float16", int(self._skipped)),
                say("Use --precision bfloat16 or float32, or lower --learning-rate."),
            )

    def to_tree(self) -> dict[str, Tensor]:
        """Return what a checkpoint keeps."""
        return {"scale": self.scale, "good": self._good, "skipped": self._skipped, "left_out": self._left_out}

    def restore(self, tree: dict[str, Tensor]) -> None:
        """Go on from what a checkpoint kept."""
        self.scale.copy_(tree["scale"])
        self._good.copy_(tree["good"])
        self._skipped = tree["skipped"].to(self.scale.device)
        self._left_out = tree["left_out"].to(self.scale.device)
