"""Decision trees as arrays: every node has a question about one input, and leads to the left or to the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from layerwise.layers.stored_arrays import make_room

__all__ = ["DecisionTrees", "Tree"]

ARRAYS = ("feature", "threshold", "left", "right", "roots", "levels")


@dataclass(frozen=True)
class Tree:
    """The nodes of one tree, the root first.

    Args:
        feature: Place of the input that a node asks about, `(nodes,)`; of a leaf anything.
        threshold: To the left go examples with x <= threshold, `(nodes,)`; of a leaf anything.
        left: Node to the left, `(nodes,)`; below 0 for a leaf.
        right: Node to the right, `(nodes,)`.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray


class DecisionTrees(nn.Module):
    """Trees that are walked side by side: from every root to a leaf.

    next node = left where x[feature] <= threshold, else right; a leaf leads to itself

    Example:
        >>> trees = DecisionTrees()
        >>> left, right = np.array([1, -1, -1]), np.array([2, -1, -1])
        >>> trees.plant([Tree(np.array([1, 0, 0]), np.array([0.5, 0, 0]), left, right)])
        >>> trees(torch.tensor([[9., 0.5], [9., 0.6]])).tolist()
        [[1], [2]]
    """

    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    roots: Tensor
    levels: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ARRAYS:
            kind = torch.float64 if name == "threshold" else torch.int64
            self.register_buffer(name, torch.zeros(0, dtype=kind))
        make_room(self, *ARRAYS)

    def plant(self, trees: Sequence[Tree]) -> None:
        """Take trees in; the nodes of each follow those of the one before.

        Args:
            trees: At least one.
        """
        sizes = [len(tree.left) for tree in trees]
        first = np.cumsum([0, *sizes[:-1]])
        own = np.arange(sum(sizes))
        left, right = (
            np.concatenate([getattr(tree, side) + start for tree, start in zip(trees, first, strict=True)])
            for side in ("left", "right")
        )
        leaf = np.concatenate([tree.left < 0 for tree in trees])
        feature = np.where(leaf, 0, np.concatenate([tree.feature for tree in trees]))
        threshold = np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees]))
        left, right = np.where(leaf, own, left), np.where(leaf, own, right)
        self.threshold = torch.from_numpy(threshold.astype(np.float64))
        for name, values in (("feature", feature), ("left", left), ("right", right), ("roots", first)):
            setattr(self, name, torch.from_numpy(values.astype(np.int64)))
        self.levels = torch.tensor(_level_sizes(first, left, right))

    def forward(self, inputs: Float[Tensor, "batch features"]) -> Int[Tensor, "batch trees"]:
        """Return the leaf of each tree that each example comes to, as its place among all nodes."""
        places = self.roots.expand(len(inputs), -1)
        # The number of levels is the length of an array, so that nothing is read back from the device.
        for _ in range(len(self.levels) - 1):
            # next node = left where x[feature] <= threshold, else right
            to_left = inputs.gather(1, self.feature[places]) <= self.threshold[places]
            places = torch.where(to_left, self.left[places], self.right[places])
        return places

    def extra_repr(self) -> str:
        """Show how many there are."""
        return f"{len(self.roots)}, nodes={len(self.left)}, levels={len(self.levels)}"


def _level_sizes(roots: np.ndarray, left: np.ndarray, right: np.ndarray) -> list[int]:
    """Return how many nodes of all trees lie on each level, the roots' first."""
    sizes, level = [], roots
    while len(level):
        sizes.append(len(level))
        inner = level[left[level] != level]
        level = np.concatenate([left[inner], right[inner]])
    return sizes
