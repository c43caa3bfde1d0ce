"""The rules that turn gradients into updates (lecture 004); their arithmetic is in `byhand`."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from layerwise.config import Train

__all__ = ["build_optimizer"]


def build_optimizer(parameters: Iterable[nn.Parameter], settings: Train) -> Optimizer:
    """Build the optimiser of an experiment on torch's fused kernels where they exist.

    Source:
        Lecture 004; Polyak 1964 (momentum), Nesterov 1983, Duchi et al. 2011 (AdaGrad), Tieleman and Hinton 2012
        (RMSProp), Kingma and Ba arXiv:1412.6980 (Adam), Loshchilov and Hutter arXiv:1711.05101 (AdamW).

    Example:
        >>> weight = nn.Parameter(torch.ones(2))
        >>> build_optimizer([weight], Train(optimizer="nesterov")).defaults["nesterov"]
        True
    """
    rate, decay = settings.learning_rate, settings.weight_decay
    learned = [parameter for parameter in parameters if parameter.requires_grad]
    match settings.optimizer:
        case "sgd":
            return torch.optim.SGD(learned, lr=rate, weight_decay=decay, fused=True)
        case "momentum" | "nesterov":
            return torch.optim.SGD(
                learned, lr=rate, momentum=settings.momentum, weight_decay=decay,
                nesterov=settings.optimizer == "nesterov", fused=True,
            )  # fmt: skip
        case "adagrad":
            # torch has no fused Adagrad on CUDA.
            on_processor = all(parameter.device.type == "cpu" for parameter in learned)
            return torch.optim.Adagrad(learned, lr=rate, weight_decay=decay, fused=on_processor or None)
        case "rmsprop":
            return torch.optim.RMSprop(learned, lr=rate, alpha=settings.smoothing, weight_decay=decay)
        case "adam":
            return torch.optim.Adam(learned, lr=rate, weight_decay=decay, fused=True)
        case "adamw":
            return torch.optim.AdamW(learned, lr=rate, weight_decay=decay, fused=True)
