"""Damaged and hostile files of a run: each one error, nothing executed, and no more memory than the file is long."""

import gzip
import hashlib
import io
import json
import pickle
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.errors import LayerwiseError
from layerwise.runs.checkpoints import complete, latest, newest_whole, save
from layerwise.runs.weights import load_weights, save_weights

FILES = ("tensors.safetensors", "state.json", "MANIFEST.json")


def tree(step):
    return {"weight": torch.full((3, 5), float(step)), "position": (step, float("inf"))}


@pytest.fixture
def run(quick_path):
    for step in (10, 20):
        save(quick_path / "run", step, tree(step), {"validation_loss": 1 / step})
    return quick_path / "run"


def check_fallback(run, name):
    """The damaged newest is named, and the one before it is what the run goes on from."""
    point, found, damaged = newest_whole(run)
    assert point.step == 10
    assert torch.equal(found["weight"], tree(10)["weight"])
    assert len(damaged) == 1
    assert "step-20" in damaged[0]
    assert name in damaged[0]


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_bit_is_noticed(run, name):
    path = run / "checkpoints" / "step-20" / name
    content = path.read_bytes()
    for place in range(8 * len(content)):
        if place % 5 and len(content) > 200:
            continue
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        check_fallback(run, name)
    path.write_bytes(content)
    assert newest_whole(run)[0].step == 20


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_noticed_before_anything_is_read(run, name):
    path = run / "checkpoints" / "step-20" / name
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        check_fallback(run, name)
        assert [point.step for point in complete(run)] == [10]
    path.write_bytes(content + b" ")
    check_fallback(run, name)
    path.unlink()
    check_fallback(run, name)
    path.mkdir()
    check_fallback(run, name)


def test_files_of_two_checkpoints_do_not_mix(run):
    for name in FILES[:2]:
        shutil.copy(run / "checkpoints" / "step-10" / name, run / "checkpoints" / "step-20" / name)
    assert latest(run).step == 20
    check_fallback(run, "state.json")


def test_with_none_whole_every_damage_is_said(run):
    for step in (10, 20):
        (run / "checkpoints" / f"step-{step}" / "state.json").write_bytes(b"{}")
    with pytest.raises(LayerwiseError, match=r"step-20[\s\S]+; .+step-10") as caught:
        newest_whole(run)
    assert "run.toml" in caught.value.remedy
    assert caught.value.exit_code == 1


# What somebody writes who can also write the manifest: every checksum is right.


def sealed(content):
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return (json.dumps({**content, "sha256": digest}, indent=1) + "\n").encode()


def forge(run, *, tensors=None, state=None, manifest=None, version=1):
    """Write a checkpoint of step 30 whose manifest agrees with what it holds."""
    good, path = run / "checkpoints" / "step-20", run / "checkpoints" / "step-30"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    contents = {
        "tensors.safetensors": (good / "tensors.safetensors").read_bytes() if tensors is None else tensors,
        "state.json": (good / "state.json").read_bytes() if state is None else state,
    }
    for name, content in contents.items():
        (path / name).write_bytes(content)
    described = {"version": version, "step": 30, "facts": {}, "files": {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()}}  # fmt: skip
    described.update(manifest or {})
    (path / "MANIFEST.json").write_bytes(sealed(described))


def test_the_forger_of_these_tests_can_write_a_good_one(run):
    forge(run)
    point, found, damaged = newest_whole(run)
    assert (point.step, found["position"], damaged) == (30, (20, float("inf")), [])


def test_a_newer_version_is_refused_and_not_passed_over(run):
    forge(run, version=2)
    with pytest.raises(LayerwiseError, match="layout 2, this version reads up to 1") as caught:
        newest_whole(run)
    assert "pip install --upgrade layerwise" in caught.value.remedy
    assert latest(run).step == 30
    # Without the right seal it is not newer but damaged.
    path = run / "checkpoints" / "step-30" / "MANIFEST.json"
    path.write_bytes(path.read_bytes().replace(b'"version": 2', b'"version": 3'))
    assert newest_whole(run)[0].step == 20


STATES = {
    "unknown entry": b'{"object": "os.system"}',
    "two entries": b'{"dict": [], "tuple": []}',
    "unknown tensor": b'{"tensor": "other"}',
    "tensor twice": b'[{"tensor": "weight"}, {"tensor": "weight"}]',
    "tensor without name": b'{"tensor": 3}',
    "tensor left over": b'{"dict": []}',
    "no number": b'{"float": "1e5"}',
    "dict of no pairs": b'{"dict": [["a"]]}',
    "dict of odd keys": b'{"dict": [[null, {"tensor": "weight"}]]}',
    "key that is a list": b'{"dict": [[[], 1]]}',
    "tuple of nothing": b'{"tuple": null}',
    "empty": b"",
    "no json": b"{'a': 1}",
    "not utf-8": b'"\xff\xfe"',
    "deep lists": b"[" * 200_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep tuples": b'{"tuple":[' * 50_000 + b"]}" * 50_000,
    "a number of many digits": b"1" * 100_000,
}


