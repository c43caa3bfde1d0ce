"""`layerwise data PATH`: what is here, what is wrong with it, and what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from layerwise.cli.options import Common, given, part_options, print_json
from layerwise.cli.tables import print_lines

if TYPE_CHECKING:
    FormatOptions: TypeAlias = Any
else:
    FormatOptions = part_options("format", all_shown=True)


def data(
    path: str,
    *,
    target: tuple[str, ...] = (),
    images: str = "",
    image_column: str = "",
    format: str = "",
    group: str = "",
    test_data: str = "",
    thorough: Annotated[bool, Parameter(negative="")] = False,
    download: Annotated[bool, Parameter(negative="")] = False,
    format_options: Annotated[FormatOptions, Parameter(name="*")] = None,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> None:
    """Look at data: counts, fields, classes, what is missing, unreadable or repeated, and the next command.

    Examples:
        layerwise data iris

        layerwise data patients.csv --target outcome

        layerwise data photos/

        layerwise data labels.csv --images photos/

        layerwise data photos.zip

        layerwise data patients.csv --thorough

    Args:
        path: A file, a folder, a zip or tar of pictures, or a built-in or named data set.
        target: Field to predict, or several (--target a --target b); guessed and said when left out.
        images: Folder or archive with the pictures that a column of the table names.
        image_column: That column; the one whose cells name the most when left out.
        format: Format of the file, where its content does not tell.
        group: Field whose equal values must stay in one part (a patient, a speaker).
        test_data: A second path with the test rows.
        thorough: Also look for what costs time: labels that look wrong, parts that differ.
        download: Fetch a named data set that is not on this machine.
    """
    from layerwise.data.assign import grouped
    from layerwise.data.inspect import inspect
    from layerwise.data.open import joined, open_source

    # Problems are shown here, not fatal: this is the command that finds them.
    options = given(format_options)
    source, *test = (
        open_source(
            each, format=format, options=options, exclude_problems=True, download=download, images=images,
            image_column=image_column,
        )
        for each in (path, test_data) if each
    )  # fmt: skip
    source = grouped(joined(source, *test) if test else source, group)
    named = {
        "images": images, "image_column": image_column, "format": format, "group": group, "test_data": test_data,
    }  # fmt: skip
    reading = {name: value for name, value in named.items() if value} | options
    if thorough:
        from layerwise.workflow.thorough import inspect_thoroughly

        found = inspect_thoroughly(source, target, data=path if test else "", reading=reading)
    else:
        found = inspect(source, target, data=path if test else "", reading=reading)
    if common.json:
        print_json(found.to_dict())
    else:
        print_lines(*found.lines())
