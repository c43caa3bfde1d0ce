"""LeNet-5 in the lecture's form for every peer on PyTorch, without layerwise."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


def lenet5() -> nn.Module:
    """Return the network of lecture 002, Table 13-1."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Tanh(),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Tanh(),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


def accuracy(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    """Return the share of right answers, a thousand pictures at once."""
    model.eval()
    with torch.no_grad():
        right = sum(
            int((model(some).argmax(1) == wanted).sum())
            for some, wanted in zip(inputs.split(1000), targets.split(1000), strict=True)
        )
    model.train()
    return right / len(targets)


def tensors(arrays: dict[str, np.ndarray]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return training pictures and digits, test pictures and digits."""
    train_x, train_y, test_x, test_y = (
        torch.from_numpy(arrays[name]) for name in ("train_x", "train_y", "test_x", "test_y")
    )
    return train_x, train_y, test_x, test_y
