"""`layerwise doctor`: what this installation can do on this machine."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from layerwise.cli.options import Common, print_json
from layerwise.cli.tables import print_table
from layerwise.language import say

EXTRAS = {"torchvision": "vision", "pillow_heif": "heic", "pandas": "dev"}
"""Optional packages, and the extra that brings each."""


def doctor(*, common: Annotated[Common, Parameter(name="*")] = Common()) -> int:  # noqa: B008 - frozen
    """Check this installation and machine: versions, device, memory, fonts, data folders, and a tiny training step.

    Examples:
        layerwise doctor
    """
    checks = [*machine(), *packages(), *places(), training_step()]
    if common.json:
        print_json({"checks": [{"check": name, "ok": ok, "found": found} for name, ok, found in checks]})
    else:
        marks = {True: "ok", False: say("look"), None: "-"}
        print_table(["", say("check"), say("found")], [[marks[ok], name, found] for name, ok, found in checks])
    return 0 if all(ok is not False for _, ok, _ in checks) else 1


def machine() -> list[tuple[str, bool | None, str]]:
    """Look at Python, processor, disk and graphics card."""
    import torch

    free = shutil.disk_usage(".").free / 2**30
    card = torch.cuda.get_device_name(0) if torch.cuda.is_available() else say("none; everything runs on the processor")
    return [
        ("Python", sys.version_info >= (3, 11), sys.version.split()[0]),
        (say("processor cores"), True, str(os.cpu_count())),
        (say("free disk"), free > 1, f"{free:.1f} GiB"),
        ("PyTorch", True, torch.__version__),
        ("CUDA", None, card),
    ]


def packages() -> list[tuple[str, bool | None, str]]:
    """Look at optional packages; one that is installed must also import."""
    found: list[tuple[str, bool | None, str]] = []
    for package, extra in EXTRAS.items():
        if importlib.util.find_spec(package) is None:
            found.append((package, None, say("not installed (extra [{}])", extra)))
            continue
        try:
            module = importlib.import_module(package)
            found.append((package, True, str(module.__version__)))
        except (ImportError, RuntimeError) as problem:
            # torchvision raises RuntimeError where its build does not fit torch's.
            found.append((package, False, str(problem).partition("\n")[0]))
    return found


def places() -> list[tuple[str, bool | None, str]]:
    """Look at fonts for Hangul, the console, and the folders of named data."""
    from layerwise.data.archives import archive_cache
    from layerwise.explain.drawing import hangul_font

    font = hangul_font()
    cache = archive_cache()
    size = sum(path.stat().st_size for path in cache.rglob("*.*") if path.is_file())
    encoding = sys.stdout.encoding or ""
    folders = [folder for folder in os.environ.get("LAYERWISE_DATA", "").split(os.pathsep) if folder]
    missing = [folder for folder in folders if not Path(folder).is_dir()]
    return [
        (say("Hangul font"), None if font is None else True, font or say("none; Korean labels in pictures fall back")),
        (say("console"), True, encoding),
        (say("unpacked archives"), True, say("{}: {} MB", cache, round(size / 1e6))),
        ("LAYERWISE_DATA", None if not folders else not missing, ", ".join(missing or folders) or say("not set")),
    ]


def training_step() -> tuple[str, bool | None, str]:
    """Make one training step by torch, as the loop does."""
    import torch

    from layerwise.config import Train
    from layerwise.models import build
    from layerwise.tasks.classify import Classify
    from layerwise.training.loop import train
    from layerwise.training.state import Plan, prepare

    task = Classify(("a", "b"))
    examples = task.sample(4, 16, torch.Generator().manual_seed(0))
    with torch.random.fork_rng():
        model = build("mlp", 4, 2, {})
    state = prepare(model, task, examples, Train(epochs=1, batch_size=16), Plan("cpu", 1))
    step = next(train(state))
    loss = float(step.result.total.detach()) / float(step.result.count)
    return say("one training step"), loss == loss, say("loss {:.4f}", loss)
