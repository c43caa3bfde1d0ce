"""Find the files that names in a table mean, although they differ in ending, letter case, Unicode form or folder."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["FileNames", "Found"]


@dataclass(frozen=True)
class Found:
    """What a name means.

    Args:
        files: The file; none where nothing fits, several where the name does not tell which.
        differs: In what the name and the file differ: `ending`, `letter case`, `Unicode form`, `folder`.
    """

    files: tuple[str, ...]
    differs: tuple[str, ...] = ()


class FileNames:
    """Files by what names may mean them.

    Args:
        files: Paths below a folder, with `/`.
        suffixes: Endings, in lower case, that a name may lack or have in another form.

    Example:
        >>> names = FileNames(["cats/A 1.JPG", "dogs/b.png"], {".jpg", ".png"})
        >>> names.find("a 1.jpg")
        Found(files=('cats/A 1.JPG',), differs=('letter case', 'folder'))
        >>> names.find("dogs/b").files, names.find("cats/b.png").files
        (('dogs/b.png',), ())
    """

    def __init__(self, files: Sequence[str], suffixes: Collection[str]) -> None:
        self._suffixes = suffixes
        self._exact = frozenset(files)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for file in files:
            self._by_stem[self._stem(PurePosixPath(file).name)].append(file)

    def find(self, name: str) -> Found:
        """Return the file that a name means: the one that differs from it in the least."""
        written = name.strip().replace("\\", "/").removeprefix("./")
        if written in self._exact:
            return Found((written,))
        base = written.rpartition("/")[2]
        if not base:
            return Found(())
        candidates = [file for file in self._by_stem.get(self._stem(base), ()) if _same_folders(written, file)]
        differing = {file: self._differences(written, file) for file in candidates}
        # A file whose ending fits goes before one with another; then the longer common path.
        ranks = {
            file: (
                "ending" in differs,
                -_common(written, file),
                "letter case" in differs,
                "Unicode form" in differs,
            )
            for file, differs in differing.items()
        }
        best = [file for file in candidates if ranks[file] == min(ranks.values())]
        return Found(tuple(best), differing[best[0]] if len(best) == 1 else ())

    def _differences(self, written: str, file: str) -> tuple[str, ...]:
        """Say in what a name and the file that it may mean differ; letter case and form apart, they are the same."""
        (named, *above), (held, *folders) = _parts(written), _parts(file)
        pairs = [(self._cut(named), self._cut(held)), *zip(above, folders, strict=False)]
        endings = self._suffix(named), self._suffix(held)
        other_ending = endings[0].lower() != endings[1].lower()
        other_case = any(_composed(one) != _composed(other) for one, other in pairs)
        holds = {
            "ending": other_ending,
            "letter case": other_case or (endings[0] != endings[1] and not other_ending),
            "Unicode form": any(one.casefold() != other.casefold() for one, other in pairs),
            "folder": len(above) != len(folders),
        }
        return tuple(name for name, differs in holds.items() if differs)

    def _stem(self, base: str) -> str:
        """Return a file name without its ending, letter case and Unicode form."""
        return _composed(self._cut(base)).casefold()

    def _cut(self, base: str) -> str:
        """Return a file name without an ending of the known ones."""
        return base.removesuffix(self._suffix(base)) if self._suffix(base) else base

    def _suffix(self, base: str) -> str:
        """Return the ending where it is one of the known ones."""
        suffix = PurePosixPath(base).suffix
        return suffix if suffix.lower() in self._suffixes else ""


def _composed(text: str) -> str:
    """Return a text with its letters and accents, or the parts of a Hangul syllable, as one sign."""
    return unicodedata.normalize("NFC", text)


def _parts(path: str) -> list[str]:
    """Return the parts of a path, the file first."""
    return [part for part in path.split("/") if part][::-1]


def _same_folders(written: str, file: str) -> bool:
    """Say whether the folders that both paths name are the same: one path is the end of the other."""
    pairs = zip(_parts(written)[1:], _parts(file)[1:], strict=False)
    return all(_composed(one).casefold() == _composed(other).casefold() for one, other in pairs)


def _common(written: str, file: str) -> int:
    """Count the folders that both paths name."""
    return min(len(_parts(written)), len(_parts(file)))
