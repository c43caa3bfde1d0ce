"""Write on from a beginning: one symbol after the other, each drawn from what the network foretells."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from layerwise.data.tokens import RESERVED
from layerwise.tasks.asking import evaluating
from layerwise.tasks.carried import read_on

__all__ = ["draw", "write_on"]


def draw(scores: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Draw one symbol for each row of logits or log-probabilities.

    p_k = exp(z_k / T) / sum_j exp(z_j / T);  T = 0: the most probable one

    Args:
        scores: `(rows, symbols)`.
        temperature: T, 0 or more: below 1 the probable symbols become more probable, above 1 less.
        generator: Source of all randomness, on the processor.

    Source: lecture 001, "RNN: language model"; karpathy/char-rnn, sample.lua.

    Example:
        >>> draw(torch.tensor([[0.0, 2.0, 1.0]]), 0.0, torch.Generator()).tolist()
        [1]
    """
    if temperature == 0:
        return scores.argmax(dim=1)
    # p_k = exp(z_k / T) / sum_j exp(z_j / T)
    shares = (scores.double().cpu() / temperature).softmax(dim=1)
    return torch.multinomial(shares, 1, generator=generator)[:, 0].to(scores.device)


def write_on(
    model: nn.Module, start: Tensor, *, length: int, temperature: float, generator: torch.Generator
) -> Tensor:  # fmt: skip
    """Return so many symbols that follow a beginning, as ids; each is read before the next one is drawn.

    Args:
        model: A language model.
        start: Ids of the beginning, at least one, `(symbols,)`.
        length: How many symbols to write.
        temperature: As in `draw`.
        generator: Source of all randomness, on the processor.
    """
    written = []
    with evaluating(model) as device:
        tokens, state = start[None].to(device), None
        for _ in range(length):
            scores, state = read_on(model, tokens, state)
            tokens = draw(scores[:, -1], temperature, generator)[:, None] + RESERVED
            written.append(tokens)
        return torch.cat(written, dim=1)[0].cpu() if written else start[:0]
