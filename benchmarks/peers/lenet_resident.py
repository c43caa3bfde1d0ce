"""A plain loop over data in memory, with torch's defaults."""

from __future__ import annotations

import torch
from protocol import BATCH_SIZE, LEARNING_RATE, THREADS, Arrays, Peer, serve
from torch.nn import functional
from torch_network import accuracy, lenet5, tensors


def build(arrays: Arrays) -> Peer:
    """Set the loop up."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    inputs, targets, test_x, test_y = tensors(arrays)
    model = lenet5()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

    def epoch() -> None:
        for rows in torch.randperm(len(inputs)).split(BATCH_SIZE):
            optimizer.zero_grad()
            functional.cross_entropy(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()

    return f"torch {torch.__version__}", epoch, lambda: accuracy(model, test_x, test_y)


if __name__ == "__main__":
    serve(build)
