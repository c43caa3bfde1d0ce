"""Keras's own MNIST example: two convolutions with pooling, dropout 0.5, Adam, batch 128, 15 epochs, 10 % held out."""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow
from keras import layers
from protocol import THREADS, Arrays, Peer, serve


def build(arrays: Arrays) -> Peer:
    """Set the example up; it tests once at its end, so the tests between are not counted."""
    tensorflow.config.threading.set_intra_op_parallelism_threads(THREADS)
    keras.utils.set_random_seed(1)
    train_x, test_x = (arrays[name][..., None].astype("float32") / 255 for name in ("train_x", "test_x"))
    train_y, test_y = (keras.utils.to_categorical(arrays[name], 10) for name in ("train_y", "test_y"))
    model = keras.Sequential([
        layers.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

    def epoch() -> None:
        model.fit(train_x, train_y, batch_size=128, epochs=1, validation_split=0.1, verbose=0)

    versions = f"keras {keras.__version__}, tensorflow {tensorflow.__version__}"
    return versions, epoch, lambda: float(model.evaluate(test_x, test_y, verbose=0)[1])


if __name__ == "__main__":
    serve(build)
