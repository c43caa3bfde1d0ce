"""Lightning's Trainer over a DataLoader; its epochs wait for the benchmark inside a callback."""

from __future__ import annotations

import logging
import sys
import time
import warnings

import lightning
import numpy as np
import torch
from protocol import BATCH_SIZE, LEARNING_RATE, THREADS, answer, commands
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from torch_network import accuracy, lenet5, tensors


class Network(lightning.LightningModule):
    """LeNet-5 as Lightning takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.model = lenet5()

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Return the loss of a batch."""
        return functional.cross_entropy(self.model(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam with torch's defaults."""
        return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)


class Waits(lightning.Callback):
    """Begins each epoch when the benchmark asks for it."""

    def __init__(self, test_x: Tensor, test_y: Tensor) -> None:
        self._test, self._began = (test_x, test_y), 0.0

    def on_train_epoch_start(self, trainer: lightning.Trainer, network: Network) -> None:
        """Wait for the next epoch; answer what is asked meanwhile, and stop when nothing is asked any more."""
        while asked := commands():
            if asked == ["epoch"]:
                self._began = time.perf_counter()
                return
            answer({"accuracy": accuracy(network.model, *self._test)})
        sys.exit(0)

    def on_train_epoch_end(self, trainer: lightning.Trainer, network: Network) -> None:
        """Answer how long it took."""
        answer({"seconds": time.perf_counter() - self._began})


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    with np.load(sys.argv[1]) as file:
        train_x, train_y, test_x, test_y = tensors(dict(file))
    loader = DataLoader(TensorDataset(train_x, train_y), batch_size=BATCH_SIZE, shuffle=True)
    answer({"versions": f"lightning {lightning.__version__}, torch {torch.__version__}"})
    trainer = lightning.Trainer(
        max_epochs=1000, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[Waits(test_x, test_y)],
    )  # fmt: skip
    trainer.fit(Network(), loader)
