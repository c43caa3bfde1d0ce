"""How likely a column that tells nothing looks as if it told the class: bounds from counting orders."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["luck_of_names", "luck_of_order"]


def luck_of_order(sizes: Sequence[int], changes: int) -> float:
    """Return the logarithm of a bound on the chance that rows in random order change their class so seldom.

    Of n! / prod_i n_i! orders k! change it k - 1 times; at most C(n - 1, c) k (k - 1)^c change it c times.

    Args:
        sizes: Rows of each class, each at least 1.
        changes: How often the class changes from row to row, at most.

    Example:
        >>> round(math.exp(luck_of_order([19, 1], 1)), 6), round(math.exp(luck_of_order([10, 10], 1)), 6)
        (0.1, 1.1e-05)
    """
    rows, classes = sum(sizes), len(sizes)
    # ln k!
    ways = [math.lgamma(classes + 1)]
    # ln C(n - 1, c) k (k - 1)^c
    ways += [
        _choices(rows - 1, count) + math.log(classes) + count * math.log(classes - 1)
        for count in range(classes, changes + 1)
    ]
    return min(_sum(ways) - _orders(sizes), 0.0)


def luck_of_names(sizes: Sequence[int], names: int, slips: int) -> float:
    """Return the logarithm of a bound on the chance that names of several rows each tell the class with so few slips.

    Each class but the largest has at most n_i / 2 of the J names: prod_i sum_(j <= n_i / 2) C(J, j) ways to give the
    names their classes, and C(n, s) (k - 1)^s ways to slip s times.

    Args:
        sizes: Rows of each class, each at least 1.
        names: Names J that stand in two rows or more.
        slips: Rows whose class is another one than their name says, or whose name stands once.

    Example:
        >>> round(math.exp(luck_of_names([18, 2], 10, 0)), 3), round(math.exp(luck_of_names([10, 10], 2, 0)), 6)
        (0.058, 2.2e-05)
    """
    rows, others = sum(sizes), len(sizes) - 1
    ways = 0.0
    for size in sorted(sizes)[:-1]:
        # sum_(j <= n_i / 2) C(J, j)
        ways += _sum([_choices(names, count) for count in range(min(size // 2, names) + 1)])
    # C(n, s) (k - 1)^s
    ways += _sum([_choices(rows, count) + count * math.log(others) for count in range(slips + 1)])
    return min(ways - _orders(sizes), 0.0)


def _orders(sizes: Sequence[int]) -> float:
    """Return ln( n! / prod_i n_i! )."""
    return math.lgamma(sum(sizes) + 1) - sum(math.lgamma(size + 1) for size in sizes)


def _choices(number: int, chosen: int) -> float:
    """Return ln C(n, j); minus infinity where fewer are there than are chosen."""
    if chosen > number:
        return -math.inf
    return math.lgamma(number + 1) - math.lgamma(chosen + 1) - math.lgamma(number - chosen + 1)


def _sum(logarithms: Sequence[float]) -> float:
    """Return the logarithm of a sum of numbers that are given by theirs."""
    most = max(logarithms)
    return most + math.log(sum(math.exp(one - most) for one in logarithms))
