"""The reversal set: what it promises, and that no part holds a sequence of another."""

from collections import Counter

from layerwise.data.builtin import builtin
from layerwise.data.generated_sequences import reversal
from layerwise.data.inspect import inspect


def test_every_answer_is_the_reversal_and_no_sequence_occurs_twice():
    source = builtin("reversal")
    read, written = (source.columns[name].values for name in ("sequence", "reversed"))
    assert all(one == other[::-1] for one, other in zip(read, written, strict=True))
    assert len(set(read)) == len(read) == 10_000
    assert source.columns["part"].counts() == {"train": 8000, "validation": 1000, "test": 1000}
    assert [(part.name, part.role) for part in source.fields] == [
        ("sequence", "input"), ("reversed", "target"), ("part", "part"),
    ]  # fmt: skip


def test_lengths_and_letters_are_uniform():
    read = reversal(0)["sequence"].values
    lengths = Counter(map(len, read))
    assert sorted(lengths) == [10, 11, 12, 13, 14, 15]
    # 10,000 draws of six equally likely lengths: 1,667 each, standard deviation 37.
    assert all(abs(count - 10_000 / 6) < 5 * 37.3 for count in lengths.values())
    letters = Counter("".join(read))
    assert sorted(letters) == list("abcdefghij")
    total = sum(letters.values())
    assert all(abs(count / total - 0.1) < 0.005 for count in letters.values())


def test_the_set_is_the_same_every_time_and_another_seed_gives_another():
    assert builtin("reversal").fingerprint() == builtin("reversal").fingerprint()
    assert reversal(1)["sequence"].values != reversal(2)["sequence"].values


def test_what_is_here_names_task_model_and_command():
    found = inspect(builtin("reversal"))
    assert (found.target, found.task, found.model) == ("reversed", "translate", "seq2seq")
    assert found.command == "layerwise train reversal seq2seq"
    assert found.findings == ()
