"""Pictures of a folder or archive as one column: headers read and pixels checked in threads, damaged ones listed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np

from layerwise.data.file_trees import FileTree, Folder
from layerwise.data.kinds import Images
from layerwise.data.picture_memory import FEWEST, PictureMemory
from layerwise.data.pictures import SUFFIXES, Content, Header, UnreadablePicture, decode_picture, quietly
from layerwise.data.source import Problem
from layerwise.errors import LayerwiseError
from layerwise.language import say, spoken_here

__all__ = ["PictureColumn", "picture_column"]

Result = TypeVar("Result")

MOST_AT_ONCE = 32
"""Most pictures that a thread is given at once."""


@dataclass(frozen=True)
class PictureColumn:
    """The pictures that can be read, in their order, and what was found on the way.

    Args:
        column: The pictures.
        problems: Those that cannot be read, by name.
        notes: What is done to pictures that are not plain 8-bit ones.
    """

    column: Images
    problems: Mapping[str, Problem]
    notes: tuple[str, ...]


def picture_column(tree: FileTree, names: Sequence[str], *, check_pixels: bool = True) -> PictureColumn:
    """Read what is known of some pictures; they are decoded when they are asked for.

    Args:
        tree: A folder or an archive.
        names: Path of each picture in it; a name may stand there several times.
        check_pixels: Decode every picture once, so that damaged ones are found now and not in training.
    """
    problems: dict[str, Problem] = {}
    many = check_pixels and len(names) >= FEWEST
    memory = PictureMemory.of(tree.origin) if many else PictureMemory(Path(), {})
    with quietly():
        if many and isinstance(tree, Folder):
            memory.meet_many({name: tree.content(name) for name in names})
        headers = _each(tree, memory.meet if check_pixels else memory.header, names, problems)
        good = [name for name in names if name in headers]
        channels = 1 if all(headers[name].grey for name in good) else 3
        seen: dict[str, tuple[bytes, np.ndarray]] = {}
        if check_pixels:
            seen = _each(tree, partial(memory.look, channels=channels), good, problems)
            good = [name for name in good if name in seen]
    if many:
        memory.forget(name for name in memory.known.keys() - set(names) if not tree.holds(name))
        memory.keep()
    sizes = np.array([(headers[name].width, headers[name].height) for name in good]).reshape(-1, 2)
    column = Images(
        good, _Decode(tree, channels), sizes, channels, known_digests=tuple(seen[name][0] for name in good if seen),
        sketches=np.stack([seen[name][1] for name in good]) if seen else None,
        taken=np.array([headers[name].taken for name in good]),
    )  # fmt: skip
    return PictureColumn(column, problems, (*_notes({name: headers[name] for name in good}), *_spared(memory)))


@dataclass(frozen=True)
class _Decode:
    """Turn the name of a picture into pixels; a class and not a closure, so that other processes can take it."""

    tree: FileTree
    channels: int

    def __call__(self, name: str) -> np.ndarray:
        try:
            with quietly():
                return decode_picture(self.tree.content(name), self.channels)
        except (UnreadablePicture, OSError) as problem:
            raise LayerwiseError(
                say("A picture stays readable while it is used."), f"'{self.tree.origin}': {name}: {problem}",
                say("Was it changed? Run the command again."),
            ) from problem  # fmt: skip


def _spared(memory: PictureMemory) -> list[str]:
    """Say how many pictures were not decoded again, and where it is kept what they hold."""
    if not memory.spared:
        return []
    return [
        say("unchanged since they were last read, and not decoded again: {} (kept in {})", memory.spared, memory.path)
    ]


def _each(
    tree: FileTree, work: Callable[[str, Content], Result], names: Sequence[str], problems: dict[str, Problem]
) -> dict[str, Result]:
    """Do something with every picture once, in threads; a picture that fails becomes a problem."""

    def attempt(name: str) -> Result | Problem:
        try:
            return work(name, tree.content(name))
        except (UnreadablePicture, OSError) as problem:
            usual = say("Replace or remove the file, or leave it out with --exclude-problems.")
            return Problem(
                tree.label(name), say("A file in a class folder is a whole picture."), str(problem),
                (problem.remedy if isinstance(problem, UnreadablePicture) else "") or usual,
            )  # fmt: skip

    def attempt_all(portion: Sequence[str]) -> list[Result | Problem]:
        return [attempt(name) for name in portion]

    different = list(dict.fromkeys(names))
    threads = min(8, os.cpu_count() or 1)
    # Some at once: where pictures are known, handing over each costs more than the work.
    size = min(MOST_AT_ONCE, len(different) // (8 * threads) + 1)
    portions = [different[start : start + size] for start in range(0, len(different), size)]
    with ThreadPoolExecutor(threads) as pool:
        answers = pool.map(spoken_here(attempt_all), portions)
        results = dict(zip(different, chain.from_iterable(answers), strict=True))
    problems |= {name: result for name, result in results.items() if isinstance(result, Problem)}
    return {name: result for name, result in results.items() if not isinstance(result, Problem)}


def _notes(headers: Mapping[str, Header]) -> list[str]:
    """Say what is done to pictures that are not plain 8-bit ones, and which are not what their endings say."""
    held = list(headers.values())
    colours = [header.colours for header in held]
    counts = {
        say("transparent pixels laid over white"): sum(one.alpha for one in colours),
        say("16 bits scaled to 8"): sum(one.bits == 16 for one in colours),
        say("10 or 12 bits scaled to 8"): sum(8 < one.bits < 16 for one in colours),
        say("colours brought to sRGB by the profile of the file"): sum(one.profile == "applied" for one in colours),
        say("colour profile cannot be read, colours taken for sRGB"): sum(
            one.profile == "unreadable" for one in colours
        ),
        say("inks (CMYK) turned into red, green and blue without a colour profile"): sum(one.inks for one in colours),
        say("gamma of the file not applied, colours taken for sRGB"): sum(one.gamma for one in colours),
        say("the first picture of several used"): sum(header.frames > 1 for header in held),
    }
    notes = [f"{sentence}: {count}" for sentence, count in counts.items() if count]
    grey = sum(header.grey for header in headers.values())
    if 0 < grey < len(headers):
        notes.append(say("grey pictures given three equal channels: {}", grey))
    wrong = [
        f"{name} ({header.format})"
        for name, header in headers.items()
        if SUFFIXES.get(Path(name).suffix.lower()) != header.format and header.format != "MPO"
    ]
    if wrong:
        notes.append(say("read by content, not by ending: {} ({})", len(wrong), ", ".join(wrong[:3])))
    return notes
