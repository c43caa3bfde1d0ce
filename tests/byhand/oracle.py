"""What the tests of byhand share: the same calculation in torch (float64), closeness, refusals."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

TOLERANCE = 1e-12


def in_torch(
    function: Callable[..., torch.Tensor], arrays: Sequence[np.ndarray], gradient: np.ndarray | None = None
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Call `function` on leaf tensors; `gradient` is dE/dy, ones if the value is a number."""
    leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
    value = function(*leaves)
    value.backward(None if gradient is None else torch.tensor(gradient))
    return value.detach().numpy(), [np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy() for leaf in leaves]


def assert_close(found: np.ndarray | float, expected: np.ndarray | float, tolerance: float = TOLERANCE) -> None:
    """Equal to the tolerance, relative to the largest entry (at least 1), and of the same shape."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


@contextmanager
def refused(message: str) -> Iterator[None]:
    """Expect a ValueError that says `message`; a run with shape checks switched on may refuse the call before that."""
    with pytest.raises((ValueError, TypeCheckError)) as refusal:
        yield
    assert isinstance(refusal.value, TypeCheckError) or re.search(message, str(refusal.value)), str(refusal.value)
