"""PyTorch's own MNIST example: two convolutions, dropout, Adadelta at 1.0 falling by 0.7, batch 64, 14 epochs."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torchvision
from protocol import THREADS, Arrays, Peer, serve
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision import transforms


def build(_: Arrays) -> Peer:
    """Set the example up on the files beside the arrays; an epoch ends with its test, as there."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    root = str(Path(sys.argv[1]).parent)
    train = DataLoader(torchvision.datasets.MNIST(root, train=True, transform=prepare), batch_size=64)
    test = DataLoader(torchvision.datasets.MNIST(root, train=False, transform=prepare), batch_size=1000)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10), nn.LogSoftmax(dim=1),
    )  # fmt: skip
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    right = 0

    def epoch() -> None:
        nonlocal right
        model.train()
        for some, wanted in train:
            optimizer.zero_grad()
            functional.nll_loss(model(some), wanted).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = sum(int((model(some).argmax(1) == wanted).sum()) for some, wanted in test)
        schedule.step()

    return f"torch {torch.__version__}", epoch, lambda: right / 10_000


if __name__ == "__main__":
    serve(build)
