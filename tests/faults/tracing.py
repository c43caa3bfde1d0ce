"""Watch, and disturb, the system calls of one process with strace."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "openat", "creat", "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "rename", "renameat",
    "renameat2", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "ftruncate", "truncate", "fallocate", "close",
    "link", "linkat", "sendfile", "copy_file_range", "lseek", "dup", "dup2",
)  # fmt: skip
"""Everything that can change a file, or say where the next change goes."""

LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+|\?)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Call:
    """One system call: its name, its values with texts as bytes, its answer, and how many of its name came before."""

    name: str
    texts: tuple[bytes, ...]
    numbers: tuple[int, ...]
    words: str
    answer: int
    before: int


def available() -> str:
    """Return why calls cannot be watched here, or nothing."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return "needs strace"
    with subprocess.Popen(["sleep", "5"]) as sleeper:
        tried = subprocess.run(
            ["timeout", "0.5", "strace", "-p", str(sleeper.pid)], capture_output=True, text=True, check=False
        )
        sleeper.kill()
    return "" if "attached" in tried.stderr else "strace may not watch processes here"


class Saving:
    """A process that saves by one of the ways in `savers.py`, again and again, each time in a child.

    Args:
        name: The way.
        python: The interpreter, where the way needs packages of its own.
        environment: Variables beside those of this process.
    """

    def __init__(self, name: str, python: str = sys.executable, environment: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [python, str(Path(__file__).with_name("savers.py")), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
        )  # fmt: skip
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{name} does not start")

    def save(self, folder: Path, *disturbance: str) -> tuple[int, str]:
        """Save step 2 into a folder under watch; return how the process ended and what strace wrote."""
        trace, go = folder.with_name(folder.name + ".trace"), folder.with_name(folder.name + ".go")
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        child = self._process.stdout.readline().strip()
        words = ["strace", "-f", "-xx", "-s", "4000000", "-o", str(trace), "-e", f"trace={','.join(CALLS)}"]
        for one in disturbance:
            words += ["-e", f"inject={one}"]
        with subprocess.Popen([*words, "-p", child], stderr=subprocess.PIPE, text=True) as watcher:
            while "attached" not in watcher.stderr.readline():
                time.sleep(0.001)
            go.touch()
            code = int(self._process.stdout.readline())
        go.unlink()
        return code, trace.read_text()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def parsed(trace: str) -> list[Call]:
    """Return the calls that a trace shows, in order; those that were cut off are left out."""
    found, counts, unfinished = [], {}, {}
    for line in trace.splitlines():
        process = line.split(maxsplit=1)[0]
        if "<unfinished" in line:
            unfinished[process] = line.partition(" <unfinished")[0]
            continue
        resumed = re.match(r"(\d+) +<\.\.\. \w+ resumed>(.*)", line)
        if resumed:
            line = unfinished.pop(resumed[1], resumed[1] + " x(") + resumed[2]
        match = LINE.match(line)
        if not match:
            continue
        name, inside, answer = match.groups()
        texts = tuple(bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(inside))
        words = TEXT.sub("", inside)
        numbers = tuple(int(word) for word in re.findall(r"(?<![\w.])-?\d+(?!\w)", words))
        # strace counts for each thread by itself.
        before = counts.get((process, name), 0)
        counts[process, name] = before + 1
        found.append(Call(name, texts, numbers, words, -1 if answer == "?" else int(answer), before))
    return found


FLAGS = {name: getattr(os, name) for name in ("O_CREAT", "O_TRUNC", "O_APPEND", "O_EXCL", "O_WRONLY", "O_RDWR")}


def as_disk_calls(calls: list[Call], said: str) -> list[tuple]:
    """Return system calls in the words of `disk.Disk`; those that failed changed nothing.

    Args:
        calls: What was traced.
        said: Name whose removal says that the save has returned.
    """
    found: list[tuple] = []
    for call in calls:
        if said.encode() in call.texts:
            found.append(("saved",))
        if call.answer < 0:
            continue
        paths = [os.fsdecode(text) for text in call.texts]
        match call.name:
            case "openat":
                flags = sum(value for name, value in FLAGS.items() if name in call.words)
                found.append(("open", paths[0], flags, call.answer))
            case "write":
                found.append(("write", call.numbers[0], call.texts[0][: call.answer]))
            case "pwrite64":
                found.append(("write", call.numbers[0], call.texts[0][: call.answer], call.numbers[-1]))
            case "writev":
                found.append(("write", call.numbers[0], b"".join(call.texts)[: call.answer]))
            case "lseek":
                found.append(("seek", call.numbers[0], call.answer))
            case "ftruncate":
                found.append(("resize", call.numbers[0], call.numbers[1]))
            case "fsync" | "fdatasync":
                found.append(("flush", call.numbers[0]))
            case "close":
                found.append(("close", call.numbers[0]))
            case "mkdir" | "mkdirat":
                found.append(("make_folder", paths[0]))
            case "rename" | "renameat" | "renameat2":
                found.append(("rename", *paths))
            case "unlink" | "unlinkat" | "rmdir":
                found.append(("remove", paths[0]))
            case "sendfile" | "copy_file_range":
                found.append(("send", call.numbers[0], call.numbers[1], call.answer))
    return found


def changing(calls: list[Call], folder: Path) -> list[Call]:
    """Return the calls that change something in a folder, or flush or close what was changed there."""
    kept, ours = [], set()
    for call in calls:
        inside = any(os.fsdecode(text).startswith(str(folder)) for text in call.texts if b"/" in text[:1])
        if call.name == "openat":
            if inside and call.answer >= 0:
                ours.add(call.answer)
                if "O_CREAT" in call.words or "O_TRUNC" in call.words:
                    kept.append(call)
            else:
                ours.discard(call.answer)
        elif call.texts and inside and call.name != "write":
            kept.append(call)
        elif call.numbers and call.numbers[0] in ours and call.name not in ("lseek", "dup", "dup2"):
            kept.append(call)
            if call.name == "close":
                ours.discard(call.numbers[0])
    return kept
