"""The weights of a network in one safetensors file: no code runs on loading, and damage is noticed.

Plain PyTorch reads it: `model.load_state_dict(safetensors.torch.load_file("model.safetensors"))`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from safetensors.torch import save
from torch import nn

from layerwise.errors import LayerwiseError
from layerwise.files import write_bytes
from layerwise.language import say
from layerwise.runs.refusals import words
from layerwise.runs.trees import deserialise

__all__ = ["load_weights", "save_weights"]


def save_weights(path: Path, model: nn.Module) -> None:
    """Write all parameters and buffers, with their own SHA-256 in the header's metadata.

    Equal weights make equal files: the metadata have one entry, since safetensors orders several at random.
    """
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in model.state_dict().items()}
    digest = hashlib.sha256(save(tensors)).hexdigest()
    write_bytes(path, save(tensors, metadata={"sha256_without_metadata": digest}))


def load_weights(path: Path, model: nn.Module) -> None:
    """Give a network the weights of a file.

    Raises:
        LayerwiseError: The file is missing, damaged, not ours, or of another network.
    """
    try:
        tensors, metadata = deserialise(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise _unreadable(path, words(problem)) from problem
    expected = metadata.get("sha256_without_metadata")
    if expected and hashlib.sha256(save(tensors)).hexdigest() != expected:
        raise _unreadable(path, say("its checksum differs: the file was changed or damaged"))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as problem:
        raise LayerwiseError(
            say("The weights must be those of this network."),
            f"'{path}': {' '.join(str(problem).split()[:40])[:400]}",
            say("Use the model and options the run was trained with."),
        ) from problem


def _unreadable(path: Path, detail: str) -> LayerwiseError:
    """Say that a weights file cannot be used."""
    rule = say("Weights are a whole safetensors file.")
    return LayerwiseError(rule, f"'{path}': {detail}", say("Restore the file, or train again."))
