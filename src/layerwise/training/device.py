"""Where and with how many threads a run is computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.training.state import Plan

__all__ = ["choose_plan", "computing_with", "convolves"]

SMALL_STEP = 4e6
"""Multiply-adds of one update below which a second thread costs more than it brings, and under load much more."""


def choose_plan(settings: Train, multiply_adds: float, *, maps: bool = False) -> Plan:
    """Choose the device, the number of threads and the memory format by rules, the same on every run.

    Args:
        settings: Settings of learning; what they name is respected.
        multiply_adds: Multiply-adds of one example.
        maps: Whether the network convolves pictures: with the channels of a pixel side by side that is faster.

    Raises:
        LayerwiseError: The named device is not on this machine.
    """
    device = settings.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if device not in ("cpu", *(["cuda"] if cards else []), *cards):
        present = ", ".join(["cpu", *(["cuda"] if cards else []), *cards])
        raise LayerwiseError(
            say("A device must be on this machine."), say("device '{}'; here there is {}", device, present),
            say("Leave --device out, or use --device cpu."), usage=True,
        )  # fmt: skip
    small = multiply_adds * settings.batch_size < SMALL_STEP
    # Torch's own number heeds OMP_NUM_THREADS and the cores this process may use.
    threads = settings.threads or (1 if small else torch.get_num_threads())
    layout = ("channels-last" if maps else "contiguous") if settings.memory_format == "auto" else settings.memory_format
    return Plan(device, threads, precision=settings.precision.replace("auto", "float32"), memory_format=layout)


def convolves(model: nn.Module) -> bool:
    """Say whether a network convolves pictures."""
    return any(isinstance(module, nn.Conv2d) for module in model.modules())


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Compute with a number of threads inside a `with` block, and give torch its own number back."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
