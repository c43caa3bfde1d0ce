"""The encoder-decoder against torch run on each sequence alone, and what its options change."""

import pytest
import torch
from torch.nn import functional

from layerwise.data.tokens import PADDING
from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.models.dictionary import dictionary
from layerwise.models.seq2seq import seq2seq
from layerwise.tasks.contract import Examples
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.translate import BEGIN, END, FIRST


def network(attention=True):
    torch.manual_seed(3)
    return seq2seq(8, 9, attention=attention, embedding=3, hidden_units=4).double().eval()


def sequences(*lengths):
    draw = torch.Generator().manual_seed(5)
    return Ragged.of([torch.randint(2, 8, (length,), generator=draw) for length in lengths], PADDING)


@pytest.mark.parametrize("attention", [True, False])
def test_the_states_are_those_of_torchs_own_bidirectional_layer_on_each_sequence_alone(attention):
    model, read = network(attention), sequences(5, 1, 3)
    both = torch.nn.GRU(3, 4, batch_first=True, bidirectional=True).double()
    for side, part in (("", model.encoder_forward), ("_reverse", model.encoder_backward)):
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            getattr(both, name + side).data = getattr(part, name).data
    memory = model.remember(read[torch.arange(3)])
    for row, length in enumerate((5, 1, 3)):
        states, last = both(model.source_embedding(read.item(row))[None])
        torch.testing.assert_close(memory.states[row, :length], states[0], rtol=0, atol=1e-12)
        start = torch.tanh(model.start(torch.cat([last[0], last[1]], 1)))
        torch.testing.assert_close(memory.start[row], start[0], rtol=0, atol=1e-12)
        assert memory.mask[row].sum() == length


@pytest.mark.parametrize("attention", [True, False])
def test_an_answer_does_not_depend_on_padding_company_or_their_order(attention):
    model, read = network(attention), sequences(5, 1, 3, 7)
    given = torch.tensor([[BEGIN, 4, 5, 8]]).expand(4, -1)
    together, written = model(read[torch.arange(4)], given), model.write(read[torch.arange(4)], 9)
    wide = functional.pad(read[torch.arange(4)], (0, 11))
    torch.testing.assert_close(model(wide, given), together, rtol=0, atol=1e-12)
    assert torch.equal(model.write(wide, 9), written)
    for row in range(4):
        torch.testing.assert_close(model(read.item(row)[None], given[:1])[0], together[row], rtol=0, atol=1e-12)
        assert torch.equal(model.write(read.item(row)[None], 9)[0], written[row])


@pytest.mark.parametrize("attention", [True, False])
def test_writing_takes_the_most_probable_symbol_after_what_it_wrote(attention):
    model, read = network(attention), sequences(5, 3)[torch.arange(2)]
    written = model.write(read, 6)
    given = functional.pad(written, (1, 0), value=BEGIN)[:, :-1]
    logits = model(read, given)
    for row in range(2):
        for place in range(6):
            if written[row, place] == PADDING:
                assert END in written[row, :place]
                break
            assert written[row, place] == logits[row, place, END:].argmax() + END


def test_nothing_later_than_a_symbol_is_given_to_it():
    model, read = network(), sequences(4)[torch.arange(1)]
    given = torch.tensor([[BEGIN, 4, 5, 6]])
    other = torch.tensor([[BEGIN, 4, 7, 8]])
    torch.testing.assert_close(model(read, given)[:, :2], model(read, other)[:, :2], rtol=0, atol=0)
    assert (model(read, given)[:, 2:] != model(read, other)[:, 2:]).any()


def test_without_attention_the_input_is_known_through_one_vector_alone():
    """The fixed vector decides everything: what is in the memory beside it changes nothing; with attention it does."""
    for attention in (True, False):
        model, read = network(attention), sequences(5)[torch.arange(1)]
        given = torch.tensor([[BEGIN, 4, 5]])
        first, memory = model(read, given), model.remember(read)
        model.remember = lambda inputs, memory=memory: memory._replace(
            states=memory.states.flip(1), keys=memory.keys.flip(1) * 2
        )
        assert torch.equal(model(read, given), first) is not attention


def test_parameters_counted_by_hand():
    # embeddings, two GRUs of 3H(E + H + 2), the start, the attention, the decoder with its context, the readout
    encoder = 12 * 32 + 2 * 3 * 64 * (32 + 64 + 2) + 64 * (128 + 1)
    with_attention = encoder + (64 * 64 + 64 * 128 + 64) + 14 * 32 + 3 * 64 * (32 + 128 + 64 + 2) + 14 * (64 + 128 + 1)
    without = encoder + 14 * 32 + 3 * 64 * (32 + 64 + 2) + 14 * (64 + 1)
    for attention, expected in ((True, with_attention), (False, without)):
        model = build("seq2seq", 12, 14, {"attention": attention})
        assert sum(part.numel() for part in model.parameters()) == expected


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    model, read = seq2seq(8, 9, dropout=0.5), sequences(5)[torch.arange(1)]
    given = torch.tensor([[BEGIN, 4]])
    assert not torch.equal(model(read, given), model(read, given))
    model.eval()
    assert torch.equal(model(read, given), model(read, given))


def test_inputs_that_are_no_symbols_and_wrong_options_are_refused():
    with pytest.raises(LayerwiseError, match="symbols"):
        build("seq2seq", (1, 8, 8), 9)
    for option in ({"hidden_units": 0}, {"embedding": 0}, {"dropout": 1.0}):
        with pytest.raises(LayerwiseError, match=next(iter(option))):
            build("seq2seq", 8, 9, option)


def pairs(read, written):
    targets = [torch.tensor([*(FIRST + symbol for symbol in each), END]) for each in written]
    return Examples(
        Ragged.of([torch.tensor(each) for each in read], PADDING), Ragged.of(targets, PADDING), ("",) * len(read)
    )


def test_the_dictionary_finds_which_symbols_go_together_whatever_their_order():
    model = dictionary(6, 8)
    model.fit(pairs([[2, 3, 4], [5, 3], [4, 2, 2], [3]], [[2, 1, 0], [1, 3], [0, 0, 2], [1]]))
    # 2 -> 0, 3 -> 1, 4 -> 2, 5 -> 3; a symbol that was never read ends the answer
    assert model.best[2:].tolist() == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]
    assert model.write(torch.tensor([[5, 4, 2], [3, 0, 0]]), 5).tolist() == [
        [FIRST + 3, FIRST + 2, FIRST, END, 0], [FIRST + 1, END, 0, 0, 0],
    ]  # fmt: skip
    assert model.write(torch.tensor([[5, 4, 2]]), 2).tolist() == [[FIRST + 3, FIRST + 2]]


def test_the_dictionarys_shares_are_probabilities_by_the_rule_of_succession():
    model = dictionary(4, 6)
    model.fit(pairs([[2, 3], [2]], [[0, 1], [1]]))
    output = model(torch.tensor([[2, 3, 0]]), torch.zeros(1, 4, dtype=torch.int64)).exp()
    torch.testing.assert_close(output.sum(2), torch.ones(1, 4))
    # 2 is answered by 0 (or 1: they go with it equally); it stands at the right place once in two: (1 + 1)/(2 + 6)
    assert output[0, 0, int(model.best[2])].item() == pytest.approx(2 / 8)
    # END is always right behind the end: (2 + 1)/(2 + 6)
    assert output[0, 2, END].item() == pytest.approx(3 / 8)
