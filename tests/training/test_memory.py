"""Memory that an update freed is there for the next one: hardly a page is asked for twice."""

import os
import platform
import subprocess
import sys

import pytest

COUNT = """
import itertools, resource, torch
from layerwise.config import Train
from layerwise.models.lenet import lenet5
from layerwise.tasks.classify import Classify
from layerwise.training import loop
from layerwise.training.state import Plan, prepare

if not {kept}:
    loop.keep_memory = lambda: None
torch.set_num_threads(1)
task = Classify(tuple("0123456789"))
examples = task.sample((1, 32, 32), 512, torch.Generator().manual_seed(0))
plan = Plan("cpu", 1, memory_format="channels-last")
steps = loop.train(prepare(lenet5((1, 32, 32), 10), task, examples, Train(epochs=100, batch_size=64), plan))
for _ in itertools.islice(steps, 20):
    pass
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in itertools.islice(steps, 50):
    pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 50)
"""


# glibc's own first thresholds, held fast: left alone it raises them by the order of the first frees, which differs from
# machine to machine, and may by luck come to keep as much.
FIRST = {"MALLOC_MMAP_THRESHOLD_": str(2**17), "MALLOC_TRIM_THRESHOLD_": str(2**17)}


def faults(kept):
    command = [sys.executable, "-c", COUNT.format(kept=kept)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | FIRST)
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is not glibc's")
def test_pages_are_kept_from_update_to_update():
    # LeNet-5 computes about 5 MB an update: 1,200 pages.
    assert faults(True) < 20 < 500 < faults(False)
