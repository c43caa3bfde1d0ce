"""Odd and damaged files of arrays (idx, npy, npz): each is read right or refused with its name; nothing is lost."""

import gzip
import io
import random
import struct
import zipfile

import numpy as np
import pytest
from damage import flipped, listed, outcome, refusal

from layerwise.data.open import open_source

SHAPES = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def idx(array, kind=None, axes=None, sizes=None):
    """Write an array as the description of the MNIST files says; each number of the header may be another."""
    code = SHAPES.get(array.dtype.str.lstrip("|"), 8) if kind is None else kind
    shape = array.shape if sizes is None else sizes
    head = bytes([0, 0, code, array.ndim if axes is None else axes])
    return head + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


BYTES = np.arange(24, dtype=np.uint8)
TABLE = BYTES.reshape(8, 3)

IDX = {
    **{f"type {name}": (idx(TABLE.astype(name)), TABLE) for name in SHAPES},
    "one axis": (idx(BYTES), BYTES[:, None]),
    "one row": (idx(TABLE[:1]), TABLE[:1]),
    "one column": (idx(TABLE[:, :1]), TABLE[:, :1]),
    "negative": (idx((-TABLE.astype(int)).astype("i1")), -TABLE.astype(int)),
    "missing": (idx(np.array([[1, np.nan], [2, 3]], ">f4")), np.array([[1, np.nan], [2, 3]])),
    "packed": (gzip.compress(idx(TABLE)), TABLE),
    "packed twice behind each other": (gzip.compress(idx(TABLE)[:10]) + gzip.compress(idx(TABLE)[10:]), TABLE),
    "pictures": (idx(BYTES.reshape(2, 3, 4)), BYTES.reshape(2, 1, 3, 4)),
    "pictures of one pixel": (idx(BYTES.reshape(24, 1, 1)), BYTES.reshape(24, 1, 1, 1)),
    "colours first": (idx(np.arange(48, dtype=np.uint8).reshape(1, 3, 4, 4)), np.arange(48).reshape(1, 3, 4, 4)),
}  # fmt: skip

NO_IDX = {
    "nothing": b"", "one byte": b"\0", "three bytes": b"\0\0\x08", "the magic number alone": b"\0\0\x08\1",
    "a cut size": b"\0\0\x08\2\0\0\0\1\0\0", "no values": idx(BYTES)[:8], "one byte short": idx(BYTES)[:-1],
    "one byte long": idx(BYTES) + b"x", "another magic number": b"\1\0" + idx(BYTES)[2:],
    "type 0": idx(BYTES, kind=0), "type 10": idx(BYTES, kind=10), "type 255": idx(BYTES, kind=255),
    "no axes": idx(BYTES, axes=0), "nine axes": idx(BYTES, axes=9), "255 axes": idx(BYTES, axes=255),
    "more axes than sizes": idx(BYTES, axes=3), "a size of nothing": idx(BYTES, sizes=(0,)),
    "no rows": idx(BYTES[:0]), "no columns": idx(TABLE[:, :0]),
    "pictures without pixels": idx(BYTES[:0], axes=3, sizes=(2, 0, 4)),
    "a size of four thousand million": idx(BYTES, sizes=(2**32 - 1,)),
    "sizes beyond all memory": idx(BYTES, axes=4, sizes=(2**32 - 1,) * 4),
    "larger than announced": idx(BYTES, sizes=(23,)),
    "smaller than announced": idx(BYTES, sizes=(25,)), "sizes of another order": idx(BYTES, sizes=(24 << 24,)),
    "packed and cut": gzip.compress(idx(BYTES))[:-9], "packed and damaged": gzip.compress(idx(BYTES))[:-8] + bytes(8),
    "packed nothing": gzip.compress(b""), "a bomb": gzip.compress(idx(BYTES) + bytes(2**24)),
    "a table": b"a,b\n1,2\n", "a picture": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "five axes": idx(BYTES.reshape(1, 2, 3, 2, 2)),
    "infinite throughout": idx(np.array([[np.inf], [-np.inf]], ">f8")),
}  # fmt: skip


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def header(text, version=(1, 0), body=b""):
    """Write the header of an npy file by hand (NEP 1)."""
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + size + text.encode("latin-1") + body


def npz(packing=zipfile.ZIP_STORED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name if "." in name else f"{name}.npy", content)
    return buffer.getvalue()


PLAIN = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n"
TARGETS = np.array([0, 1] * 4)

