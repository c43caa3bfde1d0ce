"""Random numbers that depend on the seed, the epoch and the example alone, not on batches, workers or resumes."""

from __future__ import annotations

import hashlib

import torch

__all__ = ["generator", "order"]


def generator(seed: int, *names: int | str) -> torch.Generator:
    """Return a generator for one purpose: the same names give the same numbers, other names independent ones.

    Example:
        >>> float(torch.rand(1, generator=generator(0, "order", 3))) == float(
        ...     torch.rand(1, generator=generator(0, "order", 3))
        ... )
        True
    """
    digest = hashlib.blake2b(repr((seed, *names)).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


def order(seed: int, epoch: int, examples: int) -> torch.Tensor:
    """Return the order in which an epoch visits the examples."""
    return torch.randperm(examples, generator=generator(seed, "order", epoch))
