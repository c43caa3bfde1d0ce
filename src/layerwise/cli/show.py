"""`layerwise show MODEL --input 1x32x32`: the layer table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from cyclopts import Parameter

from layerwise.catalog import entries
from layerwise.cli.options import SHOWN_MODEL, Common, part_options, print_json, setting_options
from layerwise.cli.tables import print_lines
from layerwise.errors import LayerwiseError
from layerwise.language import say

if TYPE_CHECKING:
    ModelOptions: TypeAlias = Any
else:
    ModelOptions = part_options("model", SHOWN_MODEL.get())


def show(
    model: str,
    *,
    input: str = "",
    outputs: int = 10,
    style: Literal["full", "lecture"] = "full",
    model_options: Annotated[ModelOptions, Parameter(name="*")] = None,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> None:
    """Print the layer table of a network: output size, parameters, multiply-adds, memory, receptive field.

    Examples:
        layerwise show lenet5

        layerwise show lenet5 --style lecture

        layerwise show mlp --input 8 --outputs 3 --hidden 32 16

        layerwise show my_net.py:MyNet --input 3x64x64

    Args:
        model: Name in the catalogue, or a file and class.
        input: Shape of one example: 1x32x32, or the number of inputs.
        outputs: Number of classes or targets.
        style: Every column, or the columns of the lecture's tables.
    """
    from dataclasses import asdict

    from layerwise.explain.layers import layer_table, table_lines
    from layerwise.models import build

    shape = read_shape(input, model)
    network = build(
        model, shape[0] if len(shape) == 1 else shape, outputs, setting_options(model_options, "model", model)
    )
    rows = layer_table(network, shape)
    if common.json:
        print_json({"model": model, "input": list(shape), "layers": [asdict(row) for row in rows]})
    else:
        print_lines(*table_lines(rows, style=style))


def read_shape(text: str, model: str) -> tuple[int, ...]:
    """Read `1x32x32`, or take the shape the network is drawn for.

    Raises:
        LayerwiseError: The text is not a shape, or none is given and none is known.
    """
    if not text:
        facts = entries("model")[model].facts if model in entries("model") else {}
        known = facts.get("image") or facts.get("small", {}).get("inputs")
        if known:
            return tuple(known) if isinstance(known, tuple | list) else (known,)
    parts = text.lower().replace("×", "x").split("x")
    if not all(part.isdigit() and int(part) for part in parts):
        rule = say("The shape of one example is written 1x32x32, or as one number of inputs.")
        raise LayerwiseError(rule, f"--input '{text}'", "--input 1x32x32", usage=True)
    return tuple(int(part) for part in parts)
