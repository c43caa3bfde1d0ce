"""`layerwise predict RUN FILE...`: ask a run about new data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from layerwise.cli.options import Common, given, part_options, print_json
from layerwise.cli.tables import print_lines, print_table
from layerwise.language import say

if TYPE_CHECKING:
    FormatOptions: TypeAlias = Any
else:
    FormatOptions = part_options("format")

SHOWN = 20
"""Rows printed; the file has all."""


def predict(
    *arguments: str,
    to: str = "",
    images: str = "",
    exclude_problems: Annotated[bool, Parameter(negative="")] = False,
    format_options: Annotated[FormatOptions, Parameter(name="*")] = None,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> None:
    """Ask a run about new files: tables, pictures or archives of them; the target may be absent, fields in any order.

    Examples:
        layerwise predict new_patients.csv

        layerwise predict iris-mlp flowers.csv --to answers.csv

        layerwise predict photo1.jpg photo2.jpg

        layerwise predict new_labels.csv --images new_photos/

        layerwise predict new_photos.zip

        layerwise predict my-detector photos/ --to boxes.json

        layerwise predict my-segmenter photos/ --to labels/

    Args:
        arguments: A run (the newest when left out) and one or more files.
        to: Also write every answer: FILE.csv for a table; FILE.json for a COCO file of boxes, else for what --json
            prints; FOLDER/ for label images as PNG files.
        images: Folder or archive with the pictures that the files name, where they are tables.
        exclude_problems: Go on without the items that cannot be read.
    """
    from layerwise.workflow.predict import predict_files

    answers = predict_files(arguments, given(format_options), exclude_problems=exclude_problems, images=images, to=to)
    if common.json:
        print_json(answers.document())
        return
    if not common.quiet:
        print_lines(say("Run: {}", answers.run), *answers.notes)
    header = [say("id"), say("prediction"), *answers.columns]
    rows = [
        [name, label, *(f"{score:.4g}" for score in scores)]
        for name, label, scores in zip(answers.ids[:SHOWN], answers.labels[:SHOWN], answers.scores[:SHOWN], strict=True)
    ]
    print_table(header, rows, right=range(2, len(header)))
    if len(answers.ids) > SHOWN:
        print_lines(say("... and {} more; --to FILE.csv writes all.", len(answers.ids) - SHOWN))
    if to:
        print_lines(say("Written: {}", to))
