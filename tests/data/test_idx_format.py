"""The idx reader against bytes written here by the format's own description."""

import gzip
import struct

import numpy as np
import pytest

from layerwise.data.formats import idx
from layerwise.data.kinds import Images
from layerwise.data.open import open_source, sniff_format
from layerwise.errors import LayerwiseError


def packed(array: np.ndarray, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def pixels(count: int) -> np.ndarray:
    return np.arange(count * 6, dtype=np.uint8).reshape(count, 2, 3)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "mnist"
    root.mkdir()
    (root / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(packed(pixels(3))))
    (root / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(packed(np.array([7, 2, 7], dtype=np.uint8))))
    (root / "t10k-images-idx3-ubyte").write_bytes(packed(pixels(2)))
    (root / "t10k-labels-idx1-ubyte").write_bytes(packed(np.array([1, 2], dtype=np.uint8)))
    return root


def test_a_folder_becomes_one_source_with_its_parts(folder):
    assert sniff_format(folder) == "idx"
    source = open_source(folder)
    assert len(source) == 5
    image = source.columns["image"]
    assert isinstance(image, Images)
    assert image[4].tolist() == [[[6, 7, 8], [9, 10, 11]]]
    assert image.sizes[0].tolist() == [3, 2]
    assert source.columns["label"].names == ("1", "2", "7")
    assert [source.columns["part"].show(row) for row in range(5)] == ["train"] * 3 + ["test"] * 2
    assert source.named("target") == ("label",)


def test_one_file_finds_its_labels(folder):
    source = open_source(folder / "train-images-idx3-ubyte.gz")
    assert [source.columns["label"].show(row) for row in range(3)] == ["7", "2", "7"]


@pytest.mark.parametrize(
    ("kind", "dtype"), [(8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]
)
def test_every_type_of_the_format(tmp_path, kind, dtype):
    values = np.array([[1, 2], [100, 4]]).astype(dtype)
    path = tmp_path / "values.idx"
    path.write_bytes(packed(values, kind))
    read = idx.read_array(path)
    assert read.tolist() == values.tolist()
    assert read.dtype.isnative
    assert open_source(path).columns["column 2"].values.tolist() == [2, 4]


def test_a_truncated_file_says_how_many_bytes_are_missing(folder):
    path = folder / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(LayerwiseError, match="28 bytes expected, 23 found") as caught:
        open_source(folder)
    assert path.name in str(caught.value)


def test_surplus_bytes_are_refused(folder):
    path = folder / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(LayerwiseError, match="28 bytes expected, more than 28 found"):
        open_source(folder)


def test_a_truncated_gz_is_refused(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LayerwiseError, match="train-images"):
        open_source(folder)


def test_missing_and_short_labels(folder):
    (folder / "t10k-labels-idx1-ubyte").write_bytes(packed(np.array([1], dtype=np.uint8)))
    with pytest.raises(LayerwiseError, match="holds 2 images"):
        open_source(folder)
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(LayerwiseError, match="t10k-images-idx3-ubyte' has none"):
        open_source(folder)


def test_another_magic_number_is_shown(tmp_path):
    path = tmp_path / "a-images-idx3-ubyte"
    path.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(LayerwiseError, match="50 4b 03 04"):
        open_source(path)


def test_an_announced_bomb_takes_no_memory(tmp_path):
    path = tmp_path / "a.idx"
    path.write_bytes(bytes([0, 0, 14, 3]) + struct.pack(">3I", 2**31, 2**31, 2**31))
    with pytest.raises(LayerwiseError, match="announces"):
        open_source(path)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 1]) + struct.pack(">I", 10) + bytes(50_000_000)))
    with pytest.raises(LayerwiseError, match="18 bytes expected, more than 18 found"):
        open_source(path)
