"""Ways to save a network, each in a child process that waits until somebody watches its system calls.

python savers.py NAME        reads one folder a line, forks, prints the child's number, and how it ended

The child saves step 2 beside or over step 1, which `prepare` laid there, begins when a file "go" appears in the folder
above, and says "saved" by a call that changes nothing.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

SAID = "/nonexistent-layerwise-saved"
"""Name that is removed when a save has returned, which a trace of system calls shows."""


def tree(step: int) -> dict[str, Any]:
    """Return weights that say which step they are of; about 130 kB."""
    generator = torch.Generator().manual_seed(step)
    return {"weight": torch.randn(128, 256, generator=generator), "step": torch.tensor(step)}


def same(found: Any, step: int) -> bool:
    expected = tree(step)
    return set(found) == set(expected) and all(torch.equal(found[name], expected[name]) for name in expected)


def step_of(found: Any) -> str:
    """Say which save some weights are of: "old", "new" or "LOST"."""
    return "old" if same(found, 1) else "new" if same(found, 2) else "LOST"


def save_torch(folder: Path, step: int) -> None:
    torch.save(tree(step), folder / "model.pt")


def load_torch(folder: Path) -> str:
    return step_of(torch.load(folder / "model.pt", weights_only=True))


def save_safetensors(folder: Path, step: int) -> None:
    from safetensors.torch import save_file

    save_file(tree(step), folder / "model.safetensors")


def load_safetensors(folder: Path) -> str:
    from safetensors.torch import load_file

    return step_of(load_file(folder / "model.safetensors"))


def save_lightning(folder: Path, step: int) -> None:
    from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

    TorchCheckpointIO().save_checkpoint(tree(step), folder / "model.pt")


def save_folder(folder: Path, step: int) -> None:
    from torch.distributed.checkpoint import FileSystemWriter, save

    save(tree(step), storage_writer=FileSystemWriter(folder / "model", single_file_per_rank=True), no_dist=True)


def load_folder(folder: Path) -> str:
    from torch.distributed.checkpoint import FileSystemReader, load

    found = {name: torch.zeros_like(value) for name, value in tree(0).items()}
    load(found, storage_reader=FileSystemReader(folder / "model"), no_dist=True)
    return step_of(found)


def save_checkpoint(folder: Path, step: int) -> None:
    from layerwise.runs.checkpoints import save

    save(folder, step, tree(step), {"epoch": step}, keep=1)


def load_checkpoint(folder: Path) -> str:
    from layerwise.runs.checkpoints import newest_whole

    point, found, damaged = newest_whole(folder)
    return "LOST" if damaged or point.step != found["step"] else step_of(found)


def save_weights(folder: Path, step: int) -> None:
    from torch import nn

    from layerwise.runs.weights import save_weights

    model = nn.Linear(256, 128, bias=False)
    model.load_state_dict({"weight": tree(step)["weight"]})
    save_weights(folder / "model.safetensors", model)


def load_weights(folder: Path) -> str:
    from torch import nn

    from layerwise.runs.weights import load_weights

    model = nn.Linear(256, 128, bias=False)
    load_weights(folder / "model.safetensors", model)
    return (
        step_of({"weight": model.weight.detach(), "step": tree(1)["step"]})
        if torch.equal(model.weight, tree(1)["weight"])
        else step_of({"weight": model.weight.detach(), "step": tree(2)["step"]})
    )


def save_figures(folder: Path, step: int) -> None:
    from layerwise.files import write_json

    write_json(folder / "metrics.json", {"step": step, "values": list(range(2000))})


def load_figures(folder: Path) -> str:
    found = json.loads((folder / "metrics.json").read_text())
    return {1: "old", 2: "new"}[found["step"]] if found["values"] == list(range(2000)) else "LOST"


Saver = tuple[Callable[[Path, int], None], Callable[[Path], str]]
SAVERS: dict[str, Saver] = {
    "layerwise checkpoint": (save_checkpoint, load_checkpoint),
    "layerwise weights": (save_weights, load_weights),
    "layerwise figures": (save_figures, load_figures),
    "torch.save": (save_torch, load_torch),
    "safetensors save_file": (save_safetensors, load_safetensors),
    "Lightning": (save_lightning, load_torch),
    "torch distributed checkpoint": (save_folder, load_folder),
}
"""How each saves a step in a folder, and how its file is read: "old" (step 1), "new" (step 2), or "LOST"."""

UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, EOFError, AttributeError, TypeError, IndexError)


def found(name: str, folder: Path) -> str:
    """Say what a reader gets: "old", "new", or "LOST" where nothing whole is there."""
    from safetensors import SafetensorError
    from torch.distributed.checkpoint import CheckpointException

    from layerwise.errors import LayerwiseError

    try:
        return SAVERS[name][1](folder)
    except (LayerwiseError, SafetensorError, CheckpointException, *UNREADABLE):
        return "LOST"
    except Exception as problem:  # noqa: BLE001 - a damaged file makes other people's readers raise anything
        return f"LOST ({type(problem).__name__})"


def main() -> None:
    """Save in children, one for each folder."""
    save = SAVERS[sys.argv[1]][0]
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder), 1)  # everything is imported
    print("ready", flush=True)
    for line in sys.stdin:
        folder = Path(line.strip())
        process = os.fork()
        if process == 0:
            os._exit(child(save, folder))
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def child(save: Callable[[Path, int], None], folder: Path) -> int:
    """Save when told to; return 0 when it was saved, 3 when that was refused with a message of ours, else 4."""
    go = folder.with_name(folder.name + ".go")
    while not go.exists():
        time.sleep(0.001)
    try:
        save(folder, 2)
    except Exception as problem:  # noqa: BLE001 - whatever other people's savers raise is an answer
        folder.with_name(folder.name + ".said").write_text(f"{type(problem).__name__}: {problem}")
        return 3 if type(problem).__name__ == "LayerwiseError" else 4
    with suppress(FileNotFoundError):
        os.unlink(SAID)
    return 0


if __name__ == "__main__":
    main()
