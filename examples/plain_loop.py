"""The training of layerwise in plain PyTorch: the same data, network and seed give the same weights, bit for bit.

`layerwise` reads, divides and standardises the data; everything from the network on is written out. Run it:

    python examples/plain_loop.py

It is the long form of `lw.train("iris", "mlp", epochs=30, learning_rate=0.01, batch_size=16, seed=0)`.
"""

from __future__ import annotations

import hashlib

import torch
from torch import nn
from torch.nn import functional

from layerwise.config import experiment
from layerwise.workflow.prepare import prepare_data

EPOCHS, BATCH_SIZE, LEARNING_RATE, SEED, PATIENCE = 30, 16, 0.01, 0, 10


def order(epoch: int, examples: int) -> torch.Tensor:
    """Return the order of an epoch: a permutation that depends on the seed and the epoch alone."""
    digest = hashlib.blake2b(repr((SEED, "order", epoch)).encode(), digest_size=8).digest()
    counted = torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
    return torch.randperm(examples, generator=counted)


def train(inputs: torch.Tensor, targets: torch.Tensor, checks: torch.Tensor, answers: torch.Tensor) -> nn.Module:
    """Learn with Adam, and return the network with the weights of its best epoch on the validation part."""
    torch.manual_seed(SEED)
    network = nn.Sequential(nn.Linear(4, 100), nn.Tanh(), nn.Linear(100, 3))
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)
    best, best_epoch, best_weights = float("inf"), 0, network.state_dict()
    for epoch in range(EPOCHS):
        for rows in order(epoch, len(inputs)).split(BATCH_SIZE):
            loss = functional.cross_entropy(network(inputs[rows]), targets[rows], reduction="sum") / len(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.inference_mode():
            measured = functional.cross_entropy(network(checks), answers, reduction="sum").item() / len(checks)
        if measured < best:
            best, best_epoch = measured, epoch
            best_weights = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch >= PATIENCE:
            break
    network.load_state_dict(best_weights)
    return network


def main() -> nn.Module:
    """Train on iris and print the error on its test part."""
    # As layerwise plans it for a network this small; another number of threads may add in another order.
    torch.set_num_threads(1)
    prepared, _ = prepare_data(experiment({"seed": SEED}), "iris")
    parts = prepared.examples
    network = train(
        parts["train"].inputs, parts["train"].targets, parts["validation"].inputs, parts["validation"].targets
    )
    with torch.inference_mode():
        wrong = int((network(parts["test"].inputs).argmax(1) != parts["test"].targets).sum())
    print(f"{wrong} of {len(parts['test'])} test examples wrong")
    return network


if __name__ == "__main__":
    main()
