"""Keras on TensorFlow, fed from memory by `fit`."""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow
from keras import layers
from protocol import BATCH_SIZE, LEARNING_RATE, THREADS, Arrays, Peer, serve


def build(arrays: Arrays) -> Peer:
    """Set the network up; pictures have their channel last, as Keras wants them."""
    tensorflow.config.threading.set_intra_op_parallelism_threads(THREADS)
    keras.utils.set_random_seed(0)
    train_x, test_x = (np.moveaxis(arrays[name], 1, -1).copy() for name in ("train_x", "test_x"))
    model = keras.Sequential([
        layers.Input((32, 32, 1)),
        layers.Conv2D(6, 5, activation="tanh"), layers.AveragePooling2D(2), layers.Activation("tanh"),
        layers.Conv2D(16, 5, activation="tanh"), layers.AveragePooling2D(2), layers.Activation("tanh"),
        layers.Conv2D(120, 5, activation="tanh"), layers.Flatten(),
        layers.Dense(84, activation="tanh"), layers.Dense(10),
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss, metrics=["accuracy"])

    def epoch() -> None:
        model.fit(train_x, arrays["train_y"], batch_size=BATCH_SIZE, epochs=1, verbose=0)

    def accuracy() -> float:
        return float(model.evaluate(test_x, arrays["test_y"], batch_size=1000, verbose=0)[1])

    return f"keras {keras.__version__}, tensorflow {tensorflow.__version__}", epoch, accuracy


if __name__ == "__main__":
    serve(build)
