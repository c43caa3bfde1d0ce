"""Language modelling: passages and their targets, state that only continues what it should, figures by hand."""

import csv
import io
import json
import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.config import Evaluate, Train
from layerwise.data.kinds import Texts
from layerwise.data.source import Field, Source
from layerwise.data.tokens import TextStep
from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.tasks.arrangement import in_streams
from layerwise.tasks.carried import beginning, carried, read_on
from layerwise.tasks.continuing import draw, write_on
from layerwise.tasks.contract import Batch, WritesFiles
from layerwise.tasks.language import Language, blocks_of
from layerwise.tasks.passages import passages
from layerwise.tasks.ragged import as_values

TASK = Language(tuple("abcd"))


def tokens(number, symbols=4, seed=0):
    return torch.randint(2, 2 + symbols, (number,), generator=torch.Generator().manual_seed(seed))


def network(cell="lstm", seed=0, layers=2):
    torch.manual_seed(seed)
    return build("char-lstm", 6, 4, {"cell": cell, "hidden_units": 8, "layers": layers}).double()


def text_source(*lines, unit="characters"):
    return Source("verse", "memory", (Field("text"),), {"text": Texts(list(lines), unit=unit)})


def test_the_target_is_the_input_shifted_by_one():
    text = tokens(103)
    found = passages(text, 10)
    assert found.inputs.shape == (11, 10)
    read, asked = found.inputs.flatten()[:102], found.targets.flatten()[:102]
    assert torch.equal(read, text[:-1])
    assert torch.equal(asked, text[1:] - 2)
    assert (found.inputs.flatten()[102:] == 0).all()
    assert (found.targets.flatten()[102:] == -1).all()
    assert np.array_equal(found.truths.flatten()[:102], text[1:].numpy())
    assert found.ids[:3] == ("1", "11", "21")


@pytest.mark.parametrize(("length", "batch"), [(10, 4), (7, 3), (1, 5), (50, 50), (10, 200)])
def test_streams_are_contiguous_and_hold_every_passage_once(length, batch):
    found = passages(tokens(203), length)
    order = in_streams(found, 0, 0, batch)
    assert sorted(torch.cat(order).tolist()) == list(range(len(found)))
    together = len(found) // len(order[0])
    for rows, following in pairwise(order[:together]):
        assert torch.equal(following, rows + 1)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_reading_in_passages_is_reading_the_whole_text(cell):
    model, text = network(cell), tokens(61)
    found = passages(text, 5)
    whole, _ = model.continued(text[None, :-1], None)
    state, parts = None, []
    for row in range(12):
        result = TASK.loss(model, found.batch(torch.tensor([row])), state)
        parts.append(result.output)
        state = result.state
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=0, atol=1e-12)


def test_a_state_continues_its_own_stream_and_nothing_else():
    state = carried(torch.tensor([3, 8]), (torch.tensor([[1.0], [2.0]]),), None)
    assert beginning(state, torch.tensor([4, 9]))[0].tolist() == [[1.0], [2.0]]
    assert beginning(state, torch.tensor([9, 4]))[0].tolist() == [[2.0], [1.0]], "the order of the rows does not matter"
    assert beginning(state, torch.tensor([3, 5, 8, 10]))[0].tolist() == [[0.0]] * 4
    assert beginning(None, torch.tensor([4])) is None


def test_the_newest_end_of_a_passage_counts():
    first = carried(torch.tensor([3]), (torch.tensor([[1.0]]),), None)
    second = carried(torch.tensor([3]), (torch.tensor([[5.0]]),), first)
    assert beginning(second, torch.tensor([4]))[0].tolist() == [[5.0]]


def test_what_is_carried_stays_bounded():
    state = None
    for step in range(200):
        rows = torch.arange(50) * 200 + step
        state = carried(rows, (torch.zeros(50, 2, 8),), state)
    assert len(state["rows"]) == len(state["memory"][0]) == 50
    for step in range(200):
        for rows in (torch.arange(50) * 200 + step).split(13):
            state = carried(rows, (torch.zeros(len(rows), 2, 8),), state, whole=50)
    assert len(state["rows"]) == len(state["memory"][0]) == 100