NPY = {
    **{f"type {name}": (npy(TABLE.astype(name)), TABLE) for name in
       ("u1", "i1", "<i2", ">i2", "<u4", "<i8", ">i8", "<f2", "<f4", ">f4", "<f8", ">f8")},
    "truth values": (npy(TABLE > 9), TABLE > 9), "columns first": (npy(np.asfortranarray(TABLE)), TABLE),
    "one axis": (npy(BYTES), BYTES[:, None]), "missing": (npy(np.array([[1, np.nan]])), np.array([[1, np.nan]])),
    "pictures": (npy(BYTES.reshape(2, 3, 4)), BYTES.reshape(2, 1, 3, 4)),
    "version 2": (header(PLAIN, (2, 0), np.arange(3.0).tobytes()), np.arange(3.0)[:, None]),
    "version 3": (header(PLAIN, (3, 0), np.arange(3.0).tobytes()), np.arange(3.0)[:, None]),
}  # fmt: skip

NPZ = {
    "inputs and targets": (npz(inputs=npy(TABLE), targets=npy(TARGETS)), TABLE),
    "packed": (npz(zipfile.ZIP_DEFLATED, x=npy(TABLE), y=npy(TARGETS)), TABLE),
    "capital": (npz(X=npy(TABLE), y=npy(TARGETS)), TABLE), "one array": (npz(whatever=npy(TABLE)), TABLE),
    "words as targets": (npz(data=npy(TABLE), target=npy(np.array(["a", "나"] * 4))), TABLE),
    "an array beside": (npz(x=npy(TABLE), y=npy(TARGETS), z=npy(BYTES)), TABLE),
    "parts": (npz(x_train=npy(TABLE[:5]), y_train=npy(TARGETS[:5]), x_test=npy(TABLE[5:]), y_test=npy(TARGETS[5:])),
              TABLE),
    "a text beside": (npz(x=npy(TABLE), y=npy(TARGETS), **{"read.me": b"hello"}), TABLE),
}  # fmt: skip

OBJECTS = npy(np.array([{}, 1], dtype=object), allow_pickle=True)

NO_NPY = {
    "nothing": b"", "the magic word alone": b"\x93NUMPY", "a cut version": b"\x93NUMPY\1",
    "version 9": header(PLAIN, (9, 0)),
    "a cut header": npy(TABLE)[:40], "no values": npy(TABLE)[:128], "one byte short": npy(TABLE)[:-1],
    "one byte long": npy(TABLE) + b"x", "objects": OBJECTS, "another word": b"\x93NUMPX" + npy(TABLE)[6:],
    "no dictionary": header("[1, 2]\n"), "a call": header("__import__('os').system('true')\n"),
    "a key too few": header("{'descr': '<f8', 'shape': (3,)}\n"),
    "an unknown type": header(PLAIN.replace("<f8", "<q9")),
    "a type of nothing": header(PLAIN.replace("<f8", "")), "a shape of words": header(PLAIN.replace("(3,)", "('a',)")),
    "a shape of less than nothing": header(PLAIN.replace("(3,)", "(-3,)"), body=bytes(24)),
    "a shape beyond all memory": header(PLAIN.replace("(3,)", "(2**62,)")),
    "a shape of many figures": header(PLAIN.replace("(3,)", "(" + "9" * 400 + ",)")),
    "a shape of several axes beyond all memory": header(PLAIN.replace("(3,)", "(4611686018427387904, 4)")),
    "deep brackets": header("(" * 3000 + "\n"), "a long header": header(PLAIN + " " * 60_000),
    "no axes": npy(np.array(3.0)), "no rows": npy(TABLE[:0]), "no columns": npy(TABLE[:, :0]),
    "complex": npy(TABLE * 1j), "dates": npy(np.array(["2024-01-01"], "M8[D]")),
    "five axes": npy(BYTES.reshape(1, 2, 3, 2, 2)),
    "records": npy(np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])), "bytes": npy(np.array([b"ab", b"c"])),
    "a table": b"a,b\n1,2\n", "infinite throughout": npy(np.array([[np.inf], [-np.inf]])),
}  # fmt: skip

NO_NPZ = {
    "an empty archive": npz(), "no arrays": npz(**{"a.txt": b"x"}), "an array of nothing": npz(x=b""),
    "objects": npz(x=OBJECTS, y=OBJECTS), "cut": npz(x=npy(TABLE), y=npy(TARGETS))[:-30],
    "cut in the first array": npz(x=npy(TABLE), y=npy(TARGETS))[:100], "no archive": b"PK\3\4" + bytes(50),
    "two of three": npz(a=npy(TABLE), b=npy(TARGETS)), "fewer targets": npz(x=npy(TABLE), y=npy(TARGETS[:-1])),
    "targets of some parts": npz(x_train=npy(TABLE), y_train=npy(TARGETS), x_test=npy(TABLE)),
    "parts of other widths": npz(
        x_train=npy(TABLE), y_train=npy(TARGETS), x_test=npy(TABLE[:, :2]), y_test=npy(TARGETS)
    ),
    "a damaged sum": npz(x=npy(TABLE), y=npy(TARGETS)).replace(TABLE.tobytes(), TABLE[::-1].tobytes(), 1),
    "complex targets": npz(x=npy(TABLE), y=npy(TARGETS * 1j)), "no rows": npz(x=npy(TABLE[:0]), y=npy(TARGETS[:0])),
}  # fmt: skip

