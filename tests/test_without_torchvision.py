"""A CPU-only torch has no working torchvision: everything but the [vision] extra works where its import fails."""

import subprocess
import sys

SCRIPT = """
import sys
sys.modules["torchvision"] = None   # an import of it now raises ImportError
from layerwise.cli.application import run
for line in ("train iris mlp --epochs 5", "explain --view unit-sum", "step --by-hand",
             "train digits lenet5 --epochs 1 --augment shift=1", "report", "predict digits"):
    assert run(line.split()) == 0, line
"""


def test_tables_and_pictures_work_without_torchvision(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
