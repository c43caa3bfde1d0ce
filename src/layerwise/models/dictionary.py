"""A baseline for sequences: each symbol is answered by itself, in the order that was read.

Every figure of a translation stands beside this one: it shows what order and context are worth. L. R. Dice, Measures of
the amount of ecologic association between species, 1945; lecture 003, the experiment scheme.
"""

from collections import Counter

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.data.tokens import PADDING
from layerwise.models.inputs import InputShape
from layerwise.tasks.contract import Examples
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.translate import END, FIRST

__all__ = ["Dictionary", "dictionary"]


@register(
    "dictionary",
    task="translate",
    source="Dice, Measures of the amount of ecologic association between species, Ecology 1945",
    lecture="003 Experiment scheme",
    small={"inputs": 6, "outputs": 8},
)
def dictionary(inputs: InputShape, outputs: int) -> nn.Module:
    """Each symbol that is read becomes the symbol that goes with it most in the training part; the order stays.

    d(x, y) = 2 sum_n min(count of x in input n, count of y in answer n) / (count of x + count of y): the coefficient of
    Dice. Where both sides hold the same symbols, as in a reversal, it copies the input.

    Args:
        inputs: Size of the vocabulary that is read.
        outputs: Size of the vocabulary that is written.

    Source: Dice 1945; the word-by-word translation that machine translation began with.

    Example:
        >>> pairs = Examples(
        ...     Ragged.of([torch.tensor([2, 3]), torch.tensor([3, 3])], 0),
        ...     Ragged.of([torch.tensor([5, 4, END]), torch.tensor([5, 5, END])], 0), ("a", "b"))
        >>> network = dictionary(4, 6)
        >>> network.fit(pairs)
        >>> network.write(torch.tensor([[2, 3, 3]]), 5).tolist() == [[4, 5, 5, END, PADDING]]
        True
    """
    return Dictionary(inputs if isinstance(inputs, int) else inputs[0], outputs)


class Dictionary(nn.Module):
    """One answer for each symbol that is read, and how often it stands at the right place.

    Args:
        inputs: Size of the vocabulary that is read.
        outputs: Size of the vocabulary that is written.
    """

    best: Tensor
    share: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.register_buffer("best", torch.full((inputs,), END))
        self.register_buffer("share", torch.full((inputs,), 1 / outputs))

    def fit(self, examples: Examples) -> None:
        """Count which symbols go together."""
        pairs = [_pair(examples, row) for row in range(len(examples))]
        best = _associated(pairs)
        self.best.fill_(END)
        for symbol, answer in best.items():
            self.best[symbol] = answer
        hits, counts = (torch.zeros(len(self.best), dtype=torch.float64) for _ in range(2))
        for read, written in pairs:
            # END answers the end of what was read, which has the place of padding.
            places = [*read, PADDING]
            for place, symbol in enumerate(written):
                key = places[place] if place < len(places) else PADDING
                hits[key] += int(self.best[key]) == symbol
                counts[key] += 1
        # p = (hits + 1) / (n + K), never quite 0 and, with one answer of K, never quite 1
        self.share.copy_((hits + 1) / (counts + self.outputs))

    def forward(
        self, inputs: Int[Tensor, "batch places"], given: Int[Tensor, "batch steps"] | None = None
    ) -> Float[Tensor, "batch steps outputs"]:
        """Return log-probabilities: the answer to the symbol at the same place has its share, all others the rest.

        Args:
            inputs: Symbols that were read, padded with 0.
            given: As many steps are answered; what they hold is not looked at. One step when left out.
        """
        steps = 1 if given is None else given.shape[1]
        read = nn.functional.pad(inputs, (0, max(steps - inputs.shape[1], 0)))[:, :steps]
        share = self.share[read].unsqueeze(2)
        rest = ((1 - share) / (self.outputs - 1)).expand(-1, -1, self.outputs)
        return rest.scatter(2, self.best[read].unsqueeze(2), share).log()

    def write(self, inputs: Int[Tensor, "batch places"], longest: int) -> Int[Tensor, "batch longest"]:
        """Write the answer to each symbol, then END.

        Args:
            inputs: Symbols to read, padded with 0.
            longest: Symbols after which an answer is cut off.
        """
        read = nn.functional.pad(inputs, (0, max(longest - inputs.shape[1], 0)))[:, :longest]
        answers = self.best[read]
        ended = (answers == END).cumsum(1) - (answers == END).long()
        return answers.masked_fill(ended > 0, PADDING)

    def example_input(self) -> Int[Tensor, "1 places"]:
        """Return one example for tables: a sequence of three symbols."""
        return torch.full((1, 3), len(self.best) - 1)


def _pair(examples: Examples, row: int) -> tuple[list[int], list[int]]:
    """Return what is read and what is written in one example, without padding.

    Raises:
        TypeError: The examples are no sequences.
    """
    if not isinstance(examples.inputs, Ragged) or not isinstance(examples.targets, Ragged):
        message = "a dictionary is made from pairs of sequences"
        raise TypeError(message)
    return examples.inputs.item(row).tolist(), examples.targets.item(row).tolist()


def _associated(pairs: list[tuple[list[int], list[int]]]) -> dict[int, int]:
    """Return for each symbol that is read the one with the largest coefficient; of equal ones the first."""
    together: Counter[tuple[int, int]] = Counter()
    seen: Counter[int] = Counter()
    answered: Counter[int] = Counter()
    for read, written in pairs:
        left, right = Counter(read), Counter(symbol for symbol in written if symbol >= FIRST)
        seen.update(left)
        answered.update(right)
        for x, count in left.items():
            for y, other in right.items():
                # sum_n min(count of x in input n, count of y in answer n)
                together[x, y] += min(count, other)
    best: dict[int, tuple[float, int]] = {}
    for (x, y), shared in sorted(together.items()):
        # d(x, y) = 2 shared / (count of x + count of y)
        coefficient = 2 * shared / (seen[x] + answered[y])
        if coefficient > best.get(x, (0.0, END))[0]:
            best[x] = (coefficient, y)
    return {x: y for x, (_, y) in best.items()}
