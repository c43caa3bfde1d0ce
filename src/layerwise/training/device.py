"""Where and with how many threads a run is computed."""

from __future__ import annotations

import torch

from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.training.state import Plan

__all__ = ["choose_plan"]

SMALL_STEP = 4e6
"""Multiply-adds of one update below which a second thread costs more than it brings, and under load much more."""


def choose_plan(settings: Train, multiply_adds: float) -> Plan:
    """Choose the device and the number of threads.

    Args:
        settings: Settings of learning; a named device or thread count is respected.
        multiply_adds: Multiply-adds of one example.

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
    return Plan(device, threads, precision=settings.precision)
