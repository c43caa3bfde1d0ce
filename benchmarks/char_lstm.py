"""A training step of char-rnn on passages of different length: layerwise beside nn.LSTM, dense and packed.

The passages are padded to one length and masked. The dense loop written by hand makes the same updates, and its weights
are equal afterwards, bit for bit. The packed loop is PyTorch's documented way; it takes the same passages, and
pays for leaving the dense kernels.

    python benchmarks/char_lstm.py
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from layerwise.config import Train
from layerwise.data.tokens import PADDING, RESERVED
from layerwise.models.char_lstm import LanguageNetwork, char_lstm
from layerwise.tasks.arrangement import in_streams
from layerwise.tasks.contract import Examples
from layerwise.tasks.language import Language
from layerwise.training.history import History
from layerwise.training.loop import train
from layerwise.training.state import Plan, prepare

SYMBOLS, LONGEST, BATCH_SIZE, LINES = 65, 50, 50, 10_000
TARGET = 1.0
"""Least ratio of the dense loop's time to ours."""

Run = tuple[float, list[Tensor]]
"""Seconds, and the weights afterwards."""


def lines() -> tuple[Examples, Tensor]:
    """Return passages of 10 to 50 symbols, padded, and their lengths; what is padded is asked for nowhere."""
    drawn = torch.Generator().manual_seed(0)
    lengths = torch.randint(10, LONGEST + 1, (LINES,), generator=drawn)
    symbols = torch.randint(0, SYMBOLS, (LINES, LONGEST + 1), generator=drawn)
    there = torch.arange(LONGEST) < lengths[:, None]
    inputs = torch.where(there, symbols[:, :-1] + RESERVED, PADDING)
    targets = torch.where(there, symbols[:, 1:], -1)
    return Examples(inputs, targets, tuple(map(str, range(LINES))), arrangement=in_streams), lengths


def network() -> LanguageNetwork:
    """Return the network with the starting weights of seed 0."""
    torch.manual_seed(0)
    found = char_lstm(SYMBOLS + RESERVED, SYMBOLS)
    assert isinstance(found, LanguageNetwork)
    return found


def ours(examples: Examples, _: Tensor, steps: int) -> Run:
    """Learn with layerwise's generator and its history."""
    model, history = network(), History()
    settings = Train(
        epochs=100, batch_size=BATCH_SIZE, optimizer="rmsprop", learning_rate=2e-3, smoothing=0.95, clip_value=5.0
    )
    task = Language(tuple(map(str, range(SYMBOLS))))
    state = prepare(model, task, examples, settings, Plan("cpu", torch.get_num_threads()))
    began = time.perf_counter()
    for step in itertools.islice(train(state), steps):
        history.observe(step)
    return time.perf_counter() - began, [part.detach() for part in model.parameters()]


def by_hand(examples: Examples, lengths: Tensor, steps: int, *, packed: bool) -> Run:
    """Learn with a loop written by hand, on dense or on packed batches."""
    model = network()
    recurrent, output = model.recurrent, model.output
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3, alpha=0.95)
    inputs, targets, _ = examples.tensors()
    state: tuple[Tensor, Tensor] | None = None
    began = time.perf_counter()
    for rows in in_streams(examples, 0, 0, BATCH_SIZE)[:steps]:
        some, wanted = inputs[rows], targets[rows]
        seen = functional.one_hot(some, SYMBOLS + RESERVED)[:, :, RESERVED:].float()
        if packed:
            taken = lengths[rows]
            hidden, state = recurrent(pack_padded_sequence(seen, taken, batch_first=True, enforce_sorted=False), state)
            right = pack_padded_sequence(wanted, taken, batch_first=True, enforce_sorted=False).data
            loss = functional.cross_entropy(output(hidden.data), right)
        else:
            hidden, state = recurrent(seen, state)
            logits = output(hidden)
            losses = functional.cross_entropy(logits.transpose(1, 2), wanted, ignore_index=-1, reduction="none")
            loss = losses.sum() / (wanted >= 0).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        state = (state[0].detach(), state[1].detach())
        nn.utils.clip_grad_value_(model.parameters(), 5.0)
        optimizer.step()
    return time.perf_counter() - began, [part.detach() for part in model.parameters()]


def dense(examples: Examples, lengths: Tensor, steps: int) -> Run:
    """Learn by hand on padded batches."""
    return by_hand(examples, lengths, steps, packed=False)


def packed(examples: Examples, lengths: Tensor, steps: int) -> Run:
    """Learn by hand on packed batches."""
    return by_hand(examples, lengths, steps, packed=True)


def main() -> int:
    """Alternate the loops and print the median ratios; 1 where ours is slower than the dense loop."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    examples, lengths = lines()
    loops: list[Callable[[Examples, Tensor, int], Run]] = [ours, dense, packed]
    for loop in loops:
        loop(examples, lengths, 10)
    ratios: dict[str, list[float]] = {"dense": [], "packed": []}
    for number in range(chosen.rounds):
        found = {}
        for loop in loops if number % 2 else loops[::-1]:
            found[loop.__name__] = loop(examples, lengths, chosen.steps)
        if not all(torch.equal(one, other) for one, other in zip(found["ours"][1], found["dense"][1], strict=True)):
            print("the two dense loops ended with different weights")
            return 1
        shown = ", ".join(f"{name} {seconds / chosen.steps * 1e3:.2f} ms" for name, (seconds, _) in found.items())
        print(f"round {number + 1}: {shown} a step", flush=True)
        for name, values in ratios.items():
            values.append(found[name][0] / found["ours"][0])
    for name, values in ratios.items():
        print(f"{name}: {statistics.median(values):.3f} x ours ({min(values):.3f} to {max(values):.3f})")
    print(f"2 x 128 cells, {BATCH_SIZE} lines of up to {LONGEST}, {chosen.threads} threads, torch {torch.__version__}")
    # A difference of one in a hundred is noise of the machine.
    return 0 if statistics.median(ratios["dense"]) >= TARGET - 0.01 else 1


if __name__ == "__main__":
    sys.exit(main())
