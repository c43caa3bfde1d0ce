"""char-rnn: a recurrent network that foretells the next character of a text.

Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015; lectures 001 and 003, language model.
"""

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from layerwise.catalog import register
from layerwise.data.tokens import RESERVED
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models.inputs import InputShape, require

__all__ = ["LanguageNetwork", "char_lstm"]

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


@register(
    "char-lstm",
    task="language",
    source="Karpathy, char-rnn, 2015; Hochreiter and Schmidhuber, Long short-term memory, 1997",
    lecture="001 RNN, language model; 003 RNN",
    small={"inputs": 6, "outputs": 4, "layers": 2, "hidden_units": 8},
    train={
        "optimizer": "rmsprop", "smoothing": 0.95, "learning_rate": 2e-3, "clip_value": 5.0, "batch_size": 50,
        "sequence_length": 50, "epochs": 50, "schedule": "exponential", "decay": 0.97, "step_epochs": 10,
    },
)  # fmt: skip
def char_lstm(
    inputs: InputShape, outputs: int, *, cell: Literal["lstm", "gru", "rnn"] = "lstm", layers: int = 2,
    hidden_units: int = 128, dropout: float = 0.0, embedding: int = 0,
) -> nn.Module:  # fmt: skip
    """Layers of recurrent cells over one-hot symbols, and one linear unit a symbol.

    h_t, c_t = LSTM(x_t, h_t-1, c_t-1),  z_t = V h_t + b,  p(x_t+1 | x_1 .. x_t) = softmax(z_t)

    With the 65 symbols of Shakespeare's plays and the defaults it has 240,321 parameters: 4 128 (65 + 128 + 2) in the
    first layer, 4 128 (128 + 128 + 2) in the second, (128 + 1) 65 in the outputs. A symbol that the training part does
    not have is read as zeros and never foretold.

    Args:
        inputs: Size of the vocabulary: the symbols, and two ids for padding and for unknown symbols.
        outputs: Number of symbols.
        cell: `lstm`, `gru`, or `rnn` (h_t = tanh(U x_t + W h_t-1 + b)).
        layers: Layers of cells; each reads the hidden states of the one below.
        hidden_units: Units of each layer.
        dropout: Share of hidden states left out between two layers in training, 0 <= share < 1.
        embedding: Numbers that a symbol is turned into before it is read; 0 for one-hot.

    Raises:
        LayerwiseError: A number is out of range, or the inputs are no text.

    Source: lecture 001, "RNN: language model"; karpathy/char-rnn.

    Example:
        >>> network = char_lstm(67, 65)
        >>> sum(parameter.numel() for parameter in network.parameters())
        240321
        >>> network(torch.tensor([[2, 3, 4]])).shape
        torch.Size([1, 3, 65])
    """
    if not isinstance(inputs, int):
        raise LayerwiseError(
            say("A language model reads symbols of a vocabulary."), f"inputs {'x'.join(map(str, inputs))}",
            say("Give it a text file."), usage=True,
        )  # fmt: skip
    require(layers >= 1, "layers", layers, "1, 2, 3 ...")
    require(hidden_units >= 1, "hidden_units", hidden_units, "1, 2, 3 ...")
    require(embedding >= 0, "embedding", embedding, "0, 1, 2 ...")
    require(0 <= dropout < 1 and (layers > 1 or not dropout), "dropout", dropout, "0 <= share < 1, layers > 1")
    width = embedding or inputs - RESERVED
    recurrent = CELLS[cell](width, hidden_units, layers, batch_first=True, dropout=dropout)
    return LanguageNetwork(inputs, outputs, recurrent, embedding)


class LanguageNetwork(nn.Module):
    """Symbols in, a score for every next symbol out.

    Args:
        vocabulary: Ids of the vocabulary, padding and unknown included.
        symbols: Number of symbols that can come next.
        recurrent: Layers of cells, `batch_first`.
        embedding: Numbers that a symbol is turned into; 0 for one-hot.
    """

    def __init__(self, vocabulary: int, symbols: int, recurrent: nn.RNNBase, embedding: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=0) if embedding else None
        self.recurrent = recurrent
        self.output = nn.Linear(recurrent.hidden_size, symbols)

    def forward(self, tokens: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time symbols"]:
        """Return the logits of the next symbol at every place of passages that stand on their own."""
        return self.continued(tokens, None)[0]

    def continued(
        self, tokens: Int[Tensor, "batch time"], state: tuple[Tensor, ...] | None
    ) -> tuple[Float[Tensor, "batch time symbols"], tuple[Tensor, ...]]:
        """Return the logits at every place, and hidden (and cell) states after the last one, passages first."""
        # torch keeps the layers first in a state.
        begin = None if state is None else tuple(part.transpose(0, 1).contiguous() for part in state)
        if begin is not None and not isinstance(self.recurrent, nn.LSTM):
            hidden, after = self.recurrent(self.read(tokens), begin[0])
        else:
            hidden, after = self.recurrent(self.read(tokens), begin)
        ends = after if isinstance(after, tuple) else (after,)
        # z_t = V h_t + b
        return self.output(hidden), tuple(end.transpose(0, 1) for end in ends)

    def read(self, tokens: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time numbers"]:
        """Turn symbols into what the cells read; padding and unknown symbols are zeros where they are one-hot."""
        if self.embedding is not None:
            found: Tensor = self.embedding(tokens)
            return found
        return functional.one_hot(tokens, self.vocabulary)[:, :, RESERVED:].to(self.output.weight.dtype)

    def example_input(self) -> Int[Tensor, "1 time"]:
        """Return a passage of one symbol, for the layer table."""
        return torch.full((1, 1), RESERVED)
