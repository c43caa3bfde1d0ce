"""Stop before an update that would fill the weights with NaN, and say which layer and examples began it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.tasks.contract import Batch
from layerwise.training.first_fault import first_fault, some_of

if TYPE_CHECKING:
    from layerwise.training.precision import LossScale
    from layerwise.training.state import TrainingState

__all__ = ["FiniteCheck"]

READ_EVERY = 50
"""Updates between two looks at a flag that lives on a graphics card, where a look waits for the card."""


class FiniteCheck:
    """One flag over all gradients, set on the device by the kernel that mixed precision uses for the same purpose.

    On the processor the flag is read before each update. On a card the fused optimiser reads it there and skips the
    update; the flag stays set, so that the weights remain those of the last good step until the host looks.
    """

    def __init__(self, state: TrainingState) -> None:
        self._state = state
        self._parameters = [parameter for parameter in state.learner.parameters() if parameter.requires_grad]
        device = self._parameters[0].device
        self._flag = torch.zeros((), device=device)
        self._one = torch.ones((), device=device)
        # A loss that is not finite stops learning in float16, too: no scale mends it.
        self._lost = torch.zeros((), device=device)
        self._scale = state.scale
        self._on_device = device.type == "cuda" and bool(state.optimizer.defaults.get("fused"))
        # What a layer remembers of the batches it saw, it learns before anyone can look at the gradients.
        self._remembered = [
            buffer
            for module in state.learner.modules()
            if isinstance(module, _BatchNorm)
            for buffer in module.buffers()
        ]
        self._kept = [buffer.clone() for buffer in self._remembered]
        self._waiting: list[Batch] = []
        self._seen = state.step
        self._copy = torch.zeros((), device=device)
        if self._on_device:
            state.optimizer.found_inf = self._flag if self._scale is None else self._copy  # type: ignore[attr-defined]
            state.optimizer.grad_scale = None  # type: ignore[attr-defined]

    def keep(self) -> None:
        """Keep the running statistics as they are before a batch."""
        if self._remembered:
            torch._foreach_copy_(self._kept, self._remembered)

    def look(self, batch: Batch, total: Tensor) -> bool:
        """Look at the loss and the gradients of a batch before they change the weights, and say whether they may.

        Gradients of a float16 loss are brought back to their own size by the same kernel.

        Raises:
            LayerwiseError: One is infinite or not a number.
        """
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        # An infinite loss can have finite gradients that stop an adaptive rule for ever.
        if self._scale is None:
            torch._amp_foreach_non_finite_check_and_unscale_([*gradients, total.detach()], self._flag, self._one)
        else:
            torch._amp_foreach_non_finite_check_and_unscale_(gradients, self._flag, self._scale.inverse())
            torch._amp_foreach_non_finite_check_and_unscale_([total.detach()], self._lost, self._one)
        self._waiting.append(batch)
        self._seen += 1
        if self._on_device and self._remembered:
            for buffer, kept in zip(self._remembered, self._kept, strict=True):
                buffer.copy_(torch.where(self._flag + self._lost > 0, kept, buffer))
        if self._scale is not None:
            return self._look_scaled(self._scale)
        if not self._on_device or len(self._waiting) >= READ_EVERY:
            self.read()
        return True

    def _look_scaled(self, scale: LossScale) -> bool:
        """Leave an update out whose float16 gradients overflowed, and set the scale for the next one."""
        overflowed = not self._on_device and bool(self._flag)
        if self._on_device:
            # The optimiser reads its own copy, since the scale sets the flag back before the update.
            self._copy.copy_(torch.maximum(self._flag, self._lost))
        scale.adapt(self._flag)
        if not self._on_device or len(self._waiting) >= READ_EVERY:
            self.read()
        return not overflowed

    def read(self) -> None:
        """Read the flag, and stop where it is set; the loop reads it once more at its end.

        Raises:
            LayerwiseError: A loss or gradient of the batches since the last look is not finite.
        """
        if self._scale is not None and not self._lost.item():
            self._scale.read()
        elif self._waiting and (self._flag.item() or self._lost.item()):
            problem = self._error(self._waiting)
            if self._remembered:
                torch._foreach_copy_(self._remembered, self._kept)
            raise problem
        self._waiting.clear()

    def _error(self, batches: list[Batch]) -> LayerwiseError:
        """Find the first of the batches that is not finite; every process looks at its share of it."""
        own: tuple[int, str, list[str]] | None = None
        for place, batch in enumerate(batches):
            fault = first_fault(self._state, batch)
            if fault is not None:
                own = (place, fault.what, [self._state.examples.ids[row] for row in fault.rows])
                break
        first = min((each for each in self._state.ranks.gathered(own) if each is not None), default=None)
        if first is None:
            found = say("step {}: the summed gradient overflowed, that of every example is finite", self._seen)
        else:
            place, what, ids = first
            found = say("step {}: {} for {}", self._seen - len(batches) + 1 + place, what, some_of(ids))
        return LayerwiseError(
            say("Every loss and gradient must be a finite number; the weights are those of the step before."),
            found,
            say("Lower --learning-rate, set --clip-norm 1, or look at those examples."),
        )
