"""Which examples are learned from at once, and in which order: shuffled, by length, or as streams.

An arrangement follows from the seed, the epoch and the number of examples alone, so that several processes and a
resumed run see the same batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from layerwise.randomness import generator, order
from layerwise.tasks.ragged import Ragged

if TYPE_CHECKING:
    from layerwise.tasks.contract import Examples

__all__ = ["STREAM", "by_length", "in_streams", "shuffled"]

BUCKET = 20
"""Batches whose examples are sorted by length together: enough for little padding, few enough to stay random."""

STREAM = 64
"""Passages of a stream, at least, when a text is only measured: few of them begin without what stood before."""


def shuffled(examples: Examples, seed: int, epoch: int, batch_size: int) -> list[Tensor]:
    """Visit the examples in a random order, cut into batches; the last may be shorter.

    Args:
        examples: What is learned from.
        seed: Seed of the run.
        epoch: Epoch, from 0.
        batch_size: Examples of one update.
    """
    return list(torch.split(order(seed, epoch, len(examples)), batch_size))


def by_length(examples: Examples, seed: int, epoch: int, batch_size: int) -> list[Tensor]:
    """Put examples of similar length into one batch, so that little is padded; batches come in random order.

    Args:
        examples: What is learned from; its inputs are sequences.
        seed: Seed of the run.
        epoch: Epoch, from 0.
        batch_size: Examples of one update.
    """
    if not isinstance(examples.inputs, Ragged):
        return shuffled(examples, seed, epoch, batch_size)
    rows, lengths = order(seed, epoch, len(examples)), examples.inputs.lengths.cpu()
    sorted_in_buckets = [part[lengths[part].argsort(stable=True)] for part in torch.split(rows, batch_size * BUCKET)]
    batches = [batch for part in sorted_in_buckets for batch in torch.split(part, batch_size)]
    places = torch.randperm(len(batches), generator=generator(seed, "batches", epoch)).tolist()
    return [batches[place] for place in places]


def in_streams(examples: Examples, seed: int, epoch: int, batch_size: int) -> list[Tensor]:
    """Read consecutive passages side by side: batch k holds passage k of each of `batch_size` streams.

    A state carried from batch to batch then continues each stream. What is left over when the passages do not divide is
    read last, as streams of one passage.

    Args:
        examples: Passages in the order of the text.
        seed: Not used: a text is read in its order.
        epoch: Not used.
        batch_size: Number of streams.

    Example:
        >>> [rows.tolist() for rows in in_streams(range(7), 0, 0, 3)]
        [[0, 2, 4], [1, 3, 5], [6]]
    """
    streams = min(batch_size, len(examples))
    length = len(examples) // max(streams, 1)
    batches = list(torch.arange(streams * length).reshape(streams, length).T) if streams else []
    rest = torch.arange(streams * length, len(examples))
    return [*batches, rest] if len(rest) else batches
