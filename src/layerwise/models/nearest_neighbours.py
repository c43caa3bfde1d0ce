"""The k nearest neighbours: the training examples are the model.

Cover and Hart 1967, "Nearest neighbor pattern classification"; lecture 003, the lazy learners of WEKA.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.stored_arrays import make_room
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.tasks.contract import Examples

__all__ = ["NearestNeighbours", "nearest_neighbours"]

SMALLEST_SHARE = 1e-9
"""Share of a class without a vote, so that its logarithm is finite."""


@register(
    "knn",
    task="classify tag",
    source="Cover and Hart, Nearest neighbor pattern classification, 1967",
    lecture="003 Classification Problem",
    small={"inputs": 4, "outputs": 3},
)
def nearest_neighbours(inputs: InputShape, outputs: int, *, k: int = 1) -> nn.Module:
    """The majority among the k nearest training examples.

    Nearest by Euclidean distance, sqrt(sum_j (x_j - x'_j)^2), found by comparing with every training example. Equal
    votes go to the class that comes first; of examples at equal distance at the edge, those found first vote. Inputs
    should be scaled: a wide field outweighs the others. Of labels each is answered by the share of the neighbours that
    have it.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes or labels.
        k: Number of neighbours that vote, 1 to the number of training examples.

    Raises:
        LayerwiseError: k is below 1; when fitted: k is above the number of training examples.

    Source: lecture 003, "Classification Problem"; Cover and Hart 1967.

    Example:
        >>> network = nearest_neighbours(1, 2, k=3)
        >>> network.fit(Examples(torch.tensor([[0.], [1.], [5.], [6.]]), torch.tensor([0, 0, 1, 1]), ()))
        >>> [round(share, 4) for share in network(torch.tensor([[2.]])).exp()[0].tolist()]
        [0.6667, 0.3333]
    """
    require(k >= 1, "k", k, "1, 2, 3 ...")
    return NearestNeighbours(feature_count(inputs), outputs, k)


class NearestNeighbours(nn.Module):
    """Training examples and their classes as buffers, so that a weights file holds the whole model.

    Args:
        features: Numbers of one example.
        classes: Number of classes.
        k: Number of neighbours that vote.
    """

    examples: Tensor
    labels: Tensor
    voices: Tensor

    def __init__(self, features: int, classes: int, k: int) -> None:
        super().__init__()
        self.classes, self.k = classes, k
        self.register_buffer("examples", torch.zeros(0, features))
        self.register_buffer("labels", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("voices", torch.zeros(0))
        make_room(self, "examples", "labels", "voices")

    def fit(self, examples: Examples) -> None:
        """Keep the training examples; an example with a weight votes with so many voices.

        Raises:
            LayerwiseError: There are fewer than k.
        """
        inputs, targets, weights = examples.tensors()
        if len(inputs) < self.k:
            raise LayerwiseError(
                say("There must be at least k training examples."), say("k = {} and {} examples", self.k, len(inputs)),
                say("Use --k with a smaller number."),
            )  # fmt: skip
        self.examples, self.labels = inputs.flatten(1).clone(), targets.clone()
        self.voices = torch.ones(len(targets)) if weights is None else weights.clone()

    def nearest(self, inputs: Float[Tensor, "batch ..."]) -> tuple[Float[Tensor, "batch k"], Int[Tensor, "batch k"]]:
        """Return the distance and the place of each of the k nearest training examples, the nearest first."""
        from sklearn.neighbors import NearestNeighbors

        # float64: in float32 the expanded square loses the differences of close examples.
        searcher = NearestNeighbors(n_neighbors=self.k, algorithm="brute").fit(self.examples.double().cpu().numpy())
        distances, places = searcher.kneighbors(inputs.flatten(1).double().cpu().numpy())
        return torch.from_numpy(distances), torch.from_numpy(places).to(self.labels.device)

    def votes(self, voters: Int[Tensor, "batch k"]) -> Float[Tensor, "batch classes"]:
        """Return the votes of each class, or of each label."""
        if self.labels.is_floating_point():
            return (self.labels[voters] * self.voices[voters].unsqueeze(2)).sum(dim=1)
        ballots = nn.functional.one_hot(self.labels[voters], self.classes) * self.voices[voters].unsqueeze(2)
        return ballots.sum(dim=1)

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch classes"]:
        """Return the logarithm of each class's share of the votes, of labels its log-odds; zeros before any example."""
        if not len(self.labels):
            return inputs.new_zeros((len(inputs), self.classes))
        voters = self.nearest(inputs)[1]
        votes = self.votes(voters)
        if self.labels.is_floating_point():
            whole = self.voices[voters].sum(dim=1, keepdim=True).clamp_min(SMALLEST_SHARE)
            # float64: in float32 the largest share would be rounded to 1, whose log-odds are infinite.
            return (votes / whole).double().clamp(SMALLEST_SHARE, 1 - SMALLEST_SHARE).logit().to(inputs.dtype)
        shares = votes / votes.sum(dim=1, keepdim=True).clamp_min(SMALLEST_SHARE)
        return shares.clamp_min(SMALLEST_SHARE).log().to(inputs.dtype)