@pytest.mark.parametrize("pieces", [1, 4, 50])
def test_pieces_of_a_batch_continue_what_the_whole_batch_continues(pieces):
    # Each passage hands its own number on; a batch in one piece comes before batches in several.
    rows, state = torch.arange(50) * 200, None
    for step, cut in enumerate((1, pieces, pieces, 1, pieces)):
        for some in (rows + step).tensor_split(cut):
            found = beginning(state, some)
            if found is not None:
                assert found[0].flatten().tolist() == (some - 1).tolist()
            state = carried(some, (some[:, None].float(),), state, whole=50 if cut > 1 else 0)


def test_the_gradient_is_cut_at_the_border_of_two_batches():
    model, found = network(), passages(tokens(41), 5)
    first = TASK.loss(model, found.batch(torch.tensor([0, 4])), None)
    assert all(not part.requires_grad for part in first.state["memory"])
    rows = torch.tensor([1, 5])
    second = TASK.loss(model, found.batch(rows), first.state)
    fresh = tuple(part.clone() for part in first.state["memory"])
    output, _ = model.continued(found.inputs[rows], fresh)
    expected = nn.functional.cross_entropy(output.flatten(0, 1), found.targets[rows].flatten(), reduction="sum")
    mine = torch.autograd.grad(second.total, list(model.parameters()))
    theirs = torch.autograd.grad(expected, list(model.parameters()))
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_a_batch_in_pieces_carries_the_state_of_every_piece():
    model, found = network(), passages(tokens(101), 5)
    order = in_streams(found, 0, 0, 4)
    whole, pieces = None, None
    for rows in order:
        one = TASK.loss(model, found.batch(rows), whole)
        whole, total = one.state, torch.zeros(()).double()
        for piece in found.batch(rows).pieces(2):
            part = TASK.loss(model, piece, pieces)
            pieces, total = part.state, total + part.total
        torch.testing.assert_close(total, one.total, rtol=0, atol=1e-10)


def test_padding_changes_nothing():
    model, found = network(), passages(tokens(38), 10)
    last = len(found) - 1
    alone = found.inputs[last][:7]
    padded = TASK.loss(model, found.batch(torch.tensor([last])), None)
    output = model(alone[None])
    assert float(padded.count) == 7
    expected = nn.functional.cross_entropy(output[0], found.targets[last][:7], reduction="sum")
    torch.testing.assert_close(padded.total, expected, rtol=0, atol=1e-12)


def test_weights_count_passages():
    model, found = network(), passages(tokens(31), 10)
    batch = found.batch(torch.arange(3))
    weighted = TASK.loss(model, Batch(batch.inputs, batch.targets, batch.rows, torch.tensor([2.0, 0.0, 1.0])), None)
    parts = [TASK.loss(model, found.batch(torch.tensor([row])), None) for row in range(3)]
    torch.testing.assert_close(weighted.total, 2 * parts[0].total + parts[2].total, rtol=1e-9, atol=0)
    assert float(weighted.count) == 30


def test_the_loss_at_the_start_is_about_the_logarithm_of_the_vocabulary():
    for symbols in (6, 65):
        torch.manual_seed(0)
        model = build("char-lstm", symbols + 2, symbols)
        result = Language(tuple(map(chr, range(symbols)))).loss(
            model, passages(tokens(501, symbols), 50).batch(torch.arange(10)), None
        )
        assert abs(float(result.total.detach()) / 500 - math.log(symbols)) < 0.05


class Uniform(nn.Module):
    def __init__(self, symbols):
        super().__init__()
        self.symbols = symbols

    def forward(self, read):
        return torch.zeros((*read.shape, self.symbols))


def test_a_uniform_model_is_as_perplexed_as_the_vocabulary_is_large():
    found = passages(tokens(501), 20)
    figures = TASK.measure(found.truths, TASK.answer(Uniform(4), found), Evaluate(resamples=100), seed=0).metrics
    assert figures["perplexity"].value == pytest.approx(4)
    assert figures["bits"].value == pytest.approx(2)
    assert figures["nats"].value == pytest.approx(math.log(4))
    assert figures["nats"].n == 500
    assert figures["next_symbol"].value == pytest.approx(float((found.targets == 0).float().sum() / 500))


def test_answers_are_those_of_the_whole_text_read_at_once():
    model, text = network(), tokens(301)
    found = passages(text, 7)
    whole, _ = model.continued(text[None, :-1], None)
    expected = nn.functional.cross_entropy(whole[0], text[1:] - 2, reduction="none")
    answers = TASK.answer(model, found)
    read = answers[:, :, 0].flatten()[:300]
    np.testing.assert_allclose(read, expected.detach().numpy(), atol=1e-10)
    assert np.array_equal(answers[:, :, 1].flatten()[:300], whole[0].argmax(1).numpy())
    assert (answers[:, :, 1].flatten()[300:] == -1).all()
    assert TASK.labels(answers)[0] == "".join("abcd"[place] for place in whole[0, :7].argmax(1))
    assert "".join(TASK.words(found.truths)) == "".join("abcd"[number - 2] for number in text[1:])


