"""The command line in processes that learn together: as torchrun starts them, or as copies of one that has torch."""

import multiprocessing
import os
import shlex
import socket
import subprocess
import sys
import time

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "COLUMNS": "120", "LC_ALL": "C.UTF-8"}

# Importing these in every process anew takes most of such a test.
COPIES = multiprocessing.get_context("forkserver")
COPIES.set_forkserver_preload(
    [
        "torch.distributed",
        "torch._dynamo",
        "sklearn.neighbors",
        "sklearn.datasets",
        "matplotlib.backends.backend_agg",
        "layerwise.cli.application",
        "layerwise.models",
        "layerwise.workflow.start",
        "layerwise.explain.drawing",
    ]
)

LONGEST = 280
"""Seconds after which all of them are given up."""


def under_torchrun(place, words, processes):
    """Type a command as users do who have several processors."""
    # Behind `--` torchrun does not take `--run` for one of its own options.
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--standalone", "-m", "--"]
    return subprocess.run(
        [sys.executable, *launcher, "layerwise", *shlex.split(words)], cwd=place, env=os.environ | ENVIRONMENT,
        capture_output=True, text=True, check=False, timeout=LONGEST,
    )  # fmt: skip


def in_copies(place, words, processes):
    """Run a command in copies of one process, with what torchrun tells each of them; one that fails ends the others."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = [
        {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1",
         "MASTER_PORT": port} for rank in range(processes)
    ] if processes > 1 else [{}]  # fmt: skip
    outputs = [(place / f"out {rank}", place / f"err {rank}") for rank in range(processes)]
    copies = [
        COPIES.Process(target=become, args=(place, shlex.split(words), ENVIRONMENT | settings, *written), daemon=True)
        for settings, written in zip(told, outputs, strict=True)
    ]
    for copy in copies:
        copy.start()
    end = time.monotonic() + LONGEST
    while any(copy.is_alive() for copy in copies) and not any(copy.exitcode for copy in copies):
        assert time.monotonic() < end, "they wait for each other"
        time.sleep(0.02)
    for copy in copies:
        copy.join(5 if any(other.exitcode for other in copies) else None)
        copy.terminate()
        copy.join()
    out, err = ("".join(path.read_text(encoding="utf-8") for path in paths) for paths in zip(*outputs, strict=True))
    for path in (path for pair in outputs for path in pair):
        path.unlink()
    return subprocess.CompletedProcess(words, max(abs(copy.exitcode) for copy in copies), out, err)


def become(place, arguments, settings, out, err):
    """Be the command `layerwise` in this process."""
    os.environ.update(settings)
    os.chdir(place)
    for path, number in ((out, 1), (err, 2)):
        with path.open("wb") as stream:
            os.dup2(stream.fileno(), number)
    from layerwise.cli.application import run

    code = run(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