RIGHT = {
    **{f"idx: {name}": ("odd.idx", *case) for name, case in IDX.items()},
    **{f"npy: {name}": ("odd.npy", *case) for name, case in NPY.items()},
    **{f"npz: {name}": ("odd.npz", *case) for name, case in NPZ.items()},
}
WRONG = {
    **{f"idx: {name}": ("odd.idx", content) for name, content in NO_IDX.items()},
    **{f"npy: {name}": ("odd.npy", content) for name, content in NO_NPY.items()},
    **{f"npz: {name}": ("odd.npz", content) for name, content in NO_NPZ.items()},
}


def test_the_corpora_are_large_enough():
    assert len(IDX) + len(NO_IDX) >= 40
    assert len(NPY) + len(NO_NPY) >= 40


def inputs(source):
    """Return the inputs of a source as one array."""
    if "image" in source.columns:
        column = source.columns["image"]
        return np.stack([column[row] for row in range(len(column))])
    names = [part.name for part in source.fields if part.role == "input"]
    return np.stack([source.columns[name].values for name in names], axis=1)


@pytest.mark.parametrize("name", RIGHT)
def test_odd_files_are_read_right(tmp_path, name):
    file, content, expected = RIGHT[name]
    (tmp_path / file).write_bytes(content)
    source = open_source(tmp_path / file)
    np.testing.assert_array_equal(inputs(source), expected)


@pytest.mark.parametrize("name", WRONG)
def test_damaged_files_are_refused_with_their_name(tmp_path, name):
    file, content = WRONG[name]
    (tmp_path / file).write_bytes(content)
    assert len(str(refusal(tmp_path / file))) < 900


@pytest.mark.parametrize("kind", ["idx", "npy"])
def test_rows_with_infinite_values_are_reported(tmp_path, kind):
    values = np.array([[1.0, 2], [np.inf, 3], [4, 5]], ">f8")
    (tmp_path / f"odd.{kind}").write_bytes(idx(values) if kind == "idx" else npy(values))
    source = outcome(tmp_path / f"odd.{kind}")
    assert (len(source), listed(source)) == (2, 3)
    assert "row 2" in source.problems[0].where


@pytest.mark.parametrize(
    ("labels", "words"),
    [(BYTES[:2], None), (BYTES[:3], "labels of shape"), (BYTES[:4].reshape(2, 2), "labels of shape"), (None, None)],
)
def test_labels_beside_pictures(tmp_path, labels, words):
    path = tmp_path / "t-images-idx3-ubyte"
    path.write_bytes(idx(BYTES.reshape(2, 3, 4)))
    if labels is not None:
        (tmp_path / "t-labels-idx1-ubyte").write_bytes(idx(labels))
    if words:
        assert words in str(refusal(path))
    else:
        assert ("label" in outcome(path).columns) is (labels is not None)


MUTATED = {"odd.idx": idx(TABLE), "odd.idx.gz": gzip.compress(idx(TABLE)), "odd.npy": npy(TABLE.astype("<f4")),
           "odd.npz": npz(zipfile.ZIP_DEFLATED, x=npy(TABLE), y=npy(TARGETS))}  # fmt: skip


@pytest.mark.parametrize("seeds", [range(25), pytest.param(range(25, 250), marks=pytest.mark.long)])
@pytest.mark.parametrize("file", MUTATED)
def test_mutations_load_whole_or_are_refused(tmp_path, file, seeds):
    path, whole = tmp_path / file, MUTATED[file]
    head, refused, loaded = {"odd.idx": 12, "odd.npy": 128}.get(file, 0), 0, 0
    for seed in seeds:
        content = flipped(whole, random.Random(f"{file} {seed}"))
        path.write_bytes(content)
        source = outcome(path)
        refused += source is None
        loaded += source is not None
        if head and content[:head] == whole[:head]:
            # Numbers may be any, their number is what the head says.
            assert (source is not None) == (len(content) == len(whole)), content
        if source is None:
            continue
        if file in ("odd.idx.gz", "odd.npz"):
            # What is packed is summed: it is read as it was, or not at all.
            np.testing.assert_array_equal(inputs(source), TABLE)
        elif file == "odd.idx" and content[:12] == whole[:12]:
            np.testing.assert_array_equal(inputs(source).ravel(), np.frombuffer(content[12:], np.uint8))
        elif content[:128] == whole[:128] and not source.problems:
            np.testing.assert_array_equal(inputs(source).ravel(), np.frombuffer(content[128:], "<f4"))
    # Three changes of four change the length; other numbers of as many bytes are read where nothing sums them.
    assert refused > len(seeds) // 2
    assert loaded or not head
