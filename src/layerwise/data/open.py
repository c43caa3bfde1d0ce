"""Turn whatever the user calls their data into a source: a path, a name, arrays, a frame."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from layerwise.catalog import Entry, entries, entry, find
from layerwise.data.builtin import BUILTIN, builtin
from layerwise.data.join import joined
from layerwise.data.memory import from_arrays, from_frame, is_frame
from layerwise.data.named import NAMED, open_named
from layerwise.data.photo_table import with_pictures
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.files import existing
from layerwise.language import say

__all__ = ["joined", "known_options", "open_source", "sniff_format"]

SHOWN = 5
"""Problems that a message lists before it counts the others."""

ORDER = ("idx", "npy", "image-folder", "xlsx", "archive")
"""Formats that are asked first, since their files cannot be mistaken; tables of text are asked last."""


def open_source(
    data: Any,
    *,
    format: str = "",
    options: Mapping[str, Any] | None = None,
    exclude_problems: bool = False,
    download: bool = False,
    category: tuple[str, ...] = (),
    drop: tuple[str, ...] = (),
    images: str = "",
    image_column: str = "",
) -> Source:
    """Return the source of some data; nothing is dropped silently.

    Args:
        data: A path, the name of a built-in or named set, inputs or a pair (inputs, targets) of arrays or tensors, a
            pandas frame, or a source.
        format: Name of the format; found by looking into the file when left out.
        options: Options of the format, by name.
        exclude_problems: Go on without the items that cannot be read; they stay listed in `problems`.
        download: Fetch a named set that is not on this machine.
        category: Columns of a table whose values are names even where they look like numbers.
        drop: Columns that are not learned from; a format that can set them aside need not understand their cells.
        images: Folder or archive with the pictures that a column of the table names.
        image_column: That column; found when left out.

    Raises:
        LayerwiseError: Nothing is there, no format fits, or an item cannot be read and was not excluded.

    Example:
        >>> source = open_source(([[0.0], [1.0]], [0, 1]))
        >>> len(source), source.named("target")
        (2, ('target',))
    """
    source = _load(data, format, dict(options or {}), download, {"category_columns": category, "skip_columns": drop})
    if images:
        source = with_pictures(source, Path(images), column=image_column)
    elif image_column:
        raise LayerwiseError(
            say("--image-column belongs to --images."), f"--image-column {image_column}",
            say("Name the folder or archive with the pictures: --images FOLDER"), usage=True,
        )  # fmt: skip
    if source.problems and not exclude_problems:
        raise _problems(source)
    if not len(source):
        raise LayerwiseError(
            say("Data have at least one row that can be read."),
            say("'{}' has none; {} problems", source.origin, len(source.problems)),
            source.problems[0].remedy if source.problems else say("Add rows."),
        )
    return source


def known_options(data: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a file can be read with, out of those that another file was read with.

    A run that learned from a sheet of a workbook is asked about a text table, which has no sheets.

    Args:
        data: Whatever the user calls their data; arrays and built-in sets are read with none.
        options: Options of a format, by name.

    Raises:
        LayerwiseError: No format takes the file for its own.
    """
    if not options or not isinstance(data, str | Path):
        return {}
    if Path(data).exists():
        format = sniff_format(Path(data))
    elif str(data) in NAMED:
        format = NAMED[str(data)].format
    else:
        return {}
    names = {option.name for option in entry("format", format).options}
    return {name: value for name, value in options.items() if name in names}


def sniff_format(path: Path) -> str:
    """Return the name of the first format that takes a path for its own.

    Raises:
        LayerwiseError: None does.
    """
    known = entries("format")
    others = [name for name in known if name not in (*ORDER, "csv")]
    for name in (*ORDER, *others, "csv"):
        if name in known and importlib.import_module(known[name].module).sniff(path):
            return name
    formats = "; ".join(f"{name} ({' '.join(part.facts.get('suffixes', ()))})" for name, part in known.items())
    remedy = say("Formats: {}. Name one with --format.", formats)
    if path.suffix.lower() in (".7z", ".rar", ".zst", ".lz", ".lz4", ".z", ".cab"):
        remedy = say("Unpack it and name the folder, or pack it as .zip or .tar.gz.")
    raise LayerwiseError(say("Data are in a format that can be read."), say("no format fits '{}'", path), remedy)


