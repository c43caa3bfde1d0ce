"""Folders for tests that write thousands of files, and a process in which runs begin quickly."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from faults.stops import Server

MEMORY = Path("/dev/shm")


@pytest.fixture
def quick_path(tmp_path):
    """A folder in memory where there is one, so that a flush costs nothing; else on disk."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < 2**26:
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="layerwise-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if sys.platform != "linux":
        pytest.skip("needs fork and /proc")
    server = Server(tmp_path_factory.mktemp("server") / "output.txt")
    yield server
    server.close()
