"""How many cells are added around an input, and how many positions a kernel then has."""

from typing import Literal

__all__ = ["PaddingMode", "as_pair", "image_padding", "output_size", "padding_sides"]

PaddingMode = Literal["full", "same", "valid"]


def as_pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Return (vertical, horizontal) of a setting given once for both or as a pair.

    Args:
        value: One number for both axes, or one for each.

    Source: lecture 002, "convolution layer" (s_h and s_w, f_h and f_w).

    Example:
        >>> as_pair(2), as_pair((1, 3))
        ((2, 2), (1, 3))
    """
    return (value, value) if isinstance(value, int) else value


def padding_sides(
    length: int, kernel: int, stride: int = 1, padding: int | PaddingMode = 0, *, dilation: int = 1
) -> tuple[int, int]:
    """Return how many zeros stand before and after one axis.

    full p = m - 1 on each side; valid p = 0; same: p_total = max((ceil(n/s) - 1) s + m - n, 0), an odd cell at the end.

    Args:
        length: Cells of the input, n >= 1.
        kernel: Cells of the kernel, m >= 1.
        stride: Cells from one position to the next, s >= 1.
        padding: Cells on each side, or the name of a rule.
        dilation: Distance of neighbouring kernel cells; the kernel then spans dilation (m - 1) + 1 cells.

    Raises:
        ValueError: A size is below its range, or the rule is unknown.

    Source: lecture 004, "Padding". The lecture's same padding has stride 1; with a larger stride this is TensorFlow's.

    Example:
        >>> padding_sides(5, 3, padding="full"), padding_sides(5, 3, padding="same"), padding_sides(224, 11, 4, "same")
        ((2, 2), (1, 1), (3, 4))
    """
    if min(length, kernel, stride, dilation) < 1:
        raise ValueError(
            "length, kernel, stride and dilation must be at least 1: "
            f"got {length}, {kernel}, {stride} and {dilation}; give whole numbers from 1"
        )
    # a kernel with gaps spans m' = d (m - 1) + 1
    span = dilation * (kernel - 1) + 1
    if padding == "valid":
        return 0, 0
    if padding == "full":
        return span - 1, span - 1
    if padding == "same":
        # p_total = max((ceil(n / s) - 1) s + m - n, 0)
        total = max((-(-length // stride) - 1) * stride + span - length, 0)
        return total // 2, total - total // 2
    if isinstance(padding, str) or padding < 0:
        raise ValueError(
            f"padding must be a number from 0 or one of full, same, valid: got {padding!r}; choose one of these"
        )
    return padding, padding


def output_size(length: int, kernel: int, stride: int = 1, padding: int | PaddingMode = 0, *, dilation: int = 1) -> int:
    """Return at how many positions a kernel fits on a padded axis.

    o = floor((n + 2p - m) / s) + 1

    Args:
        length: Cells of the input, n >= 1.
        kernel: Cells of the kernel, m >= 1.
        stride: Cells from one position to the next, s >= 1.
        padding: Cells on each side, or the name of a rule.
        dilation: Distance of neighbouring kernel cells.

    Raises:
        ValueError: The kernel fits nowhere, or a size is below its range.

    Source: lecture 004, "output size of a convolution"; lecture 002.

    Example:
        >>> output_size(32, 5), output_size(224, 11, 4, 2), output_size(227, 11, 4), output_size(224, 11, 4, "same")
        (28, 55, 55, 56)
    """
    before, after = padding_sides(length, kernel, stride, padding, dilation=dilation)
    span = dilation * (kernel - 1) + 1
    # o = floor((n + 2p - m) / s) + 1
    size = (length + before + after - span) // stride + 1
    if size < 1:
        raise ValueError(
            f"the kernel must fit on the padded input: got a kernel of {span} cells on {length + before + after}; "
            "use a smaller kernel or more padding"
        )
    return size


def image_padding(
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: int | tuple[int, int] | PaddingMode,
    dilation: tuple[int, int] = (1, 1),
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return ((top, bottom), (left, right)) of the zeros around an image.

    Args:
        size: Height and width of the image.
        kernel: Height and width of the kernel.
        stride: Steps down and right.
        padding: Cells on every side, cells (above and below, left and right), or the name of a rule.
        dilation: Distance of neighbouring kernel cells, down and right.

    Raises:
        ValueError: The kernel fits nowhere, or a size is below its range.

    Source: lecture 004, "Padding".

    Example:
        >>> image_padding((4, 5), (3, 3), (1, 1), "same"), image_padding((4, 5), (3, 3), (1, 1), (0, 2))
        (((1, 1), (1, 1)), ((0, 0), (2, 2)))
    """
    rules: tuple[int | PaddingMode, int | PaddingMode] = (
        (padding, padding) if isinstance(padding, str) else as_pair(padding)
    )
    for axis in (0, 1):
        output_size(size[axis], kernel[axis], stride[axis], rules[axis], dilation=dilation[axis])
    return (
        padding_sides(size[0], kernel[0], stride[0], rules[0], dilation=dilation[0]),
        padding_sides(size[1], kernel[1], stride[1], rules[1], dilation=dilation[1]),
    )