def test_many_streams_lose_next_to_nothing():
    model, text = network(), tokens(4001)
    found = passages(text, 10)
    assert TASK.streams(400, 10) == 6
    whole, _ = model.continued(text[None, :-1], None)
    expected = nn.functional.cross_entropy(whole[0], text[1:] - 2).item()
    assert TASK.answer(model, found)[:, :, 0].sum() / 4000 == pytest.approx(expected, abs=1e-4)


def test_unknown_symbols_are_left_out_of_the_figures_and_counted():
    text = torch.tensor([2, 3, 1, 4, 2, 1, 3, 2, 4, 5, 2])
    found = passages(text, 4)
    assert found.targets.flatten().tolist() == [1, -1, 2, 0, -1, 1, 0, 2, 3, 0, -1, -1]
    model = network()
    result = TASK.loss(model, found.batch(torch.arange(3)), None)
    assert float(result.count) == 8
    figures = TASK.measure(found.truths, TASK.answer(model, found), Evaluate(resamples=100), seed=0).metrics
    assert figures["nats"].n == 8
    assert figures["unknown"].value == pytest.approx(0.2)
    assert TASK.words(found.truths)[0] == "b\ufffdca"


def test_the_figures_can_be_recounted_from_the_file():
    model, found = network(), passages(tokens(101), 9)
    answers = TASK.answer(model, found)
    assert isinstance(TASK, WritesFiles)
    rows = list(csv.DictReader(io.StringIO(TASK.files(found.ids, found.truths, answers)["passages.csv"].decode())))
    figures = TASK.measure(found.truths, answers, Evaluate(resamples=100), seed=0).metrics
    symbols = sum(int(row["symbols"]) for row in rows)
    assert symbols == figures["nats"].n == 100
    assert sum(float(row["nats"]) for row in rows) / symbols == pytest.approx(figures["nats"].value, rel=1e-6)
    assert sum(int(row["right"]) for row in rows) / symbols == pytest.approx(figures["next_symbol"].value)


def test_the_interval_holds_for_losses_that_depend_on_their_neighbours():
    """A first-order autoregression with coefficient 0.98: as if the symbols were independent, it would miss."""
    generator = np.random.default_rng(5)
    inside = Counter()
    for _ in range(60):
        noise = generator.normal(size=6000)
        losses = np.empty(6000)
        losses[0] = noise[0] / math.sqrt(1 - 0.98**2)
        for place in range(1, 6000):
            losses[place] = 0.98 * losses[place - 1] + noise[place]
        answers = np.stack([20 + losses.reshape(-1, 50), np.zeros((120, 50))], axis=2)
        truths = np.full((120, 50), 2)
        found = TASK.measure(truths, answers, Evaluate(resamples=300), seed=0).metrics["nats"]
        spread = losses.std() / math.sqrt(6000)
        inside["blocks"] += found.low <= 20 <= found.high
        inside["independent"] += abs(losses.mean()) <= 1.96 * spread
    assert inside["blocks"] >= 52
    assert inside["independent"] <= 30


def test_blocks_are_thirty_neighbourhoods():
    blocks = blocks_of(1003)
    assert len(np.unique(blocks)) == 30
    assert (np.diff(blocks) >= 0).all()
    assert set(np.bincount(blocks)) == {33, 34}


def test_the_symbols_come_from_the_training_rows_alone():
    source = text_source("ab\n", "ba\n", "xyz\n")
    task = Language.of(source, np.array([0, 1]), "auto")
    assert task.symbols == ("\n", "a", "b")
    assert Language.from_json(json.loads(json.dumps(task.to_json()))) == task
    step = TextStep("text", task.symbols, "characters")
    inputs = as_values(step.encoded(source.columns["text"]))
    parts = [
        task.examples(source, rows, inputs, Train(sequence_length=4)) for rows in (np.array([1, 0]), np.array([2]))
    ]
    assert parts[0].inputs.tolist() == [[3, 4, 2, 4], [3, 0, 0, 0]], "rows are read in their order"
    assert parts[1].truths.tolist() == [[1, 1, 2, 0]]
    assert len(task.examples(source, np.array([], dtype=np.int64), inputs, Train())) == 0


