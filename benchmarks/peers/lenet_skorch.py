"""skorch on the same arrays, an epoch at a time."""

from __future__ import annotations

import skorch
import torch
from protocol import BATCH_SIZE, LEARNING_RATE, THREADS, Arrays, Peer, serve
from torch import nn
from torch_network import accuracy, lenet5, tensors


def build(arrays: Arrays) -> Peer:
    """Set the classifier up, without the validation split it makes by itself."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    _, _, test_x, test_y = tensors(arrays)
    net = skorch.NeuralNetClassifier(
        lenet5(), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=LEARNING_RATE, batch_size=BATCH_SIZE,
        max_epochs=1, train_split=None, iterator_train__shuffle=True, verbose=0,
    )  # fmt: skip
    net.initialize()

    def epoch() -> None:
        net.partial_fit(arrays["train_x"], arrays["train_y"])

    return f"skorch {skorch.__version__}", epoch, lambda: accuracy(net.module_, test_x, test_y)


if __name__ == "__main__":
    serve(build)
