"""S23: every row of the size table against counting the positions one by one."""

import math

import pytest

from byhand.oracle import refused
from layerwise.byhand.padding import image_padding, output_size, padding_sides


def count_positions(length, kernel, stride):
    return sum(1 for start in range(0, length, stride) if start + kernel <= length)


TABLE = [(n, m, s) for n in range(1, 13) for m in range(1, 6) for s in range(1, 4)]


@pytest.mark.parametrize("padding", [0, 1, 2, "valid", "full", "same"])
def test_sizes_equal_counting(padding):
    for n, m, s in TABLE:
        before, after = padding_sides(n, m, s, padding)
        counted = count_positions(before + n + after, m, s)
        if counted:
            assert output_size(n, m, s, padding) == counted, (n, m, s)
        else:
            with refused("must fit"):
                output_size(n, m, s, padding)


def test_rules_by_name():
    for n, m, s in TABLE:
        assert output_size(n, m, 1, "full") == n + m - 1
        assert output_size(n, m, s, "same") == math.ceil(n / s)
        before, after = padding_sides(n, m, s, "same")
        assert after - before in (0, 1), "the extra cell stands at the end"
        # no padding is wasted: one cell less and the last position would be gone
        if before + after:
            assert count_positions(n + before + after - 1, m, s) < math.ceil(n / s)
        if m % 2:
            assert padding_sides(n, m, 1, "same") == ((m - 1) // 2, (m - 1) // 2)


def test_dilation_counts_the_gaps():
    assert output_size(9, 3, dilation=2) == output_size(9, 5) == 5
    assert padding_sides(9, 3, padding="full", dilation=2) == (4, 4)


def test_pairs_are_vertical_then_horizontal():
    assert image_padding((9, 9), (3, 5), (1, 1), (1, 2)) == ((1, 1), (2, 2))
    assert image_padding((9, 9), (3, 5), (1, 1), "same") == ((1, 1), (2, 2))


@pytest.mark.parametrize("wrong", [-1, "none"])
def test_unknown_padding_is_refused(wrong):
    with refused("full, same, valid"):
        padding_sides(5, 3, padding=wrong)


def test_sizes_below_one_are_refused():
    with refused("at least 1"):
        output_size(5, 3, 0)
