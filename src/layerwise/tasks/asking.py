"""Ask a network about examples: in evaluation mode, without gradients, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.tasks.contract import Examples

__all__ = ["ask", "evaluating"]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[torch.device]:
    """Put a network into evaluation mode without gradients inside a `with` block; the value is its device."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    finally:
        model.train(training)


def ask(
    model: nn.Module, examples: Examples, read: Callable[[nn.Module, Tensor], np.ndarray], *, batch_size: int = 1024
) -> np.ndarray:
    """Return what a network answers for each example.

    Args:
        model: The network; its mode is restored.
        examples: What it is asked about.
        read: Turns the network and its outputs for some inputs into answers, first axis examples.
        batch_size: Examples asked about at once.
    """
    with evaluating(model) as device:
        parts = [
            read(model, model(examples.inputs[start : start + batch_size].to(device)))
            for start in range(0, max(len(examples), 1), batch_size)
        ]
    return np.concatenate(parts)
