"""Commands that need no network start at once, and without torch."""

import subprocess
import sys
import time

import pytest

LIMITS = {"--help": 0.25, "models": 0.25, "data small.csv": 0.5}
"""Seconds of the best of seven starts on a quiet machine (issue 3)."""

YARDSTICK, QUIET = "import cyclopts, rich.table", 0.08
"""What every command begins with, and its seconds where the limits hold: a slower machine gets as much more."""

REPEATS, ROUNDS = 7, 3


@pytest.fixture
def small(tmp_path):
    rows = "".join(f"{row},{row * row},{'yes' if row % 2 else 'no'}\n" for row in range(100))
    (tmp_path / "small.csv").write_text("a,b,label\n" + rows, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("words", [*LIMITS, "models mlp", "train --help", "reproduce", "--version"])
def test_torch_is_not_imported(small, words):
    script = (
        "import sys\nfrom layerwise.cli.application import run\n"
        "code = run(sys.argv[1:])\n"
        "heavy = {'torch', 'sklearn', 'matplotlib', 'scipy', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *words.split()], cwd=small, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_import_of_the_package_is_without_torch():
    script = "import sys, layerwise\nsys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def best(command, place) -> float:
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        subprocess.run(command, cwd=place, capture_output=True, check=True)
        taken.append(time.perf_counter() - began)
    return min(taken)


@pytest.mark.alone
@pytest.mark.parametrize(("words", "limit"), LIMITS.items())
def test_start_is_quick(small, words, limit):
    tried = []
    for _ in range(ROUNDS):
        slowness = max(1.0, best([sys.executable, "-c", YARDSTICK], small) / QUIET)
        tried.append((best([sys.executable, "-m", "layerwise", *words.split()], small), limit * slowness))
        if tried[-1][0] <= tried[-1][1]:
            return
    raise AssertionError(tried)
