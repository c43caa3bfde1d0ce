"""What a disk may hold after a power cut: every state that the calls of a program allow.

The rules are those of POSIX, not of one file system: the bytes of a file are on disk once the file was flushed
(`fsync`); before that any part of them may be. The names in a folder are on disk once the folder was flushed; before
that any first part of its changes may be, each folder for itself. A rename inside one folder is one change.
"""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(eq=False)
class File:
    """A file as programs see it, and as it is on disk."""

    data: bytes = b""
    durable: bytes = b""

    def versions(self) -> list[bytes]:
        """Return what may be found after a power cut: as last flushed, half, zeros of full length, all.

        What was flushed stays where a file only grew.
        """
        if self.data == self.durable:
            return [self.data]
        grown = len(self.durable) if self.data.startswith(self.durable) else 0
        half = self.data[: (grown + len(self.data)) // 2]
        zeros = self.data[:grown] + bytes(len(self.data) - grown)
        return list(dict.fromkeys([self.durable, half, zeros, self.data]))


@dataclass(eq=False)
class Folder:
    """Names as programs see them, names on disk, and the changes between the two in order."""

    entries: dict = field(default_factory=dict)
    durable: dict = field(default_factory=dict)
    pending: list = field(default_factory=list)

    def change(self, removed: str | None, added: str | None, node: "File | Folder | None" = None) -> None:
        self.pending.append((removed, added, node))
        change(self.entries, self.pending[-1])

    def flush(self) -> None:
        self.durable, self.pending = dict(self.entries), []

    def versions(self) -> list[dict]:
        """Return the names that may be found after a power cut."""
        found = [dict(self.durable)]
        for one in self.pending:
            found.append(dict(found[-1]))
            change(found[-1], one)
        return found


def change(entries: dict, one: tuple) -> None:
    removed, added, node = one
    if removed is not None:
        entries.pop(removed, None)
    if added is not None:
        entries[added] = node


class Disk:
    """One folder of a disk on which the recorded calls of a program are made again."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))
        self.top = read(self.root)
        self.open_files: dict[int, list] = {}
        self.outside: dict[str, File] = {}
        """Files of another disk, whose fate is not asked for but whose bytes may come here."""

    def find(self, path: str) -> tuple[Folder, str] | None:
        """Return the folder of a path and its last name; None outside the root."""
        try:
            parts = Path(os.path.abspath(path)).relative_to(self.root).parts
        except ValueError:
            return None
        folder = self.top
        for part in parts[:-1]:
            folder = folder.entries[part]
        return (folder, parts[-1]) if parts else (Folder(entries={"": self.top}), "")

    def open(self, path: str, flags: int, descriptor: int) -> None:
        self.open_files.pop(descriptor, None)
        place = self.find(path)
        if place is None:
            self.open_files[descriptor] = [self.outside.setdefault(path, File()), 0]
            return
        folder, name = place
        if name not in folder.entries:
            if not flags & os.O_CREAT:
                return
            folder.change(None, name, File())
        node = folder.entries[name]
        if flags & os.O_TRUNC and isinstance(node, File):
            node.data = b""
        self.open_files[descriptor] = [node, len(node.data) if flags & os.O_APPEND else 0]

    def write(self, descriptor: int, content: bytes, at: int | None = None) -> None:
        if descriptor not in self.open_files:
            return
        node, place = self.open_files[descriptor]
        start = place if at is None else at
        node.data = node.data[:start].ljust(start, b"\0") + content + node.data[start + len(content) :]
        if at is None:
            self.open_files[descriptor][1] = start + len(content)

    def send(self, target: int, source: int, count: int) -> None:
        if source in self.open_files:
            node, place = self.open_files[source]
            self.write(target, node.data[place : place + count])
            self.open_files[source][1] = place + count

    def seek(self, descriptor: int, place: int) -> None:
        if descriptor in self.open_files:
            self.open_files[descriptor][1] = place

    def resize(self, descriptor: int, size: int) -> None:
        if descriptor in self.open_files:
            node = self.open_files[descriptor][0]
            node.data = node.data[:size].ljust(size, b"\0")

    def flush(self, descriptor: int) -> None:
        node = self.open_files.get(descriptor, [None])[0]
        if isinstance(node, Folder):
            node.flush()
        elif isinstance(node, File):
            node.durable = node.data

    def close(self, descriptor: int) -> None:
        self.open_files.pop(descriptor, None)

    def make_folder(self, path: str) -> None:
        place = self.find(path)
        if place:
            place[0].change(None, place[1], Folder())

    def rename(self, source: str, target: str) -> None:
        before, after = self.find(source), self.find(target)
        node = before[0].entries[before[1]] if before else self.outside.pop(source, File())
        if before and after and before[0] is after[0]:
            before[0].change(before[1], after[1], node)
            return
        if after:
            after[0].change(None, after[1], node)
        if before:
            before[0].change(before[1], None)

    def remove(self, path: str) -> None:
        place = self.find(path)
        if place:
            place[0].change(place[1], None)

    def states(self) -> Iterator[Folder]:
        """Yield every tree that may be found if the power goes now."""
        folders = [folder for folder in walk(self.top) if folder.pending]
        for names in itertools.product(*(folder.versions() for folder in folders)):
            chosen = dict(zip(map(id, folders), names, strict=True))
            files = {id(file): file for file in reached(self.top, chosen) if file.data != file.durable}
            for contents in itertools.product(*(file.versions() for file in files.values())):
                yield built(self.top, chosen, dict(zip(files, contents, strict=True)))


def read(path: Path) -> Folder:
    """Return a folder that is all on disk."""
    entries = {}
    for entry in path.iterdir():
        if entry.is_dir():
            entries[entry.name] = read(entry)
        else:
            content = entry.read_bytes()
            entries[entry.name] = File(content, content)
    return Folder(entries, dict(entries))


def walk(folder: Folder) -> Iterator[Folder]:
    """Yield every folder that any state may hold."""
    yield folder
    below = {id(node): node for names in folder.versions() for node in names.values() if isinstance(node, Folder)}
    for node in below.values():
        yield from walk(node)


def reached(folder: Folder, chosen: dict) -> Iterator[File]:
    for node in chosen.get(id(folder), folder.entries).values():
        if isinstance(node, Folder):
            yield from reached(node, chosen)
        else:
            yield node


def built(folder: Folder, chosen: dict, contents: dict) -> Folder:
    """Return one state as a tree of its own."""
    entries = {}
    for name, node in chosen.get(id(folder), folder.entries).items():
        if isinstance(node, Folder):
            entries[name] = built(node, chosen, contents)
        else:
            entries[name] = File(contents.get(id(node), node.data))
    return Folder(entries)


def key(folder: Folder) -> tuple:
    """Return what makes two states the same."""
    return tuple(
        (name, key(node) if isinstance(node, Folder) else node.data) for name, node in sorted(folder.entries.items())
    )


def lay_out(folder: Folder, path: Path) -> None:
    """Write a state to a real folder."""
    path.mkdir()
    for name, node in folder.entries.items():
        if isinstance(node, Folder):
            lay_out(node, path / name)
        else:
            (path / name).write_bytes(node.data)


def crash_states(root: Path, calls: list[tuple]) -> Iterator[tuple[bool, Folder]]:
    """Yield every different state after each call, and whether the program had been told "saved" by then.

    Args:
        root: The folder as it was before the first call.
        calls: Names of methods of `Disk` with their arguments; `("saved",)` stands where the save returned.
    """
    disk, saved, seen = Disk(root), False, set()
    for name, *values in [("begin",), *calls]:
        if name == "saved":
            saved = True
        elif name != "begin":
            getattr(disk, name)(*values)
        for state in disk.states():
            if (saved, key(state)) not in seen:
                seen.add((saved, key(state)))
                yield saved, state