@pytest.mark.parametrize("name", STATES)
def test_a_hostile_structure_is_one_error(run, name):
    forge(run, state=STATES[name])
    point, _, damaged = newest_whole(run)
    assert point.step == 20
    assert len(damaged) == 1
    assert "step-30" in damaged[0]


MANIFESTS = {
    "path outside": {"files": {"../step-10/state.json": {"size": 3, "sha256": ""}}},
    "no files": {"files": {}},
    "files are a list": {"files": []},
    "size is text": {"files": {name: {"size": "many", "sha256": ""} for name in FILES[:2]}},
    "size below zero": {"files": {name: {"size": -1, "sha256": ""} for name in FILES[:2]}},
    "size beyond everything": {"files": {name: {"size": 2**80, "sha256": ""} for name in FILES[:2]}},
    "no facts": {"facts": None},
    "version is text": {"version": "one"},
    "version is a list": {"version": [2]},
    "step is another": {"step": 31},
    "step is a list": {"step": [30]},
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_hostile_manifest_is_one_error(run, name):
    forge(run, manifest=MANIFESTS[name])
    point, _, damaged = newest_whole(run)
    assert point.step == 20
    assert len(damaged) == 1
    assert "step-30" in damaged[0]


@pytest.mark.parametrize("content", [b"[]", b"null", b"{}", b'{"sha256": 1}', b"[" * 10**6, b" " * 2**21, b'"a"'])
def test_a_manifest_that_is_none_is_one_error(run, content):
    forge(run)
    (run / "checkpoints" / "step-30" / "MANIFEST.json").write_bytes(content)
    assert len(newest_whole(run)[2]) == 1


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def zipped(name, content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def tarred(name, content):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def torch_saved(value, *, zip_file):
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=zip_file)
    return stream.getvalue()


def as_array(trap):
    stream = io.BytesIO()
    np.save(stream, np.array([trap], dtype=object), allow_pickle=True)
    return stream.getvalue()


def wrapped(canary):
    """Return a pickle that writes a file, in every wrapper that something in the field would open."""
    trap = Trap(str(canary))
    plain = {f"pickle protocol {number}": pickle.dumps(trap, protocol=number) for number in range(6)}
    weights = {"weight": torch.zeros(2, 3), "bias": trap}
    array = as_array(trap)
    header = json.dumps({"__metadata__": {"a": "b"}}).encode()
    return plain | {
        "torch zip": torch_saved(weights, zip_file=True),
        "torch legacy": torch_saved(weights, zip_file=False),
        "torch whole": torch_saved(trap, zip_file=True),
        "npy": array,
        "npz": zipped("weight.npy", array),
        "gzip": gzip.compress(plain["pickle protocol 4"]),
        "zip": zipped("archive/data.pkl", plain["pickle protocol 2"]),
        "tar": tarred("pickle", plain["pickle protocol 2"]),
        "behind a header": len(header).to_bytes(8, "little") + header + plain["pickle protocol 4"],
        "behind a length": len(array).to_bytes(8, "little") + array,
        "keras config": zipped("config.json", b'{"class_name": "Lambda", "config": {"function": "4wEA"}}'),
        "yaml": b"!!python/object/apply:os.system ['touch canary']",
        "torchscript": zipped("model/code/__torch__.py", b"import os"),
    }


WRAPPERS = tuple(wrapped("canary"))


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_pickle_in_any_wrapper_is_refused_and_not_run(run, tmp_path, name):
    canary = tmp_path / "canary"
    content = wrapped(canary)[name]
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(LayerwiseError, match="safetensors"):
        load_weights(path, nn.Linear(3, 2))
    for place in ("tensors", "state"):
        forge(run, **{place: content})
        assert [sentence.count("step-30") for sentence in newest_whole(run)[2]] == [1]
    (run / "checkpoints" / "step-30" / "MANIFEST.json").write_bytes(content)
    assert [sentence.count("step-30") for sentence in newest_whole(run)[2]] == [1]
    assert not canary.exists()


def test_the_trap_works(tmp_path):
    pickle.loads(wrapped(tmp_path / "canary")["pickle protocol 4"]).close()
    assert (tmp_path / "canary").exists()


def tensors_file(header, data=b"\0" * 24, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(shape, start=0, end=24, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


BOMBS = {
    "shape of a terabyte": tensors_file({"weight": entry([2**40])}),
    "shape that overflows": tensors_file({"weight": entry([2**62, 2**62])}),
    "shape and offsets of a terabyte": tensors_file({"weight": entry([2**40], end=2**42)}),
    "nothing of an enormous shape": tensors_file({"weight": entry([0, 2**62, 2**62], end=0)}, b""),
    "shape below zero": tensors_file({"weight": entry([-6])}),
    "offsets below zero": tensors_file({"weight": entry([6], start=-24)}),
    "offsets backwards": tensors_file({"weight": entry([6], start=24, end=0)}),
    "offsets beyond the file": tensors_file({"weight": entry([12], end=48)}),
    "overlapping": tensors_file({"weight": entry([6]), "bias": entry([6])}),
    "a hole": tensors_file({"weight": entry([2], end=8), "bias": entry([2], start=16)}),
    "data left over": tensors_file({"weight": entry([2], end=8)}),
    "unknown type": tensors_file({"weight": entry([6], dtype="OBJECT")}),
    "header longer than the file": tensors_file({}, length=2**20),
    "header of 2^63": tensors_file({}, length=2**63 - 1),
    "header of 2^64": tensors_file({}, length=2**64 - 1),
    "header of nothing": tensors_file(b""),
    "deep header": tensors_file(b'{"a":' + b"[" * 100_000),
    "deep metadata": tensors_file(b'{"__metadata__":' + b'{"a":' * 100_000 + b"}" * 100_001),
    "metadata null": tensors_file(b'{"__metadata__": null}', b""),
    "metadata list": tensors_file(b'{"__metadata__": []}', b""),
    "metadata nested": tensors_file({"__metadata__": {"sha256_without_metadata": {"a": 1}}}, b""),
    "a name twice": tensors_file(
        b'{"weight": {"dtype":"F32","shape":[6],"data_offsets":[0,24]},'
        b'"weight": {"dtype":"F32","shape":[6],"data_offsets":[0,24]}}'
    ),
    "a name that is a path": tensors_file({"../../weight": entry([6])}),
    "a name of a megabyte": tensors_file({"w" * 2**20: entry([6])}),
    "metadata of ten megabytes": tensors_file({"__metadata__": {"a": "b" * 10**7}, "weight": entry([6])}),
    "not utf-8": tensors_file(b'{"\xff": 1}'),
    "a list": tensors_file(b"[]"),
    "number alone": tensors_file(b"1"),
    "three bytes": b"abc",
    "empty": b"",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_weights_file_is_one_error(run, tmp_path, name):
    path = tmp_path / "model.safetensors"
    path.write_bytes(BOMBS[name])
    with pytest.raises(LayerwiseError, match=r"model\.safetensors") as caught:
        load_weights(path, nn.Linear(3, 2))
    assert caught.value.exit_code == 1
    assert len(str(caught.value)) < 2000
    forge(run, tensors=BOMBS[name])
    point, _, damaged = newest_whole(run)
    assert point.step == 20
    assert len(damaged) == 1
    assert len(damaged[0]) < 2000


MEASURE = """
import resource, sys
from pathlib import Path
from torch import nn
from layerwise.errors import LayerwiseError
from layerwise.runs.checkpoints import newest_whole
from layerwise.runs.weights import load_weights
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def read(name):
    try:
        load_weights(Path(sys.argv[1], name), nn.Linear(3, 2))
    except LayerwiseError:
        return
    raise SystemExit("was read: " + name)
read("small")
newest_whole(Path(sys.argv[1], "run"))
before = peak()
for path in Path(sys.argv[1], "bombs").iterdir():
    read("bombs/" + path.name)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs getrusage")
def test_no_bomb_takes_more_memory_than_a_few_times_its_size(run, quick_path):
    (quick_path / "bombs").mkdir()
    for number, content in enumerate(BOMBS.values()):
        (quick_path / "bombs" / str(number)).write_bytes(content)
    (quick_path / "small").write_bytes(BOMBS["empty"])
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(quick_path)], capture_output=True, text=True, check=True, timeout=120
    )
    # The largest is 10 MB long.
    assert float(done.stdout) < 64


def test_every_truncation_of_weights_is_refused(tmp_path, quick_path):
    path = quick_path / "model.safetensors"
    save_weights(path, nn.Linear(3, 2))
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(LayerwiseError):
            load_weights(path, nn.Linear(3, 2))


def test_weights_whose_checksum_was_taken_off_are_still_of_this_network(tmp_path):
    # A flipped name of the metadata hides the checksum: such a file is read like one that others wrote.
    path = Path(tmp_path / "model.safetensors")
    save_weights(path, nn.Linear(3, 2))
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        model = nn.Linear(3, 2)
        try:
            load_weights(path, model)
        except LayerwiseError:
            continue
        path.write_bytes(content)
        other = nn.Linear(3, 2)
        load_weights(path, other)
        assert torch.equal(model.weight, other.weight)
        assert torch.equal(model.bias, other.bias)
