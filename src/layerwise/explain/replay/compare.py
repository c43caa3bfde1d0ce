"""Compare gradients and updates of a replayed step with torch's, parameter by parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from layerwise.explain.replay.result import ParameterRow
from layerwise.explain.replay.tape import Values, backward_by_hand, pulled, replay_forward
from layerwise.explain.trace import Trace

__all__ = ["Compared", "Gradients", "compare_gradients", "rounding_noise", "row", "settle"]

Gradients = dict[str, np.ndarray]


@dataclass(frozen=True)
class Compared:
    """The gradient of one parameter from both sides.

    Args:
        by_hand: From the replay.
        by_torch: From torch.
        error: Largest difference, relative to torch's largest entry.
        zero: True where the gradient is 0 up to rounding; the error is then relative to the terms that cancelled.
        accepted: Entries whose difference is within the tolerance.
    """

    by_hand: np.ndarray
    by_torch: np.ndarray
    error: float
    zero: bool
    accepted: np.ndarray


def compare_gradients(
    trace: Trace,
    values: Values,
    slopes: Mapping[int, np.ndarray],
    expected: Gradients,
    before: Gradients,
    tolerance: float,
    noise: Mapping[int, float] | None = None,
) -> dict[str, Compared]:
    """Compare the gradients of every parameter that learns.

    A sum whose terms cancel keeps their rounding, which no two orders of summing share: a difference of four units in
    the last place of the added sizes of the terms is no disagreement, and a gradient that is nothing else is 0.

    Args:
        trace: The operations.
        values: Their replayed results.
        slopes: The gradients by hand, by place.
        expected: Those by torch, by name.
        before: The parameters, by name.
        tolerance: Relative to the largest entry.
        noise: How far rounding moves the gradients by hand, by place, where that was measured; four times that is no
            disagreement.
    """
    by_name = {leaf.name: place for place, leaf in trace.leaves.items() if leaf.role == "parameter"}
    sizes = _term_sizes(trace, values, slopes)
    widest = max((float(np.abs(slope).max(initial=0.0)) for slope in slopes.values()), default=0.0)
    compared = {}
    for name, weight in before.items():
        place = by_name[name]
        by_torch = expected.get(name, np.zeros_like(weight))
        by_hand = np.asarray(slopes.get(place, np.zeros_like(weight)), dtype=weight.dtype).reshape(weight.shape)
        largest = float(np.abs(by_torch).max(initial=0.0))
        size = sizes.get(place, 0.0)
        epsilon = float(np.finfo(weight.dtype).eps)
        unit = epsilon * size
        allowed = 4 * max(unit, (noise or {}).get(place, 0.0))
        zero = largest <= max(100 * unit, 4 * epsilon * widest)
        scale = max(size, widest) if zero else largest
        difference = np.abs(by_hand - by_torch)
        error = _judged(difference, np.full_like(difference, allowed), scale, tolerance)
        accepted = difference <= tolerance * scale + allowed
        compared[name] = Compared(by_hand, by_torch, error, zero, accepted)
    return compared


def rounding_noise(trace: Trace, values: Values) -> dict[int, float]:
    """Return how far rounding moves the gradient of each parameter, by place: the replay beside one in float64.

    Where terms cancel before they reach a parameter, as behind a softmax, its gradient is small beside what it was
    computed from, and so is the number of its digits that any float32 computation gets right.
    """
    plain, exact = backward_by_hand(trace, values), backward_by_hand(trace, replay_forward(trace, "float64"))
    return {
        place: float(np.abs(plain[place] - exact[place]).max(initial=0.0))
        for place, leaf in trace.leaves.items()
        if leaf.role == "parameter" and place in plain and place in exact
    }


def _term_sizes(trace: Trace, values: Values, slopes: Mapping[int, np.ndarray]) -> dict[int, float]:
    """Return how large the terms are that each parameter's gradient is summed from."""
    sizes: dict[int, float] = {}
    weights = {place for place, leaf in trace.leaves.items() if leaf.role == "parameter"}
    for number, operation in enumerate(trace.operations):
        if weights & operation.taken():
            above = {place: np.abs(slopes[place]) for place in operation.outputs if place in slopes}
            for place, term in pulled(operation, values, number, above):
                sizes[place] = sizes.get(place, 0.0) + float(np.abs(term).max(initial=0.0))
    return sizes


def settle(
    compared: Compared, from_hand: np.ndarray, from_torch: np.ndarray, tolerance: float
) -> tuple[np.ndarray, int]:
    """Choose, entry by entry, which gradient the update by hand started from; count the entries that took torch's.

    Adam divides a gradient by its own size. Where only rounding is left of it, two gradients that agree to the last
    digit of their terms give different updates; there the rule is checked from torch's value.

    Args:
        compared: The gradients.
        from_hand: Update by hand, from the gradient by hand.
        from_torch: Update by hand, from torch's gradient.
        tolerance: Relative to the largest update.
    """
    largest = float(np.abs(from_torch).max(initial=0.0))
    magnified = compared.accepted & (np.abs(from_hand - from_torch) > tolerance * largest)
    return np.where(magnified, from_torch, from_hand), int(magnified.sum())


def row(
    name: str,
    compared: Compared,
    weight: np.ndarray,
    updates: tuple[np.ndarray, int, np.ndarray],
    spread: np.ndarray,
    tolerance: float,
) -> ParameterRow:
    """Put one parameter's comparison in a row.

    Args:
        name: The parameter's path.
        compared: Its gradients.
        weight: Its value before the step.
        updates: The update by hand, how many of its entries took torch's gradient, and the update by torch.
        spread: How far the update moves when the last digit of the gradient does.
        tolerance: Relative to the largest entry.
    """
    by_hand, swapped, by_torch = updates
    # Both sides round the gradient and w_new to the last digit; what that one digit moves is no disagreement.
    digit = np.spacing(np.abs(weight) + np.abs(by_torch))
    largest_update = float(np.abs(by_torch).max(initial=0.0))
    error = _judged(np.abs(by_hand - by_torch), digit + spread, largest_update, tolerance)
    largest = float(np.abs(compared.by_torch).max(initial=0.0))
    ok = compared.error <= tolerance and error <= tolerance
    return ParameterRow(name, tuple(weight.shape), largest, compared.error, error, swapped, compared.zero, ok)


def _judged(difference: np.ndarray, rounding: np.ndarray, largest: float, tolerance: float) -> float:
    """Return the relative error; beyond the tolerance only what rounding does not explain counts."""
    error = _relative(difference, largest)
    return error if error <= tolerance else _relative(np.maximum(difference - rounding, 0), largest)


def _relative(difference: np.ndarray, largest: float) -> float:
    """Return the largest difference as a share of the largest entry."""
    worst = float(difference.max(initial=0.0))
    if worst == 0:
        return 0.0
    return worst / largest if largest else float("inf")
