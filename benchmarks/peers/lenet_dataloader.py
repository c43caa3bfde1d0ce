"""The loop of PyTorch's tutorials: torchvision's MNIST, its transforms picture by picture, and a DataLoader."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torchvision
from protocol import BATCH_SIZE, LEARNING_RATE, THREADS, Arrays, Peer, serve
from torch.nn import functional
from torch.utils.data import DataLoader
from torch_network import accuracy, lenet5, tensors
from torchvision import transforms


def build(arrays: Arrays) -> Peer:
    """Set the loop up on the files beside the arrays."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    _, _, test_x, test_y = tensors(arrays)
    prepare = transforms.Compose([
        transforms.Pad(2), transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,)),
    ])  # fmt: skip
    pictures = torchvision.datasets.MNIST(str(Path(sys.argv[1]).parent), train=True, transform=prepare)
    loader = DataLoader(pictures, batch_size=BATCH_SIZE, shuffle=True)
    model = lenet5()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

    def epoch() -> None:
        for some, wanted in loader:
            optimizer.zero_grad()
            functional.cross_entropy(model(some), wanted).backward()
            optimizer.step()

    versions = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
    return versions, epoch, lambda: accuracy(model, test_x, test_y)


if __name__ == "__main__":
    serve(build)
