"""Classes of unequal size: weights that make every class count the same, and epochs that draw every class as often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from layerwise.config import Train
from layerwise.randomness import generator
from layerwise.tasks.contract import Examples

__all__ = ["balanced", "class_weights", "evenly", "with_class_weights"]


def balanced(examples: Mapping[str, Examples], classes: int, settings: Train) -> Mapping[str, Examples]:
    """Return the examples of each part with the weights and the order that the settings ask for.

    The weights follow from the training part; validation examples have them, too, so that learning stops by the loss
    that it makes small. What is measured has no weights.

    Args:
        examples: The examples of each part; their targets are class places.
        classes: Number of classes.
        settings: Settings of learning.
    """
    found = dict(examples)
    if settings.class_weights == "balanced":
        _, targets, weights = found["train"].tensors()
        by_class = class_weights(targets, classes, weights)
        found |= {part: with_class_weights(found[part], by_class) for part in ("train", "validation")}
    if settings.class_sampling == "balanced":
        found["train"] = replace(found["train"], arrangement=evenly)
    return found


def class_weights(
    targets: Int[Tensor, " items"], classes: int, weights: Float[Tensor, " items"] | None = None
) -> Float[Tensor, " classes"]:
    """Return the weight of an example of each class with which every class weighs the same and all weigh as before.

    w_c = n / (k n_c) with n_c the weight of class c, n that of all k classes that occur; 0 for a class that does not

    Args:
        targets: Class of each training example.
        classes: Number of classes.
        weights: Weight of each example; one each when left out.

    Source: G. King, L. Zeng, Logistic regression in rare events data, 2001, section 4.2; scikit-learn's `balanced`.

    Example:
        >>> class_weights(torch.tensor([0, 0, 0, 1]), 3).tolist()
        [0.6666666666666666, 2.0, 0.0]
    """
    counts = torch.bincount(targets, weights, minlength=classes).double()
    present = counts > 0
    # w_c = n / (k n_c)
    return torch.where(present, counts.sum() / (present.sum() * counts.clamp_min(1e-300)), 0.0)


def with_class_weights(examples: Examples, by_class: Float[Tensor, " classes"]) -> Examples:
    """Return examples that weigh as their class does, times the weight they have.

    Args:
        examples: Their targets are class places.
        by_class: Weight of an example of each class.

    Example:
        >>> held = Examples(torch.zeros(2, 1), torch.tensor([0, 1]), ("a", "b"), torch.tensor([1.0, 3.0]))
        >>> with_class_weights(held, torch.tensor([0.5, 2.0])).weights.tolist()
        [0.5, 6.0]
    """
    _, targets, weights = examples.tensors()
    each = by_class[targets.clamp_min(0)]
    return replace(examples, weights=(each if weights is None else each * weights).float())


def evenly(examples: Examples, seed: int, epoch: int, batch_size: int) -> list[Tensor]:
    """Draw every class as often in an epoch, as many examples as there are: an arrangement.

    Of a class with more examples than its share some wait for another epoch; of a class with fewer each comes several
    times, none more than once oftener than another. All follows from the seed and the epoch, so that a resumed run sees
    the same batches.

    Args:
        examples: Their targets are class places.
        seed: Seed of the run.
        epoch: Epoch, from 0.
        batch_size: Examples of one update.

    Example:
        >>> held = Examples(torch.zeros(8, 1), torch.tensor([0, 0, 0, 0, 0, 0, 0, 1]), ())
        >>> torch.cat(evenly(held, 0, 0, 4)).eq(7).sum().item()
        4
    """
    _, targets, _ = examples.tensors()
    targets, chance = targets.cpu(), generator(seed, "balanced", epoch)
    present = torch.unique(targets).tolist()
    # what does not divide goes to other classes in other epochs
    turn = epoch % len(present)
    drawn = []
    for place, kind in enumerate(present[turn:] + present[:turn]):
        share = len(targets) // len(present) + (place < len(targets) % len(present))
        rows = (targets == kind).nonzero().flatten()
        rounds = [rows[torch.randperm(len(rows), generator=chance)] for _ in range(-(-share // len(rows)))]
        drawn.append(torch.cat(rounds)[:share] if rounds else rows[:0])
    found = torch.cat(drawn)
    return list(torch.split(found[torch.randperm(len(found), generator=chance)], batch_size))
