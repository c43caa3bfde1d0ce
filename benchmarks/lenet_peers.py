"""LeNet-5 in the lecture's form on MNIST, batch 64, Adam: layerwise beside loops written by hand and other tools.

Every peer is a process that waits between its epochs; the epochs of all alternate, so that the machine treats them
alike. The first epoch warms up; of the others the median ratio of epochs side by side counts, and only for peers that
pass the gate on the test part at the end. A peer may live in an environment of its own; one that is not installed is
left out, and that is said.

    python benchmarks/lenet_peers.py --keras PYTHON --torch PYTHON
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from layerwise.config import experiment
from layerwise.data.named import locate
from layerwise.workflow.prepare import prepare_data

GATE = 0.98
"""Accuracy on the test part after all epochs."""

TARGETS = {
    "best": 0.95,
    "tuned": 0.95,
    "keras": 1.15,
    "dataloader": 4.0,
    "lightning": 1.0,
    "skorch": 1.0,
    "fastai": 1.0,
}
"""Least ratio of a peer's seconds to ours."""

PEERS = (
    "layerwise",
    "best",
    "tuned",
    "resident",
    "tensordataset",
    "dataloader",
    "keras",
    "lightning",
    "skorch",
    "fastai",
)
HERE = Path(__file__).parent / "peers"


class Peer:
    """A peer in its own process.

    Args:
        name: Its file in `peers`: what is learned, and by whom.
        python: The interpreter that has its packages.
        data: The arrays.
    """

    def __init__(self, name: str, python: str, data: Path) -> None:
        self.name, self.seconds = name.partition("_")[2], list[float]()
        if shutil.which(python) is None:
            sys.exit(f"no interpreter at {python}")
        environment = {**os.environ, "OMP_NUM_THREADS": "2", "CUDA_VISIBLE_DEVICES": ""}
        self._process = subprocess.Popen(
            [python, str(HERE / f"{name}.py"), str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        first = self._read()
        self.versions = str(first["versions"]) if first else ""

    def _read(self) -> dict[str, float | str]:
        """Return the next answer; nothing where the process has ended."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                found: dict[str, float | str] = json.loads(line)
                return found
        return {}

    def ask(self, command: str) -> float:
        """Ask for one thing."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        found = self._read()
        if not found:
            message = f"{self.name} ended instead of answering; run its file in {HERE} by itself to see why"
            raise RuntimeError(message)
        (value,) = found.values()
        return float(value)

    def end(self) -> None:
        """Let it go."""
        self._process.communicate()


def arrays(folder: Path) -> Path:
    """Write MNIST on 32x32, as every peer reads it."""
    prepared, _ = prepare_data(experiment({"image_size": (32, 32), "validation_fraction": 0.0}), "mnist")
    held = {}
    for part in ("train", "test"):
        inputs, targets, _ = prepared.examples[part].tensors()
        held |= {f"{part}_x": inputs.numpy(), f"{part}_y": targets.numpy()}
    np.savez(folder / "mnist.npz", **held)
    raw_files(folder)
    return folder / "mnist.npz"


def raw_files(folder: Path) -> dict[str, np.ndarray]:
    """Write MNIST's files as torchvision looks for them, and return pictures and digits as they stand there."""
    raw, where, found = folder / "MNIST" / "raw", locate("mnist"), {}
    raw.mkdir(parents=True)
    for packed in where.glob("*ubyte.gz") if where else ():
        content = gzip.decompress(packed.read_bytes())
        (raw / packed.stem).write_bytes(content)
        part, pictures = "train" if packed.name.startswith("train") else "test", "idx3" in packed.name
        values = np.frombuffer(content, np.uint8, offset=16 if pictures else 8)
        found[f"{part}_{'x' if pictures else 'y'}"] = values.reshape(-1, 28, 28) if pictures else values
    return found


def table(peers: list[Peer]) -> bool:
    """Print what each peer took, and say whether every target is met."""
    good = True
    for peer in peers:
        accuracy, seconds = peer.ask("test"), statistics.median(peer.seconds[1:])
        pairs = zip(peer.seconds[1:], peers[0].seconds[1:], strict=True)
        ratio, target = statistics.median(theirs / own for theirs, own in pairs), TARGETS.get(peer.name)
        passed = accuracy >= GATE
        met = target is None or ratio >= target or (peer.name != "layerwise" and not passed)
        good = good and met and (passed or peer.name != "layerwise")
        print(f"{peer.name:11} {seconds:6.2f} s an epoch ({min(peer.seconds[1:]):.2f} to {max(peer.seconds[1:]):.2f}), "
              f"{60_000 / seconds:6.0f} pictures/s, accuracy {accuracy:.4f}{'' if passed else ' (below the gate)'}, "
              f"{ratio:5.2f} x ours{f', target {target}: ' + ('met' if met else 'missed') if target else ''}"
              f"  [{peer.versions}]")  # fmt: skip
    return good


def main() -> int:
    """Let the epochs alternate and print the table; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--keras", default=sys.executable, help="interpreter with keras and tensorflow")
    parser.add_argument("--torch", default=sys.executable, help="interpreter with torch, lightning, skorch, fastai")
    parser.add_argument("--peers", nargs="*", default=PEERS, choices=PEERS)
    chosen = parser.parse_args()
    pythons = {"layerwise": sys.executable, "keras": chosen.keras}
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        data = arrays(Path(folder))
        wanted = ["layerwise", *(name for name in chosen.peers if name != "layerwise")]
        everyone = [Peer(f"lenet_{name}", pythons.get(name, chosen.torch), data) for name in wanted]
        peers = [peer for peer in everyone if peer.versions]
        for peer in everyone:
            if not peer.versions:
                print(f"{peer.name} is not installed here and left out")
        for number in range(chosen.epochs):
            for peer in peers if number % 2 else peers[::-1]:
                peer.seconds.append(peer.ask("epoch"))
                print(f"epoch {number + 1}: {peer.name} {peer.seconds[-1]:.2f} s", flush=True)
        good = table(peers)
        for peer in peers:
            peer.end()
    print(f"LeNet-5, MNIST, batch 64, 2 threads; load before: {load:.1f}{'' if load < 0.7 else ', not quiet'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
