"""Translation: what is counted, that padding and company change nothing, and what is refused."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from layerwise.config import Evaluate, Train
from layerwise.data.kinds import Texts
from layerwise.data.source import Field, Source
from layerwise.data.tokens import PADDING, UNKNOWN, fit_text
from layerwise.errors import LayerwiseError
from layerwise.models.seq2seq import seq2seq
from layerwise.tasks.contract import Batch, Examples
from layerwise.tasks.ragged import Ragged, as_values
from layerwise.tasks.translate import BEGIN, END, FIRST, LONGEST, Translate

READ, WRITTEN = ["ab", "b", "abca", "cc", "a"], ["BA", "B", "ACBA", "CC", "A"]


def source(read=READ, written=WRITTEN):
    columns = {"read": Texts(read)} | ({"written": Texts(written)} if written is not None else {})
    return Source(
        "pairs", "memory", tuple(Field(name, "target" if name == "written" else "input") for name in columns), columns
    )


def examples(task, pairs=None, rows=None, fitted=None):
    pairs = pairs or source()
    step = fitted or fit_text("read", pairs.columns["read"], "characters")
    inputs = as_values(step.encoded(pairs.columns["read"]))
    return task.examples(pairs, np.arange(len(pairs)) if rows is None else rows, inputs, Train())


def small(attention=True, seed=0):
    torch.manual_seed(seed)
    return seq2seq(5, 7, attention=attention, embedding=4, hidden_units=5).double().eval()


TASK = Translate.of(source(), np.arange(5), "auto")


def test_the_vocabulary_and_the_longest_answer_are_those_of_the_training_rows():
    assert TASK.symbols == ("A", "B", "C")
    assert TASK.longest == 8
    part = Translate.of(source(), np.array([1, 4]), "auto")
    assert part.symbols == ("A", "B")
    assert part.outputs() == FIRST + 2
    assert part.encoded("ABC").tolist() == [FIRST, FIRST + 1, UNKNOWN, END]
    assert Translate.from_json(json.loads(json.dumps(part.to_json()))) == part


def test_words_are_symbols_where_they_are_asked_for():
    pairs = source(["x y"] * 2, ["the cat", "the old cat"])
    task = Translate.of(pairs, np.arange(2), "auto").spelled(pairs, np.arange(2), "words")
    assert (task.symbols, task.unit, task.longest) == (("cat", "old", "the"), "words", 6)
    assert examples(task, pairs).targets.item(0).tolist() == [FIRST + 2, FIRST, END]


def test_an_answer_is_read_up_to_its_end():
    assert TASK.decoded([FIRST, FIRST + 2, END, FIRST]) == "AC"
    assert TASK.decoded([FIRST, PADDING, FIRST]) == "A"
    assert TASK.decoded(TASK.encoded("CAB").tolist()) == "CAB"
    assert Translate(("one", "two"), unit="words").decoded([FIRST, FIRST + 1, END]) == "one two"


def test_the_loss_is_the_cross_entropy_of_each_symbol_and_the_end_given_the_right_ones_before():
    model, held = small(), examples(TASK)
    expected = 0.0
    for row in range(5):
        inputs, wanted = held.inputs.item(row)[None], held.targets.item(row)
        given = torch.tensor([[BEGIN, *wanted[:-1].tolist()]])
        expected += functional.cross_entropy(model(inputs, given)[0], wanted, reduction="sum")
    result = TASK.loss(model, held.batch(torch.arange(5)), None)
    torch.testing.assert_close(result.total, expected, rtol=0, atol=1e-12)
    # symbols and one END each
    assert result.count == sum(map(len, WRITTEN)) + 5


@pytest.mark.parametrize("attention", [True, False])
def test_padding_batch_size_and_order_change_nothing(attention):
    model, held = small(attention), examples(TASK)
    whole = held.batch(torch.arange(5))
    total = TASK.loss(model, whole, None).total
    alone = sum(TASK.loss(model, held.batch(torch.tensor([row])), None).total for row in range(5))
    mixed = TASK.loss(model, held.batch(torch.tensor([3, 0, 4, 2, 1])), None).total
    wider = Batch(functional.pad(whole.inputs, (0, 7)), functional.pad(whole.targets, (0, 4)), whole.rows)
    for other in (alone, mixed, TASK.loss(model, wider, None).total):
        torch.testing.assert_close(other, total, rtol=0, atol=1e-6)
    gradients = [
        torch.autograd.grad(TASK.loss(model, batch, None).total, list(model.parameters())) for batch in (whole, wider)
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)
    answers = TASK.answer(model, held)
    assert TASK.answer(model, examples(TASK, rows=np.array([2, 4, 0]))).tolist() == answers[[2, 4, 0]].tolist()


def test_a_mask_that_is_left_out_is_noticed():
    """The same network reading padding as if it were a symbol answers differently: the test above can fail."""
    model, held = small(), examples(TASK)
    whole = held.batch(torch.arange(5))
    given = functional.pad(whole.targets, (1, 0), value=BEGIN)[:, :-1]
    right = model(whole.inputs, given)
    memory = model.remember(whole.inputs)
    model.remember = lambda inputs: memory._replace(mask=torch.ones_like(memory.mask))
    assert (model(whole.inputs, given) - right).abs().max() > 1e-3


def test_weights_count_examples():
    model, held = small(), examples(TASK)
    plain = held.batch(torch.arange(5))
    weighted = Batch(plain.inputs, plain.targets, plain.rows, torch.tensor([1.0, 0.0, 2.0, 0.0, 0.0]))
    parts = [TASK.loss(model, held.batch(torch.tensor([row])), None) for row in (0, 2)]
    result = TASK.loss(model, weighted, None)
    torch.testing.assert_close(result.total, parts[0].total + 2 * parts[1].total)
    assert result.count == parts[0].count + 2 * parts[1].count


def test_figures_of_answers_counted_by_hand():
    truths, answers = (np.array(side, dtype=object) for side in (["abc", "ab", "b", "cc"], ["abc", "ba", "bb", "c"]))
    found = TASK.measure(truths, answers, Evaluate(), seed=0).metrics
    assert found["exact_match"].value == 0.25
    # Wilson's interval of 1 in 4 (R: binom::binom.wilson(1, 4))
    assert (round(found["exact_match"].low, 4), round(found["exact_match"].high, 4)) == (0.0456, 0.6994)
    # places right: 3 of 3, 0 of 2, 1 of 2, 1 of 2
    assert found["symbol_accuracy"].value == pytest.approx(5 / 9)
    assert found["symbol_accuracy"].low < 5 / 9 < found["symbol_accuracy"].high


def test_a_word_is_a_symbol_where_words_are_read():
    task = Translate(("the", "cat"), unit="words")
    truths = np.array(["the  cat", "cat"], dtype=object)
    found = task.measure(truths, np.array(["the cat", "the"], dtype=object), Evaluate(), seed=0).metrics
    assert found["exact_match"].value == 0.5


def test_examples_of_similar_length_are_learned_from_together():
    task = Translate(tuple("ab"))
    draw = np.random.default_rng(0)
    read = ["".join(draw.choice(list("ab"), draw.integers(1, 30))) for _ in range(200)]
    held = examples(task, source(read, read))
    batches = held.batches(0, 0, 20)
    assert sorted(torch.cat(batches).tolist()) == list(range(200))
    assert max(int(held.inputs.lengths[rows].max() - held.inputs.lengths[rows].min()) for rows in batches) <= 6
    assert [rows.tolist() for rows in batches] != [rows.tolist() for rows in held.batches(0, 1, 20)]


def test_new_data_may_lack_the_target_but_not_symbols_that_were_learned():
    fitted = fit_text("read", Texts(READ), "characters")
    held = examples(TASK, source(["ba"], None), fitted=fitted)
    assert held.targets.shape == (1, 0)
    assert held.truths is None
    assert len(TASK.labels(TASK.answer(small(), held))) == 1
    with pytest.raises(LayerwiseError, match="row 2: symbol 3 was never seen"):
        examples(TASK, source(["ba", "abz"], None), fitted=fitted)


@pytest.mark.parametrize(
    ("read", "written", "words"),
    [
        (["a", ""], ["A", "B"], "row 2: 'read' is empty"),
        (["a", "b"], ["A", ""], "row 2: 'written' is empty"),
        (["a", "b" * (LONGEST + 1)], ["A", "B"], f"row 2: 'read' has {LONGEST + 1}"),
        (["a", "b"], ["A", "B" * (LONGEST + 1)], f"row 2: 'written' has {LONGEST + 1}"),
    ],
)
def test_an_empty_and_an_endless_sequence_are_refused(read, written, words):
    with pytest.raises(LayerwiseError, match=words):
        examples(TASK, source(read, written))


def test_other_losses_networks_and_inputs_are_refused():
    with pytest.raises(LayerwiseError, match="squared-error"):
        Translate.of(source(), np.arange(5), "squared-error")
    with pytest.raises(LayerwiseError, match="is empty"):
        Translate.of(source(READ, [""] * 5), np.arange(5), "auto")
    with pytest.raises(LayerwiseError, match="write"):
        TASK.answer(torch.nn.Linear(2, 2), examples(TASK))
    with pytest.raises(LayerwiseError, match="no text"):
        TASK.examples(source(), np.arange(5), torch.zeros(5, 3), Train())


def test_an_answer_without_an_end_is_cut_off():
    class Endless(torch.nn.Module):
        def forward(self, inputs, given):
            return torch.zeros(*given.shape, 7)

        def write(self, inputs, longest):
            return torch.full((len(inputs), longest), FIRST)

    held = Examples(Ragged.of([torch.tensor([2])], 0), torch.zeros(1, 0), ("row 1",))
    assert TASK.answer(Endless(), held).tolist() == ["A" * (TASK.longest + 1)]
