"""Language models that only count: how often each symbol follows the one or two before it.

Shannon, "A mathematical theory of communication", 1948: texts of a zeroth, first and second order.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.data.tokens import RESERVED
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.stored_arrays import make_room
from layerwise.models.inputs import InputShape, require
from layerwise.tasks.contract import Examples

__all__ = ["Ngram", "bigram", "trigram", "unigram"]


@register(
    "unigram", task="language", source="Shannon, A mathematical theory of communication, 1948",
    lecture="003 RNN, language model", small={"inputs": 6, "outputs": 4},
)  # fmt: skip
def unigram(inputs: InputShape, outputs: int, *, added: float = 0.1) -> nn.Module:
    """Every symbol as often as in the training part, whatever stands before it.

    p(c) = (n_c + a) / (N + a V)

    Args:
        inputs: Size of the vocabulary, padding and unknown included.
        outputs: Number V of symbols.
        added: Count a that every symbol is given beside its own, > 0.

    Raises:
        LayerwiseError: The added count is not above 0.

    Source: Shannon 1948, first-order approximation; Lidstone 1920 (the added count).

    Example:
        >>> from layerwise.tasks.passages import passages
        >>> network = unigram(4, 2)
        >>> network.fit(passages(torch.tensor([2, 3, 2, 2, 2]), 2))
        >>> [round(share, 4) for share in network(torch.tensor([[2]])).exp()[0, 0].tolist()]
        [0.7381, 0.2619]
    """
    return Ngram(*checked(inputs, outputs, added), context=0)


@register(
    "bigram", task="language", source="Shannon, A mathematical theory of communication, 1948",
    lecture="003 RNN, language model", small={"inputs": 6, "outputs": 4},
)  # fmt: skip
def bigram(inputs: InputShape, outputs: int, *, added: float = 0.1) -> nn.Module:
    """Every symbol as often as it followed the one before it in the training part.

    p(c | b) = (n_bc + a) / (n_b + a V)

    Args:
        inputs: Size of the vocabulary, padding and unknown included.
        outputs: Number V of symbols.
        added: Count a that every symbol is given beside its own, > 0.

    Raises:
        LayerwiseError: The added count is not above 0.

    Source: Shannon 1948, second-order approximation; Markov 1913.

    Example:
        >>> from layerwise.tasks.passages import passages
        >>> network = bigram(4, 2)
        >>> network.fit(passages(torch.tensor([2, 3, 2, 3, 2]), 2))
        >>> [round(share, 4) for share in network(torch.tensor([[2]])).exp()[0, 0].tolist()]
        [0.0455, 0.9545]
    """
    return Ngram(*checked(inputs, outputs, added), context=1)


@register(
    "trigram", task="language", source="Shannon, A mathematical theory of communication, 1948",
    lecture="003 RNN, language model", small={"inputs": 6, "outputs": 4},
)  # fmt: skip
def trigram(inputs: InputShape, outputs: int, *, added: float = 0.1) -> nn.Module:
    """Every symbol as often as it followed the two before it in the training part.

    p(c | a b) = (n_abc + s) / (n_ab + s V)

    Args:
        inputs: Size of the vocabulary, padding and unknown included.
        outputs: Number V of symbols.
        added: Count s that every symbol is given beside its own, > 0.

    Raises:
        LayerwiseError: The added count is not above 0.

    Source: Shannon 1948, third-order approximation.

    Example:
        >>> from layerwise.tasks.passages import passages
        >>> network = trigram(4, 2)
        >>> network.fit(passages(torch.tensor([2, 3, 2, 2, 3, 2]), 2))
        >>> network(torch.tensor([[2, 3]])).argmax(2).tolist()
        [[1, 0]]
    """
    return Ngram(*checked(inputs, outputs, added), context=2)


def checked(inputs: InputShape, outputs: int, added: float) -> tuple[int, int, float]:
    """Return the arguments of a counting model, refused where they cannot be used."""
    if not isinstance(inputs, int):
        raise LayerwiseError(
            say("A language model reads symbols of a vocabulary."), f"inputs {'x'.join(map(str, inputs))}",
            say("Give it a text file."), usage=True,
        )  # fmt: skip
    require(added > 0, "added", added, "> 0")
    return inputs, outputs, added


class Ngram(nn.Module):
    """Counts of what followed each context, held sparsely: only contexts that occurred.

    Args:
        vocabulary: Ids of the vocabulary, padding and unknown included.
        symbols: Number of symbols that can come next.
        added: Count that every symbol is given beside its own.
        context: Symbols before the next one that are looked at.
    """

    contexts: Tensor
    totals: Tensor
    starts: Tensor
    followers: Tensor
    counts: Tensor

    def __init__(self, vocabulary: int, symbols: int, added: float, *, context: int) -> None:
        super().__init__()
        self.vocabulary, self.symbols, self.added, self.context = vocabulary, symbols, added, context
        whole = torch.zeros(0, dtype=torch.int64)
        self.register_buffer("contexts", whole)
        self.register_buffer("totals", torch.zeros(0))
        self.register_buffer("starts", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("followers", whole.clone())
        self.register_buffer("counts", torch.zeros(0))
        make_room(self, "contexts", "totals", "starts", "followers", "counts")

    def fit(self, examples: Examples) -> None:
        """Count over the whole text."""
        tokens, following = (part[:].flatten() for part in (examples.inputs, examples.targets))
        read = tokens > 0
        tokens, following = tokens[read], following[read]
        keys = self.keys(tokens[None], self.nothing(1))[0]
        known = following >= 0
        grams, counts = torch.unique(keys[known] * self.symbols + following[known], return_counts=True)
        self.contexts, lengths = torch.unique_consecutive(grams // self.symbols, return_counts=True)
        self.starts = nn.functional.pad(lengths.cumsum(0), (1, 0))
        self.followers, self.counts = grams % self.symbols, counts.float()
        self.totals = torch.zeros(len(lengths)).index_add_(
            0, torch.arange(len(lengths)).repeat_interleave(lengths), self.counts
        )

    def forward(self, tokens: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time symbols"]:
        """Return the log-probabilities of the next symbol at every place of passages that stand on their own."""
        return self.continued(tokens, None)[0]

    def continued(
        self, tokens: Int[Tensor, "batch time"], state: tuple[Tensor, ...] | None
    ) -> tuple[Float[Tensor, "batch time symbols"], tuple[Tensor, ...]]:
        """Return the log-probabilities at every place, and the symbols that the next place still looks at."""
        before = self.nothing(len(tokens)) if state is None else state[0]
        held = torch.cat([before, tokens], dim=1)
        return self.scores(self.keys(tokens, before)), (held[:, held.shape[1] - before.shape[1] :],)

    def example_input(self) -> Int[Tensor, "1 time"]:
        """Return a passage of one symbol, for the layer table."""
        return torch.full((1, 1), RESERVED)

    def nothing(self, passages: int) -> Int[Tensor, "passages before"]:
        """Return what stands before the first symbol: padding."""
        return torch.zeros((passages, max(self.context - 1, 0)), dtype=torch.int64, device=self.contexts.device)

    def keys(self, tokens: Int[Tensor, "batch time"], before: Int[Tensor, "batch before"]) -> Int[Tensor, "batch time"]:
        """Return one number for the last symbols at every place: sum_j x_t-j M^j, M the size of the vocabulary."""
        held, time = torch.cat([before, tokens], dim=1), tokens.shape[1]
        keys = torch.zeros_like(tokens)
        for back in range(self.context):
            # sum_j x_t-j M^j
            start = before.shape[1] - back
            keys = keys + held[:, start : start + time] * self.vocabulary**back
        return keys

    def scores(self, keys: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time symbols"]:
        """Return log (n_context,symbol + a) - log (n_context + a V) for every symbol."""
        flat = keys.flatten()
        place = torch.searchsorted(self.contexts, flat).clamp(max=max(len(self.contexts) - 1, 0))
        table = torch.full((len(flat), self.symbols), self.added, device=flat.device)
        if len(self.contexts):
            known = self.contexts[place] == flat
            number = (self.starts[place + 1] - self.starts[place]) * known
            row = torch.arange(len(flat), device=flat.device).repeat_interleave(number)
            first = (self.starts[place] - number.cumsum(0) + number).repeat_interleave(number)
            found = first + torch.arange(len(row), device=flat.device)
            table[row, self.followers[found]] += self.counts[found]
            totals = self.totals[place] * known
        else:
            totals = torch.zeros_like(table[:, 0])
        # p = (n_context,symbol + a) / (n_context + a V)
        shares = table / (totals + self.added * self.symbols)[:, None]
        return shares.log().reshape(*keys.shape, self.symbols)
