"""Trees of tensors and plain values as two plain files: safetensors for the tensors, JSON for the structure.

JSON knows neither tuples, nor keys that are numbers, nor infinity, so each is written as an object of one entry:
`{"tuple": [...]}`, `{"dict": [[key, value], ...]}`, `{"float": "inf"}`, and a tensor as `{"tensor": name}`. Nothing in
either file can name a type, a module or a path, so that reading one runs no code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from layerwise.language import say

__all__ = ["Tree", "bytes_of", "deserialise", "flatten", "serialise", "unflatten"]

Tree = Any
"""Nested dicts (keys: text or whole numbers), lists and tuples of tensors, None, bool, int, float and str."""

DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
"""Names of the types of numbers in safetensors."""

LARGEST_HEADER = 2**23
"""Most bytes of the header of a safetensors file: names and shapes of a hundred thousand tensors."""

METADATA = "__metadata__"
"""The one name that no tensor of a safetensors file can have."""


def flatten(tree: Tree) -> tuple[bytes, dict[str, Tensor]]:
    """Take a tree apart into its structure as JSON and its tensors by name.

    Raises:
        TypeError: Something is neither a tensor nor a plain value.

    Example:
        >>> structure, tensors = flatten({"weight": torch.ones(2), "lost": [(1, float("inf"))]})
        >>> structure.decode()
        '{"dict": [["weight", {"tensor": "weight"}], ["lost", [{"tuple": [1, {"float": "inf"}]}]]]}'
        >>> list(tensors)
        ['weight']
    """
    tensors: dict[str, Tensor] = {}
    return json.dumps(_written(tree, "", tensors), allow_nan=False).encode("ascii"), tensors


def unflatten(structure: bytes, tensors: Mapping[str, Tensor]) -> Tree:
    """Put a tree together again.

    Raises:
        ValueError: The structure is not one that `flatten` writes, or its tensors are not exactly these.

    Example:
        >>> unflatten(*flatten({"seen": (3, torch.tensor(True)), 0: None}))
        {'seen': (3, tensor(True)), 0: None}
    """
    waiting = dict(tensors)
    try:
        tree = _read(json.loads(structure), waiting)
    except RecursionError as problem:
        raise ValueError("nested too deeply") from problem
    if waiting:
        raise ValueError(f"tensor '{next(iter(waiting))}' belongs nowhere")
    return tree


def bytes_of(tensors: Mapping[str, Tensor]) -> int:
    """Return the bytes that the numbers of some tensors take."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def serialise(tensors: Mapping[str, Tensor]) -> Iterator[bytes | memoryview]:
    """Yield a safetensors file piece by piece, one tensor in memory beside the network at most.

    The file is the length of the header (8 bytes, little-endian), the header as JSON, and the numbers of each tensor,
    the widest types first, so that every number lies where its width asks.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Any] = {}
    start = 0
    for name in order:
        tensor = tensors[name]
        end = start + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header).encode("ascii")
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little")
    yield text
    for name in order:
        if tensors[name].numel():
            numbers: Any = tensors[name].cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
            yield memoryview(numbers)


def deserialise(content: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file; return its tensors and the metadata of its header.

    Shapes are compared with the bytes that are there before anything is laid out for them.

    Raises:
        ValueError: It is not a safetensors file, or not a whole one.

    Example:
        >>> deserialise(b"".join(serialise({"weight": torch.ones(2)})))
        ({'weight': tensor([1., 1.])}, {})
    """
    length = int.from_bytes(content[:8], "little")
    if length > LARGEST_HEADER:
        raise ValueError(say("its header says to be {} bytes long", length))
    try:
        tensors = load(content)
        header = json.loads(content[8 : 8 + length], object_pairs_hook=_once)
    except (SafetensorError, RuntimeError, RecursionError, KeyError) as problem:
        raise ValueError(f"{problem}"[:300]) from problem
    return tensors, header.get(METADATA) or {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs of a JSON object, none of which may come twice."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError(say("a name stands twice in its header"))
    return dict(pairs)


def _written(value: Tree, name: str, tensors: dict[str, Tensor]) -> Any:
    """Return a part of a tree as JSON can hold it, its tensors added to those found so far."""
    if isinstance(value, Tensor):
        if value.dtype not in DTYPES or value.layout is not torch.strided:
            raise TypeError(f"'{name}': a checkpoint holds no tensors of {value.dtype}, {value.layout}")
        while name in tensors or name in ("", METADATA):
            name += "'"
        tensors[name] = value.detach()
        return {"tensor": name}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": str(float(value))}
    below = f"{name}/" if name else ""
    if isinstance(value, dict):
        wrong = [key for key in value if isinstance(key, bool) or not isinstance(key, str | int)]
        if wrong:
            raise TypeError(f"'{name}': a key is text or a whole number, not {wrong[0]!r}")
        return {"dict": [[key, _written(part, f"{below}{key}", tensors)] for key, part in value.items()]}
    if isinstance(value, list | tuple):
        parts = [_written(part, f"{below}{place}", tensors) for place, part in enumerate(value)]
        return parts if isinstance(value, list) else {"tuple": parts}
    raise TypeError(f"'{name}': a checkpoint holds tensors and plain values, not {type(value).__name__}")


def _read(written: Any, waiting: dict[str, Tensor]) -> Tree:
    """Return a part of a tree from its JSON; each tensor is taken once."""
    if isinstance(written, list):
        return [_read(part, waiting) for part in written]
    if not isinstance(written, dict):
        return written
    match list(written.items()):
        case [("tensor", str(name))] if name in waiting:
            return waiting.pop(name)
        case [("float", ("inf" | "-inf" | "nan") as number)]:
            return float(number)
        case [("tuple", list(parts))]:
            return tuple(_read(part, waiting) for part in parts)
        case [("dict", list(pairs))]:
            return {key: _read(part, waiting) for key, part in map(_pair, pairs)}
    raise ValueError(f"an entry of {', '.join(written)[:60] or 'nothing'} is none of ours")


def _pair(written: Any) -> tuple[str | int, Any]:
    """Return the key and the value of one entry of a dict."""
    match written:
        case [str() | int() as key, value] if not isinstance(key, bool):
            return key, value
    raise ValueError("an entry of a dict is a key and a value")
