"""NumPy files: plain arrays are read, pickles and damaged headers are refused before they do harm."""

import pickle
import zipfile

import numpy as np
import pytest

from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError


class Canary:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_npz_of_inputs_and_targets(tmp_path):
    path = tmp_path / "xor.npz"
    np.savez(path, inputs=[[0.0, 0], [0, 1], [1, 0], [1, 1]], targets=[0, 1, 1, 0])
    source = open_source(path)
    assert source.columns["column 2"].values.tolist() == [0, 1, 0, 1]
    assert source.columns["target"].names == ("0", "1")
    assert source.named("target") == ("target",)


def test_npz_with_parts(tmp_path):
    path = tmp_path / "digits.npz"
    dark, light = np.zeros((3, 4, 4), np.uint8), np.ones((2, 4, 4), np.uint8)
    np.savez_compressed(path, x_train=dark, y_train=[0, 1, 2], x_test=light, y_test=[1, 2])
    source = open_source(path)
    assert [source.columns["part"].show(row) for row in range(5)] == ["train"] * 3 + ["test"] * 2
    assert source.columns["image"][4].sum() == 16
    assert source.columns["image"].channels == 1


def test_npy_alone(tmp_path):
    path = tmp_path / "table.npy"
    np.save(path, np.array([[1.0, np.nan], [2.0, 3.0]]))
    source = open_source(path)
    assert source.columns["column 2"].missing().tolist() == [True, False]
    assert source.named("target") == ()


def test_infinite_values_are_reported_by_row(tmp_path):
    path = tmp_path / "table.npz"
    np.savez(path, x_train=[[1.0], [np.inf], [3.0]], y_train=[0, 1, 0], x_test=[[4.0]], y_test=[1])
    with pytest.raises(LayerwiseError, match="row 2"):
        open_source(path)
    source = open_source(path, exclude_problems=True)
    assert len(source) + len(source.problems) == 4
    assert [source.columns["part"].show(row) for row in range(3)] == ["train", "train", "test"]


@pytest.mark.parametrize("name", ["bad.npy", "bad.npz"])
def test_pickled_objects_are_refused_and_never_run(tmp_path, name):
    path, canary = tmp_path / name, tmp_path / "canary"
    array = np.array([Canary(canary), None], dtype=object)
    if name.endswith("npz"):
        np.savez(path, inputs=array)
    else:
        np.save(path, array)
    assert b"canary" in pickle.dumps(array)
    with pytest.raises(LayerwiseError, match="Python objects") as caught:
        open_source(path)
    assert "numpy.savez" in caught.value.remedy
    assert not canary.exists()


def test_a_pickle_named_npy_is_refused(tmp_path):
    path, canary = tmp_path / "bad.npy", tmp_path / "canary"
    path.write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(LayerwiseError, match=r"bad\.npy"):
        open_source(path)
    assert not canary.exists()


def test_a_header_that_announces_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.npy"
    np.save(path, np.zeros(3))
    raw = path.read_bytes()
    announced = raw.replace(b"'shape': (3,), }         ", b"'shape': (3000000000,), }")
    assert len(announced) == len(raw)
    assert announced != raw
    path.write_bytes(announced)
    with pytest.raises(LayerwiseError, match="bytes expected"):
        open_source(path)


@pytest.mark.parametrize("cut", [3, 40, 100, 140])
def test_truncated_files(tmp_path, cut):
    path = tmp_path / "short.npy"
    np.save(path, np.arange(5.0))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(LayerwiseError, match="short"):
        open_source(path)


def test_a_damaged_or_foreign_zip(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, inputs=np.arange(100.0))
    raw = bytearray(path.read_bytes())
    raw[200] ^= 0xFF
    path.write_bytes(bytes(raw))
    with pytest.raises(LayerwiseError, match=r"a\.npz"):
        open_source(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(LayerwiseError, match="holds none"):
        open_source(path)


def test_unusual_names_are_listed_and_can_be_chosen(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, measured=np.arange(6.0).reshape(3, 2), answer=np.array(["no", "yes", "no"]))
    with pytest.raises(LayerwiseError, match=r"measured \(3, 2\), answer \(3,\)"):
        open_source(path)
    source = open_source(path, options={"inputs_name": "measured", "targets_name": "answer"})
    assert source.columns["target"].names == ("no", "yes")
    with pytest.raises(LayerwiseError, match="Did you mean 'measured'"):
        open_source(path, options={"inputs_name": "measure"})


def test_lengths_must_agree(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, inputs=np.zeros((3, 2)), targets=[0, 1])
    with pytest.raises(LayerwiseError, match="3 inputs, targets of shape"):
        open_source(path)
