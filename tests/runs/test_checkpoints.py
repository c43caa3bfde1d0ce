"""A checkpoint comes back bit for bit, the right ones are kept, and what it was never is guessed."""

import errno
import json
import math
import os
import shutil
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import nn

from layerwise.errors import LayerwiseError
from layerwise.files import sha256
from layerwise.runs.checkpoints import best, complete, latest, load, newest_whole, save
from layerwise.runs.trees import flatten, serialise, unflatten


def bits(tensor):
    return tensor.dtype, tuple(tensor.shape), tensor.contiguous().reshape(-1).view(torch.uint8).tolist()


def equal(one, other):
    """Same types, same order, same bits; NaN equals NaN."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and bits(one) == bits(other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and list(one) == list(other)
            and [type(key) for key in one] == [type(key) for key in other]
            and all(equal(one[key], other[key]) for key in one)
        )
    if isinstance(one, list | tuple):
        return (
            type(one) is type(other)
            and len(one) == len(other)
            and all(equal(*pair) for pair in zip(one, other, strict=True))
        )
    if isinstance(one, float):
        # The sign of zero counts, too.
        return type(other) is float and (repr(one) == repr(other))
    return type(one) is type(other) and one == other


def learned():
    """Return a network, its optimiser after some updates, and everything else a run carries."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 2)).train()
    optimizer = torch.optim.Adam(model.parameters(), amsgrad=True)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(5, 4)).square().sum().backward()
        optimizer.step()
    table = torch.arange(12.0).reshape(3, 4)
    return {
        "model": dict(model.state_dict()), "optimizer": optimizer.state_dict(), "random": torch.get_rng_state(),
        "carried": (table[:, 1], [table.T, None], {}), "tied": [model[0].weight, model[0].weight],
        "flags": torch.tensor([True, False]), "count": torch.tensor(7), "none": torch.zeros(0, 3),
        "half": torch.tensor([1.5, -0.0]).bfloat16(),
        "stopping": {"best": math.inf, "worst": -math.inf, "last": math.nan},
        "history": [{"epoch": 1, "loss": 0.1 + 0.2}, {"epoch": 2, "loss": -0.0}], "big": 2**70, "이름": "값\ud800\n",
    }  # fmt: skip


def test_everything_comes_back_bit_for_bit(tmp_path):
    tree = learned()
    path = save(tmp_path, 3, tree, {"epoch": 1})
    assert path == tmp_path / "checkpoints" / "step-3"
    assert equal(load(latest(tmp_path)), tree)


def test_an_optimiser_goes_on_from_it_as_if_nothing_had_been(tmp_path):
    tree = learned()
    save(tmp_path, 3, tree, {})
    models = []
    for source in (tree, newest_whole(tmp_path)[1]):
        model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 2)).train()
        model.load_state_dict(source["model"])
        optimizer = torch.optim.Adam(model.parameters(), amsgrad=True)
        optimizer.load_state_dict(source["optimizer"])
        torch.set_rng_state(source["random"])
        for _ in range(4):
            optimizer.zero_grad()
            model(torch.randn(5, 4)).square().sum().backward()
            optimizer.step()
        models.append(model.state_dict())
    assert equal(*models)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(plain)
@settings(max_examples=200, deadline=None)
def test_any_plain_tree_comes_back(tree):
    assert equal(unflatten(*flatten(tree)), tree)


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 5)])
def test_every_type_and_shape_comes_back_and_plain_pytorch_reads_it(tmp_path, dtype, shape):
    generator = torch.Generator().manual_seed(0)
    tensor = torch.randint(0, 2, shape, generator=generator).to(getattr(torch, dtype))
    other = torch.randn(5, generator=generator)
    save(tmp_path, 1, {"a": {"b": tensor}, "c": other}, {})
    assert equal(load(latest(tmp_path)), {"a": {"b": tensor}, "c": other})
    plainly = load_file(tmp_path / "checkpoints" / "step-1" / "tensors.safetensors")
    assert equal(dict(sorted(plainly.items())), {"a/b": tensor, "c": other})


def test_views_hold_their_own_part_alone(tmp_path):
    table = torch.zeros(1000, 1000)
    save(tmp_path, 1, [table[3], table[:, 2], table[0, :1].expand(5)], {})
    assert (tmp_path / "checkpoints" / "step-1" / "tensors.safetensors").stat().st_size < 9000
    assert [tuple(part.shape) for part in load(latest(tmp_path))] == [(1000,), (1000,), (5,)]


def test_names_that_meet_stay_apart():
    ones, twos, threes = torch.ones(1), torch.ones(1) * 2, torch.ones(1) * 3
    tree = {"a": {"b": ones}, "a/b": twos, 0: threes, "0": ones, "__metadata__": twos, "": threes}
    structure, tensors = flatten(tree)
    assert len(tensors) == 6
    assert equal(unflatten(structure, tensors), tree)


@pytest.mark.parametrize("wrong", [
    {"a": object()}, [{1.5: 0}], {True: 1}, {(1, 2): 0}, {"a": torch.zeros(2, dtype=torch.complex64)},
    [torch.eye(2).to_sparse()], {"a": {1, 2}}, [torch.float32], b"bytes",
])  # fmt: skip
def test_what_a_checkpoint_cannot_hold_is_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(TypeError):
        save(tmp_path, 1, wrong, {})
    assert list(tmp_path.iterdir()) == []


