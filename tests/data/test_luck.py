"""How likely columns tell a class by luck: bounds against counts of every order; columns of chance raise no alarm."""

import math
from itertools import pairwise, permutations

import numpy as np
import pytest

from layerwise.data.inspect import inspect
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.luck import luck_of_names, luck_of_order
from layerwise.data.source import Field, Source

ORDERS = {sizes: set(permutations([row for row, size in enumerate(sizes) for _ in range(size)]))
          for sizes in ((6, 1), (5, 3), (4, 4), (3, 2, 2))}  # fmt: skip

NAMES = {7: [(7,), (5, 2), (4, 3), (3, 2, 2)], 8: [(8,), (6, 2), (5, 3), (4, 4), (4, 2, 2), (3, 3, 2), (2, 2, 2, 2)]}
"""Every way to give 7 or 8 rows names of two rows or more."""


@pytest.mark.parametrize("sizes", ORDERS)
@pytest.mark.parametrize("more", [0, 1, 2])
def test_the_chance_of_few_changes_is_bounded_by_counting(sizes, more):
    changes = len(sizes) - 1 + more
    counted = sum(sum(one != two for one, two in pairwise(order)) <= changes
                  for order in ORDERS[sizes])  # fmt: skip
    bound = math.exp(luck_of_order(sizes, changes))
    assert bound >= counted / len(ORDERS[sizes]) * (1 - 1e-9)
    if not more:
        assert bound == pytest.approx(counted / len(ORDERS[sizes]))


@pytest.mark.parametrize("sizes", ORDERS)
@pytest.mark.parametrize("slips", [0, 1])
def test_the_chance_of_names_that_tell_is_bounded_by_counting(sizes, slips):
    for lengths in NAMES[sum(sizes)]:
        starts = np.cumsum((0, *lengths))
        counted = 0
        for order in ORDERS[sizes]:
            held = [order[start:end] for start, end in pairwise(starts)]
            counted += sum(len(name) - max(map(name.count, set(name))) for name in held) <= slips
        assert math.exp(luck_of_names(sizes, len(lengths), slips)) >= counted / len(ORDERS[sizes]) * (1 - 1e-9)


def alarms(rows, rare, columns, seed, names=0):
    """Return how many of some columns without meaning are said to tell a class that few rows have."""
    drawn = np.random.default_rng(seed)
    cells = {
        f"x{place}": Categories(drawn.integers(0, names, rows), tuple(f"name {name}" for name in range(names)))
        if names else Numbers(drawn.normal(size=rows)) for place in range(columns)
    }  # fmt: skip
    cells["y"] = Categories((np.arange(rows) < rare).astype(int), ("often", "rare"))
    fields = (*(Field(name) for name in cells if name != "y"), Field("y", "target"))
    return sum("alone give" in one for one in inspect(Source("t", "memory", fields, cells)).findings)


@pytest.mark.parametrize(("rare", "names"), [(1, 0), (2, 0), (3, 0), (2, 8), (3, 8)])
def test_columns_of_chance_raise_no_alarm_about_a_rare_class(rare, names):
    assert sum(alarms(20, rare, 5, seed, names) for seed in range(200)) <= 4


def test_a_column_that_tells_a_rare_class_is_still_named():
    codes = (np.arange(300) % 50 == 0).astype(int)
    cells = {"a": Numbers(np.random.default_rng(0).normal(size=300)), "copy": Numbers(codes * 2.0),
             "y": Categories(codes, ("often", "rare"))}  # fmt: skip
    found = inspect(Source("t", "memory", (Field("a"), Field("copy"), Field("y", "target")), cells)).findings
    assert any("alone give 'y' away: copy." in one for one in found)
