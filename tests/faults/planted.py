"""Faults planted in clean sets: what T10 of the fault list names, beside duplicates."""

from dataclasses import replace

import numpy as np

from layerwise.data.kinds import Categories, Numbers
from layerwise.data.source import Field

PARTS = ("train", "validation", "test")


def part_field(source, codes):
    """Divide the rows as the data's own part field says."""
    column = Categories(np.asarray(codes, dtype=np.int64), PARTS[::2] if max(codes, default=0) != 1 else PARTS)
    if len(column.names) == 2:
        column = Categories(column.codes // 2, column.names)
    return replace(source, fields=(*source.fields, Field("part", "part")), columns={**source.columns, "part": column})


def wrong_labels(source, share, seed):
    """Give a share of the rows another class by chance; returns the source and these rows."""
    chance, name = np.random.default_rng(seed), source.named("target")[0]
    column = source.columns[name]
    rows = chance.choice(len(source), round(share * len(source)), replace=False)
    codes = np.array(column.codes, dtype=np.int64)
    codes[rows] = (codes[rows] + chance.integers(1, len(column.names), len(rows))) % len(column.names)
    return replace(source, columns={**source.columns, name: Categories(codes, column.names)}), rows


def scaled_beforehand(source, how, rows=None):
    """Scale every number column by all rows, or by some."""
    rows = np.arange(len(source)) if rows is None else rows
    columns = dict(source.columns)
    for name in source.named("input"):
        if isinstance(columns[name], Numbers):
            values = columns[name].values
            known = values[rows]
            low, high = known.min(), known.max()
            columns[name] = Numbers({
                "standardised": (values - known.mean()) / known.std(),
                "rounded": ((values - known.mean()) / known.std()).round(4),
                "sample": (values - known.mean()) / known.std(ddof=1),
                "min-max": (values - low) / (high - low),
                "symmetric": 2 * (values - low) / (high - low) - 1,
                "unit length": (values - known.mean()) / np.linalg.norm(known - known.mean()),
            }[how])  # fmt: skip
    return replace(source, columns=columns)


def planted_group_leak(source, leaking):
    """Give the rows groups of about five and parts that respect them, but for some groups."""
    groups = np.arange(len(source)) // 5
    codes = np.where(groups % 3 == 0, 2, 0)
    for group in range(0, 3 * leaking, 3):
        codes[np.flatnonzero(groups == group)[0]] = 0
    names = tuple(f"person {group}" for group in range(groups.max() + 1))
    source = replace(
        source, fields=(*source.fields, Field("person", "group")),
        columns={**source.columns, "person": Categories(groups, names)},
    )  # fmt: skip
    return part_field(source, codes)
