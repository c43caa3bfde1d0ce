"""fastai's Learner over its DataLoaders."""

from __future__ import annotations

import fastai
import torch
from fastai.callback import progress
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from protocol import BATCH_SIZE, LEARNING_RATE, THREADS, Arrays, Peer, serve
from torch.nn import functional
from torch.utils.data import TensorDataset
from torch_network import accuracy, lenet5, tensors


def build(arrays: Arrays) -> Peer:
    """Set the learner up, without its progress bar, and with a validation part of one batch."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    inputs, targets, test_x, test_y = tensors(arrays)
    train = DataLoader(TensorDataset(inputs, targets), bs=BATCH_SIZE, shuffle=True, num_workers=0)
    valid = DataLoader(TensorDataset(inputs[:64], targets[:64]), bs=64, num_workers=0)
    learner = Learner(DataLoaders(train, valid), lenet5(), loss_func=functional.cross_entropy, lr=LEARNING_RATE)
    learner.remove_cb(progress.ProgressCallback)

    def epoch() -> None:
        learner.fit(1, wd=0.0)

    return f"fastai {fastai.__version__}", epoch, lambda: accuracy(learner.model, test_x, test_y)


if __name__ == "__main__":
    serve(build)