def test_words_are_symbols_where_the_text_is_read_by_words():
    source = text_source("Hello World ! ", "It's an apple", unit="words")
    task = Language.of(source, np.array([0, 1]), "auto")
    assert task.symbols == ("!", "Hello", "It's", "World", "an", "apple")
    assert task.written(np.array([1, 3, 0])) == "Hello World !"


def test_a_part_of_one_symbol_is_refused():
    source = text_source("abab\n", "a")
    task = Language.of(source, np.array([0]), "auto")
    inputs = as_values(TextStep("text", task.symbols, "characters").encoded(source.columns["text"]))
    with pytest.raises(LayerwiseError, match="at least two symbols"):
        task.examples(source, np.array([1]), inputs, Train())


def test_other_sources_and_losses_are_refused():
    with pytest.raises(LayerwiseError, match="A loss must suit"):
        Language.of(text_source("ab"), np.array([0]), "squared-error")
    two = Source("two", "memory", (Field("a"), Field("b")), {"a": Texts(["x"]), "b": Texts(["y"])})
    with pytest.raises(LayerwiseError, match="one field of text"):
        Language.of(two, np.array([0]), "auto")


def learn(model, task, found, steps):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        result = task.loss(model, found.batch(torch.arange(len(found))), None)
        optimizer.zero_grad()
        (result.total / result.count).backward()
        optimizer.step()
    return float(result.total.detach() / result.count)


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_the_sentence_of_the_lecture_is_learned_by_heart_and_written_again(unit):
    """S43: after over-fitting, greedy writing from "Hello" returns "Hello World ! It's an apple"."""
    sentence = "Hello World ! It's an apple"
    source = text_source(sentence, unit=unit)
    task = Language.of(source, np.array([0]), "auto")
    step = TextStep("text", task.symbols, unit)
    found = task.examples(source, np.array([0]), as_values(step.encoded(source.columns["text"])), Train())
    torch.manual_seed(0)
    model = build("char-lstm", step.size, task.outputs(), {"layers": 1, "hidden_units": 32})
    first = float(task.loss(model, found.batch(torch.arange(1)), None).total.detach()) / (found.targets >= 0).sum()
    assert abs(first - math.log(task.outputs())) < 0.15
    assert learn(model, task, found, 150) < 0.05
    start = torch.from_numpy(step.encoded(Texts(["Hello"]))[0])
    rest = write_on(model, start, length=5 if unit == "words" else 22, temperature=0.0, generator=torch.Generator())
    written = ("Hello " if unit == "words" else "Hello") + task.written(rest.numpy() - 2)
    assert written == sentence


def test_drawing_at_temperature_one_is_softmax_by_chi_square():
    scores = torch.tensor([[0.0, 1.0, -1.0, 2.0, 0.5]])
    drawn = draw(scores.expand(100_000, -1), 1.0, torch.Generator().manual_seed(0))
    expected = scores[0].double().softmax(0).numpy() * 100_000
    counts = np.bincount(drawn.numpy(), minlength=5)
    # The 99.9 % quantile of chi-square with 4 degrees of freedom is 18.47.
    assert ((counts - expected) ** 2 / expected).sum() < 18.47
    other = draw(scores.expand(100_000, -1), 0.5, torch.Generator().manual_seed(0))
    wrong = np.bincount(other.numpy(), minlength=5)
    assert ((wrong - expected) ** 2 / expected).sum() > 1000
    sharper = (2 * scores[0].double()).softmax(0).numpy() * 100_000
    assert ((wrong - sharper) ** 2 / sharper).sum() < 18.47


def test_writing_reads_on_from_what_it_wrote_and_repeats_with_its_seed():
    model, start = network(), torch.tensor([2, 3])
    written = write_on(model, start, length=6, temperature=0.0, generator=torch.Generator())
    read = torch.cat([start, written])
    logits, _ = model.continued(read[None], None)
    assert torch.equal(logits[0, 1:-1].argmax(1) + 2, written)
    one, again, other = (
        write_on(model, start, length=40, temperature=1.0, generator=torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_network_without_memory_reads_each_passage_on_its_own():
    output, memory = read_on(Uniform(4), torch.tensor([[2, 3]]), None)
    assert output.shape == (1, 2, 4)
    assert memory == ()