def _load(
    data: Any, format: str, options: dict[str, Any], download: bool, columns: Mapping[str, tuple[str, ...]]
) -> Source:
    """Return the source without judging its problems."""
    if isinstance(data, str | Path):
        return _named_or_path(data, format, options, download, columns)
    if options or format:
        raise LayerwiseError(
            say("Formats and their options are for files."),
            say("data in memory with {}", ", ".join([*options, *([f"format {format}"] if format else [])])),
            say("Leave them out."),
            usage=True,
        )
    if isinstance(data, Source):
        return data
    if is_frame(data):
        return from_frame(data)
    if isinstance(data, tuple) and len(data) == 2:
        return from_arrays(data[0], data[1])
    if hasattr(data, "shape") or isinstance(data, list):
        return from_arrays(data)
    raise LayerwiseError(
        say("Data are a path, a name, arrays, or a frame."), say("a value of type {}", type(data).__name__),
        say("Give a path, a pair (inputs, targets), or a pandas frame."), usage=True,
    )  # fmt: skip


def _named_or_path(
    data: str | Path, format: str, options: dict[str, Any], download: bool, columns: Mapping[str, tuple[str, ...]]
) -> Source:
    """Read a path where there is one, else a built-in or named set."""
    name = str(data)
    if isinstance(data, Path) or Path(name).exists() or name not in BUILTIN | NAMED:
        if not Path(name).exists() and Path(name).name == name and not Path(name).suffix and isinstance(data, str):
            raise _unknown(name)
        return _from_path(existing(Path(name)), format, options, columns)
    if name in BUILTIN:
        if options or format:
            raise LayerwiseError(
                say("Formats and their options are for files."), say("the built-in set '{}' with options", name),
                say("Leave them out."), usage=True,
            )  # fmt: skip
        return builtin(name)
    known = entry("format", NAMED[name].format)
    _check_options(known, options)
    return open_named(name, options=options, download=download)


def _unknown(name: str) -> LayerwiseError:
    """Say that a name is neither a path nor a set."""
    neighbours = sorted(path.name for path in Path().iterdir())[:200]
    found = nearest(name, [*BUILTIN, *NAMED, *neighbours])
    if len(found) > 400:
        found = nearest(name, [*BUILTIN, *NAMED])
    return LayerwiseError(
        say("Data are a path, a built-in or a named set."), say("nothing is called '{}'", name), found, usage=True
    )


def _from_path(path: Path, format: str, options: dict[str, Any], columns: Mapping[str, tuple[str, ...]]) -> Source:
    """Read a file or folder in the named or the found format, which learns of columns what it has an option for."""
    try:
        known = entry("format", format or sniff_format(path))
        _check_options(known, options)
        for name, named in columns.items():
            if named and any(option.name == name for option in known.options):
                options = options | {name: (*options.get(name, ()), *named)}
        with naming(path):
            source: Source = find("format", known.name)(path, **options)
        return source
    except OSError as problem:
        raise LayerwiseError(
            say("Data can be read by this user."), f"'{path}': {problem.strerror or problem}",
            say("Check its permissions and whether it is a file of the format."),
        ) from problem  # fmt: skip


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the name of a file to what is said of its content by those who never saw the file."""
    try:
        yield
    except LayerwiseError as problem:
        if problem.exit_code == 2 or path.name in str(problem):
            raise
        raise LayerwiseError(problem.rule, f"'{path}': {problem.found}", problem.remedy) from problem


def _check_options(known: Entry, options: Mapping[str, Any]) -> None:
    """Refuse an option that the format does not have."""
    names = [option.name for option in known.options]
    for name in options:
        if name not in names:
            raise LayerwiseError(
                say("An option is one of its format's."), say("format {} has no option '{}'", known.name, name),
                nearest(name, names), usage=True,
            )  # fmt: skip


def _problems(source: Source) -> LayerwiseError:
    """List the first items that cannot be read, count the others, and name the way on."""
    rules = {problem.rule for problem in source.problems}
    rule = next(iter(rules)) if len(rules) == 1 else say("Every row and every file can be read.")
    rows = [f"    {problem.where}: {problem.found}" for problem in source.problems[:SHOWN]]
    more = len(source.problems) - SHOWN
    if more > 0:
        rows.append("    " + say("... and {} more", more))
    total = len(source) + len(source.problems)
    found = say("'{}': {} of {} items have a problem:", source.origin, len(source.problems), total)
    return LayerwiseError(rule, "\n".join([found, *rows]), source.problems[0].remedy)