def test_subclasses_of_plain_containers_are_taken_as_such():
    assert equal(unflatten(*flatten(OrderedDict(b=torch.Size([2, 3]), a=1))), {"b": (2, 3), "a": 1})


def test_the_manifest_says_what_is_there(tmp_path):
    path = save(tmp_path, 12, learned(), {"epoch": 2, "validation_loss": 0.25, "worst": math.inf, "stage": "fit"})
    manifest = json.loads((path / "MANIFEST.json").read_text())
    assert manifest["version"] == 1
    assert manifest["step"] == 12
    assert manifest["facts"] == {"epoch": 2, "validation_loss": 0.25, "worst": None, "stage": "fit"}
    assert sorted(entry.name for entry in path.iterdir()) == ["MANIFEST.json", *sorted(manifest["files"])]
    for name, facts in manifest["files"].items():
        assert facts == {"size": os.path.getsize(path / name), "sha256": sha256(path / name)}
    assert latest(tmp_path).facts == manifest["facts"]


def test_equal_trees_make_equal_files(tmp_path):
    for name in ("one", "two"):
        save(tmp_path / name, 1, learned(), {"epoch": 1})
    contents = [
        [entry.read_bytes() for entry in sorted((tmp_path / name / "checkpoints" / "step-1").iterdir())]
        for name in ("one", "two")
    ]
    assert contents[0] == contents[1]


def test_the_last_ones_and_the_best_are_kept(tmp_path):
    losses = [None, 0.5, 0.2, 0.9, math.nan, 0.2, 0.7, 0.8]
    for step, loss in enumerate(losses):
        save(tmp_path, step, {"step": step}, {"validation_loss": loss}, keep=2)
    assert [point.step for point in complete(tmp_path)] == [2, 6, 7]
    assert best(tmp_path).step == 2
    assert latest(tmp_path).step == 7
    save(tmp_path, 8, {"step": 8}, {"validation_loss": 0.1}, keep=1)
    assert [point.step for point in complete(tmp_path)] == [8]
    save(tmp_path, 9, {"step": 9}, {}, keep=1)
    assert [point.step for point in complete(tmp_path)] == [8, 9]


def test_what_cannot_be_read_is_not_removed(tmp_path, monkeypatch):
    # A fault of reading may pass; taking what could not be read just now for damage once cost the newest checkpoint.
    for step in (1, 2, 3):
        save(tmp_path, step, {"step": step}, {"validation_loss": step}, keep=2)
    plain = Path.open

    def refuse(path, *values, **named):
        if "step-4" in str(path) or "step-1" in str(path):
            raise OSError(errno.EMFILE, "Too many open files")
        return plain(path, *values, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        save(tmp_path, 4, {"step": 4}, {"validation_loss": 4}, keep=1)
    assert [point.step for point in complete(tmp_path)] == [1, 2, 3, 4]
    save(tmp_path, 5, {"step": 5}, {"validation_loss": 5}, keep=1)
    assert [point.step for point in complete(tmp_path)] == [1, 5]


def test_steps_are_ordered_as_numbers_and_a_second_save_of_one_is_the_later(tmp_path):
    for step in (9, 10, 100):
        save(tmp_path, step, {"step": step}, {}, keep=9)
    assert save(tmp_path, 100, {"step": "again"}, {}, keep=9).name == "step-100-2"
    save(tmp_path, 11, {"step": 11}, {}, keep=9)
    assert [point.path.name for point in complete(tmp_path)] == [
        "step-9", "step-10", "step-11", "step-100", "step-100-2"
    ]  # fmt: skip
    assert load(latest(tmp_path)) == {"step": "again"}


def test_a_run_without_any_says_how_to_begin_again(tmp_path):
    assert complete(tmp_path) == []
    assert latest(tmp_path) is None
    assert best(tmp_path) is None
    with pytest.raises(LayerwiseError, match=r"has no checkpoints[\s\S]+layerwise train --experiment .+run\.toml"):
        newest_whole(tmp_path)


def test_what_is_not_a_checkpoint_is_left_alone(tmp_path):
    save(tmp_path, 5, {"a": 1}, {})
    parent = tmp_path / "checkpoints"
    for name in (".step-9.tmp-0123abcd", "step-9.tmp", "step-x", "notes", "step-"):
        shutil.copytree(parent / "step-5", parent / name)
    save(tmp_path, 6, {"a": 2}, {}, keep=1)
    assert [point.step for point in complete(tmp_path)] == [6]
    assert (parent / "notes").is_dir()


def test_one_that_was_copied_to_another_number_is_not_believed(tmp_path):
    # Copied by hand to another number: the manifest says which step it is, and the two must agree.
    path = save(tmp_path, 5, {"a": 1}, {})
    path.rename(path.with_name("step-7"))
    assert complete(tmp_path) == []
    with pytest.raises(LayerwiseError, match="step-7"):
        newest_whole(tmp_path)


def test_a_large_tensor_is_written_piece_by_piece():
    tensors = {"a": torch.zeros(1000, 1000), "b": torch.zeros(10)}
    pieces = [len(piece) for piece in serialise(tensors)]
    assert pieces[0] == 8
    assert pieces[1] % 8 == 0
    assert pieces[2:] == [4_000_000, 40]
