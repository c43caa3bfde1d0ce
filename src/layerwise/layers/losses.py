"""The losses of the lectures as sums over a batch, so that whoever averages knows what he divides by."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

__all__ = [
    "absolute_error",
    "binary_cross_entropy",
    "cross_entropy",
    "half_squared_error",
    "perceptron_criterion",
    "squared_error",
]


def cross_entropy(
    logits: Float[Tensor, "batch classes"],
    targets: Int[Tensor, " batch"],
    weights: Float[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Return how surprised the softmax of the outputs is by the right classes, in nats.

    E = -sum_n v[n] ln softmax(z[n])[t[n]],  dE/dz = v (p - y)

    Args:
        logits: Outputs z before the softmax.
        targets: Place t of the right class.
        weights: Weight v of each example; one each when left out.

    Source: lecture 004, "Loss Functions".

    Example:
        >>> import torch
        >>> round(cross_entropy(torch.tensor([[0., 0.], [1e4, 0.]]), torch.tensor([0, 1])).item(), 4)
        10000.6934
    """
    # E = -ln softmax(z)[t]
    if weights is None:
        return functional.cross_entropy(logits, targets, reduction="sum")
    return _added(functional.cross_entropy(logits, targets, reduction="none"), weights)


def squared_error(
    predictions: Float[Tensor, "batch *shape"],
    targets: Float[Tensor, "batch *shape"],
    weights: Float[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Return the squared error.

    E = sum_n v[n] sum_j (y[n,j] - t[n,j])^2,  dE/dy = 2 v (y - t)

    Args:
        predictions: Outputs y.
        targets: Wanted outputs t.
        weights: Weight v of each example; one each when left out.

    Source: lecture 003, "Sigmoid Unit".

    Example:
        >>> import torch
        >>> squared_error(torch.tensor([[1.], [3.]]), torch.tensor([[0.], [1.]])).item()
        5.0
    """
    # E = (y - t)^2
    return _added((predictions - targets).square(), weights)


def half_squared_error(
    predictions: Float[Tensor, "batch *shape"],
    targets: Float[Tensor, "batch *shape"],
    weights: Float[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Return half the squared error, whose gradient is the plain difference.

    E = 1/2 sum_n v[n] sum_j (y[n,j] - t[n,j])^2,  dE/dy = v (y - t)

    Args:
        predictions: Outputs y.
        targets: Wanted outputs t.
        weights: Weight v of each example; one each when left out.

    Source: lecture 004, "Loss Functions".

    Example:
        >>> import torch
        >>> half_squared_error(torch.tensor([[1.], [3.]]), torch.tensor([[0.], [1.]])).item()
        2.5
    """
    # E = 1/2 (y - t)^2
    return squared_error(predictions, targets, weights) / 2


def absolute_error(
    predictions: Float[Tensor, "batch *shape"],
    targets: Float[Tensor, "batch *shape"],
    weights: Float[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Return the absolute error, which a few far points move less than the squared one.

    E = sum_n v[n] sum_j |y[n,j] - t[n,j]|,  dE/dy = v sign(y - t)

    Args:
        predictions: Outputs y.
        targets: Wanted outputs t.
        weights: Weight v of each example; one each when left out.

    Source: lecture 004, "Loss Functions".

    Example:
        >>> import torch
        >>> absolute_error(torch.tensor([[1.], [3.]]), torch.tensor([[0.], [1.]])).item()
        3.0
    """
    # E = |y - t|
    return _added((predictions - targets).abs(), weights)


def binary_cross_entropy(
    logits: Float[Tensor, "batch *shape"],
    targets: Float[Tensor, "batch *shape"],
    weights: Float[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Return the cross-entropy of sigmoid units, from their weighted sums so that nothing overflows.

    E = -sum_n v[n] sum_k (t ln f + (1 - t) ln(1 - f)) with f = 1 / (1 + e^-s),  dE/ds = v (f - t)

    Args:
        logits: Weighted sums s before the sigmoid.
        targets: Wanted outputs t, from 0 to 1.
        weights: Weight v of each example; one each when left out.

    Source: lecture 003, the Theano listing.

    Example:
        >>> import torch
        >>> round(binary_cross_entropy(torch.tensor([[0., 0.]]), torch.tensor([[1., 0.]])).item(), 4)
        1.3863
    """
    # E = -(t ln f + (1 - t) ln(1 - f))
    return _added(functional.binary_cross_entropy_with_logits(logits, targets, reduction="none"), weights)


def perceptron_criterion(
    sums: Float[Tensor, "batch units"],
    targets: Float[Tensor, "batch units"],
    weights: Float[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Return how far the wrong points lie on the wrong side; one step down its gradient is the perceptron's rule.

    E = sum_n v[n] sum_k max(0, -z s) with z = 2t - 1,  dE/ds = -v z where z s <= 0, else 0

    A point on the boundary (s = 0, so every point at w = 0) counts as wrong and moves the weights, as in the lecture.

    Args:
        sums: Weighted sums s = w . x + b.
        targets: 1 for points of the positive side, 0 for those of the negative one.
        weights: Weight v of each example; one each when left out.

    Source: lecture 003, "Parameter Learning in Perceptron".

    Example:
        >>> import torch
        >>> sums = torch.tensor([[0.], [2.], [3.]], requires_grad=True)
        >>> perceptron_criterion(sums, torch.tensor([[1.], [0.], [1.]])).backward()
        >>> sums.grad.flatten().int().tolist()
        [-1, 1, 0]
    """
    # z s <= 0 where the point is not strictly on its side
    margins = (2 * targets - 1) * sums
    wrong = (margins <= 0).to(margins.dtype)
    # E = max(0, -z s), with the slope -z on the boundary
    return _added(-margins * wrong, weights)


def _added(each: Float[Tensor, "batch *shape"], weights: Float[Tensor, " batch"] | None) -> Float[Tensor, ""]:
    """Add up losses, each example's with its weight."""
    if weights is None:
        return each.sum()
    return (each * weights.view(-1, *(1 for _ in each.shape[1:]))).sum()
