"""Encoder and decoder: one recurrent network reads a sequence, another writes one of a different length.

Cho and others 2014 (arXiv:1406.1078) and Sutskever, Vinyals and Le 2014 (arXiv:1409.3215): everything read is put into
one fixed vector. Bahdanau, Cho and Bengio 2015 (arXiv:1409.0473): at each step the decoder attends to the places that
matter. Lectures 000, 001 and 003, machine translation; lecture 001, attention.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.data.tokens import PADDING
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.attention import AdditiveAttention
from layerwise.models.inputs import InputShape, require
from layerwise.tasks.translate import BEGIN, END

__all__ = ["Memory", "Seq2Seq", "Step", "seq2seq"]


class Memory(NamedTuple):
    """What the encoder leaves to the decoder.

    Attributes:
        states: h_j of every place, both directions.
        keys: U h_j, which attention needs at every step; empty without attention.
        mask: True where the input has a symbol.
        start: s_0, the state of the decoder before its first step; without attention all that it gets.
    """

    states: Float[Tensor, "batch places memory_features"]
    keys: Float[Tensor, "batch places units"]
    mask: Bool[Tensor, "batch places"]
    start: Float[Tensor, "batch hidden_units"]


class Step(NamedTuple):
    """One step of the decoder.

    Attributes:
        state: s_i after the step.
        context: c_i that the step used; without columns where there is no attention.
    """

    state: Float[Tensor, "batch hidden_units"]
    context: Float[Tensor, "batch context_features"]


@register(
    "seq2seq",
    task="translate",
    source="arXiv:1409.0473",
    lecture="001 Attention",
    small={"inputs": 6, "outputs": 8, "embedding": 5, "hidden_units": 6},
    train={"learning_rate": 0.002, "batch_size": 64, "clip_norm": 1.0, "schedule": "cosine"},
)
def seq2seq(
    inputs: InputShape,
    outputs: int,
    *,
    attention: bool = True,
    embedding: int = 32,
    hidden_units: int = 64,
    dropout: float = 0.0,
) -> nn.Module:
    """A GRU reads the input in both directions, another GRU writes the answer symbol by symbol.

    h_j = [GRU forward; GRU backward],  s_0 = tanh(A [last state forward; last state backward]),
    s_i = GRU([E y_(i-1); c_i], s_(i-1)),  p(y_i) = softmax(R [s_i; c_i] + b)

    With attention the context c_i = sum_j alpha_ij h_j is drawn from every place anew at each step. Without it there is
    no c_i: everything that was read reaches the decoder in the fixed vector s_0. Nothing else differs.

    Args:
        inputs: Size of the vocabulary that is read, padding and the unknown symbol included.
        outputs: Size of the vocabulary that is written, with padding, unknown, begin and end.
        attention: Attend to the places of the input at each step, or keep one fixed vector.
        embedding: Numbers that stand for one symbol.
        hidden_units: Units of each GRU and of the hidden layer of the attention.
        dropout: Share of the embedding and of the decoder's output left out in training, 0 <= share < 1.

    Raises:
        LayerwiseError: The inputs are no symbols, or an option is out of range.

    Source: arXiv:1409.0473, section 3 (GRU of 1000 units, a maxout readout); here small, with a linear readout.

    Example:
        >>> network = seq2seq(12, 14)
        >>> sum(part.numel() for part in network.parameters())
        105166
        >>> network(torch.tensor([[2, 3, 4]]), torch.tensor([[BEGIN, 6]])).shape
        torch.Size([1, 2, 14])
    """
    if not isinstance(inputs, int):
        raise LayerwiseError(
            say("A sequence network reads the symbols of a text."), say("inputs of shape {}", inputs),
            say("Choose a data set with a text field, or another model: layerwise models"), usage=True,
        )  # fmt: skip
    require(embedding >= 1, "embedding", embedding, "1, 2, 3 ...")
    require(hidden_units >= 1, "hidden_units", hidden_units, "1, 2, 3 ...")
    require(0 <= dropout < 1, "dropout", dropout, "0 <= share < 1")
    return Seq2Seq(
        inputs, outputs, embedding=embedding, hidden_units=hidden_units, attention=attention, dropout=dropout
    )


class Seq2Seq(nn.Module):
    """The network that `seq2seq` builds.

    Args:
        inputs: Size of the vocabulary that is read.
        outputs: Size of the vocabulary that is written.
        embedding: Numbers that stand for one symbol.
        hidden_units: Units of each GRU.
        attention: Attend, or keep one fixed vector.
        dropout: Share left out in training.
    """

    def __init__(
        self, inputs: int, outputs: int, *, embedding: int, hidden_units: int, attention: bool, dropout: float
    ) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(inputs, embedding, padding_idx=PADDING)
        self.encoder_forward = nn.GRU(embedding, hidden_units, batch_first=True)
        self.encoder_backward = nn.GRU(embedding, hidden_units, batch_first=True)
        self.start = nn.Linear(2 * hidden_units, hidden_units)
        self.attention = AdditiveAttention(hidden_units, 2 * hidden_units, hidden_units) if attention else None
        context = 2 * hidden_units if attention else 0
        self.target_embedding = nn.Embedding(outputs, embedding, padding_idx=PADDING)
        self.decoder = nn.GRUCell(embedding + context, hidden_units)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(hidden_units + context, outputs)

    def remember(self, inputs: Int[Tensor, "batch places"]) -> Memory:
        """Read the input in both directions; padding behind the end changes nothing.

        Args:
            inputs: Symbols, padded with 0 behind the end.
        """
        mask = inputs != PADDING
        lengths, places = mask.sum(1, keepdim=True), torch.arange(inputs.shape[1], device=inputs.device)
        embedded = self.dropout(self.source_embedding(inputs))
        forward, _ = self.encoder_forward(embedded)
        # Turned round within its own length, so that the backward direction begins at the last symbol, not at padding.
        turned = torch.where(mask, lengths - 1 - places, places).unsqueeze(2)
        backward, _ = self.encoder_backward(embedded.gather(1, turned.expand_as(embedded)))
        backward = backward.gather(1, turned.expand_as(backward))
        states = torch.cat([forward, backward], 2)
        last = (lengths - 1).clamp(min=0).unsqueeze(2).expand(-1, 1, forward.shape[2])
        summary = torch.cat([forward.gather(1, last).squeeze(1), backward[:, 0]], 1)
        keys = states[:, :, :0] if self.attention is None else self.attention.keys(states)
        # s_0 = tanh(A [last state forward; last state backward])
        return Memory(states, keys, mask, torch.tanh(self.start(summary)))

    def step(
        self,
        memory: Memory,
        state: Float[Tensor, "batch hidden_units"],
        embedded: Float[Tensor, "batch embedding"],
    ) -> Step:
        """Take one step of the decoder.

        Args:
            memory: What the encoder left.
            state: s_(i-1).
            embedded: The symbol before, as numbers.
        """
        if self.attention is None:
            # No context: a tensor without columns, so that the lines below hold for both.
            return Step(self.decoder(embedded, state), memory.states[:, 0, :0])
        context = self.attention(state, memory.states, memory.keys, memory.mask).context
        # s_i = GRU([E y_(i-1); c_i], s_(i-1))
        return Step(self.decoder(torch.cat([embedded, context], 1), state), context)

    def logits(
        self, states: Float[Tensor, "*batch hidden_units"], contexts: Float[Tensor, "*batch context_features"]
    ) -> Float[Tensor, "*batch outputs"]:
        """Return R [s_i; c_i] + b."""
        read: Tensor = self.readout(self.dropout(torch.cat([states, contexts], -1)))
        return read

    def forward(
        self, inputs: Int[Tensor, "batch places"], given: Int[Tensor, "batch steps"] | None = None
    ) -> Float[Tensor, "batch steps outputs"]:
        """Return the logits of every symbol of the answer, each after the given symbols before it (teacher forcing).

        Args:
            inputs: Symbols to read, padded with 0.
            given: BEGIN and the right answer without its last symbol; BEGIN alone when left out.
        """
        if given is None:
            given = inputs.new_full((len(inputs), 1), BEGIN)
        memory, embedded = self.remember(inputs), self.dropout(self.target_embedding(given))
        state, states, contexts = memory.start, [], []
        for symbol in embedded.unbind(1):
            state, context = self.step(memory, state, symbol)
            states.append(state)
            contexts.append(context)
        return self.logits(torch.stack(states, 1), torch.stack(contexts, 1))

    def write(self, inputs: Int[Tensor, "batch places"], longest: int) -> Int[Tensor, "batch longest"]:
        """Write an answer greedily: the most probable symbol at each step, up to END; padding behind it.

        Args:
            inputs: Symbols to read, padded with 0.
            longest: Symbols after which an answer without an end is cut off.
        """
        memory = self.remember(inputs)
        state, symbol = memory.start, inputs.new_full((len(inputs),), BEGIN)
        written = inputs.new_full((len(inputs), longest), PADDING)
        open_ended = torch.ones(len(inputs), dtype=torch.bool, device=inputs.device)
        for place in range(longest):
            state, context = self.step(memory, state, self.target_embedding(symbol))
            # Padding, the unknown symbol and BEGIN are never an answer.
            symbol = self.logits(state, context)[:, END:].argmax(1) + END
            written[:, place] = torch.where(open_ended, symbol, PADDING)
            open_ended &= symbol != END
            if not open_ended.any():
                break
        return written

    def example_input(self) -> Int[Tensor, "1 places"]:
        """Return one example for tables: a sequence of three symbols."""
        return torch.full((1, 3), self.source_embedding.num_embeddings - 1)
