"""Whatever users call their data becomes a source, and whatever is wrong with it has one clear message."""

import stat
import sys

import numpy as np
import pandas
import pytest

from layerwise.catalog import entries
from layerwise.config import setting_names
from layerwise.data.kinds import Categories, Images
from layerwise.data.open import known_options, open_source, sniff_format
from layerwise.errors import LayerwiseError


def test_arrays_and_nested_lists():
    source = open_source((np.arange(6).reshape(3, 2), ["a", "b", "a"]))
    assert source.columns["column 1"].values.tolist() == [0, 2, 4]
    assert source.columns["target"].names == ("a", "b")
    assert open_source(([1.0, 2.0], [0.5, 0.25])).columns["target"].kind == "number"
    assert open_source(np.zeros((3, 2))).named("target") == ()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 4, 3), (1, 4, 3)), ((5, 1, 4, 3), (1, 4, 3)), ((5, 3, 4, 6), (3, 4, 6)), ((5, 4, 6, 3), (3, 4, 6))],
)
def test_pictures_in_arrays(shape, expected):
    values = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    column = open_source((values, [0, 1, 0, 1, 0])).columns["image"]
    assert isinstance(column, Images)
    assert column[0].shape == expected
    assert column.sizes[0].tolist() == [expected[2], expected[1]]
    channels_first = values.transpose(0, 3, 1, 2) if shape == (5, 4, 6, 3) else values
    assert (column[2].reshape(-1) == channels_first[2].reshape(-1)).all()


def test_pictures_of_fractions_are_white_at_one():
    column = open_source(np.random.default_rng(0).random((2, 4, 4))).columns["image"]
    assert column.maximum == 1.0


def test_several_targets():
    source = open_source((np.zeros((3, 2)), np.ones((3, 2))))
    assert source.named("target") == ("target 1", "target 2")


def test_tensors_are_known_without_torch():
    class Tensor:
        def detach(self):
            return self

        def cpu(self):
            return self

        def numpy(self):
            return np.array([[1.0], [2.0]])

        shape = (2, 1)

    assert open_source((Tensor(), [0, 1])).columns["column 1"].values.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (([[1, 2], [3]], [0, 1]), "regular shape"),
        ((np.array([object()]), [0]), "an array of type object"),
        ((np.zeros((0, 2)), []), "an array of shape"),
        ((np.zeros((3, 2)), [0, 1]), "3 inputs, targets of shape"),
        ((np.zeros((3, 2)), [0.5, np.inf, 1]), "row 2"),
        ((np.zeros((2, 5, 5, 5)), [0, 1]), "channels"),
        (17, "a value of type int"),
    ],
)
def test_arrays_that_cannot_be_data(data, words):
    with pytest.raises(LayerwiseError, match=words):
        open_source(data)


def test_frames():
    frame = pandas.DataFrame(
        {
            "age": [31, 45, None],
            "sex": ["m", None, "m"],
            "ok": [True, False, True],
            "grade": pandas.Categorical(["b", "a", "b"]),
            "when": pandas.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
            "patient_id": [7, 8, 9],
        }
    )
    source = open_source(frame)
    assert source.columns["age"].missing().tolist() == [False, False, True]
    assert source.columns["sex"].missing().tolist() == [False, True, False]
    assert source.columns["ok"].names == ("False", "True")
    assert source.columns["grade"].names == ("a", "b")
    assert source.columns["when"].kind == "text"
    assert source.named("id") == ("patient_id",)


def test_a_frame_with_one_name_twice():
    with pytest.raises(LayerwiseError, match="twice or more: 'a'"):
        open_source(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_source_passes_through():
    source = open_source("xor")
    assert open_source(source) is source


def test_a_path_that_is_not_there(tmp_path):
    (tmp_path / "patients.csv").write_text("a,b\n1,2\n")
    with pytest.raises(LayerwiseError, match=r"Did you mean 'patients\.csv'") as caught:
        open_source(tmp_path / "patient.csv")
    assert caught.value.exit_code == 2


def test_a_name_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LayerwiseError, match="Did you mean 'iris'"):
        open_source("irsi")
    with pytest.raises(LayerwiseError, match="Did you mean 'mnist'"):
        open_source("mnsit")


def test_a_folder_goes_before_a_built_in_set_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "iris").write_text("a,b\n1,x\n2,y\n")
    assert len(open_source("iris")) == 2


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(LayerwiseError, match=r"csv \(\.csv") as caught:
        open_source(path)
    assert "idx" in caught.value.remedy
    with pytest.raises(LayerwiseError, match="unknown format 'cvs'"):
        open_source(path, format="cvs")


def test_text_of_another_format_is_no_table(tmp_path):
    path = tmp_path / "iris.yaml"
    path.write_text("[[1,2],\n[3,4],\n[5,6]]\n")
    with pytest.raises(LayerwiseError, match=r"no format fits .*iris\.yaml"):
        open_source(path)


def test_text_without_an_ending_is_a_table(tmp_path):
    path = tmp_path / "measurements"
    path.write_text("a,b\n1,2\n3,4\n")
    assert sniff_format(path) == "csv"


def test_options_of_one_file_hold_for_another_where_its_format_has_them(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("a,b\n1,2\n")
    saved = {"sheet": "2024", "header": "yes"}
    assert known_options(path, saved) == {"header": "yes"}
    assert known_options(np.zeros((2, 2)), saved) == {}
    assert known_options("iris", saved) == {}
    assert known_options("air-quality", saved) == {"header": "yes"}


def test_options_are_for_files():
    with pytest.raises(LayerwiseError, match="delimiter"):
        open_source(([[1.0]], [0]), options={"delimiter": ";"})
    with pytest.raises(LayerwiseError, match="built-in set 'iris'"):
        open_source("iris", options={"delimiter": ";"})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n1,2\n")
    path.chmod(0)
    try:
        with path.open():
            pytest.skip("this user reads every file")
    except PermissionError:
        with pytest.raises(LayerwiseError, match=r"secret\.csv"):
            open_source(path)
    finally:
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_options_of_formats_clash_neither_with_settings_nor_with_each_other():
    seen = {}
    for name, part in entries("format").items():
        for option in part.options:
            assert option.name not in setting_names(), f"{name}: {option.name}"
            # One name means one thing: `--encoding` is the same for tables and texts.
            assert seen.setdefault(option.name, option) == option, name
            assert option.help, f"{name}: {option.name} has no help"


def test_targets_of_whole_numbers_are_classes_and_fractions_amounts():
    assert isinstance(open_source((np.zeros((4, 1)), np.array([3, 5, 5, 3]))).columns["target"], Categories)
    assert open_source((np.zeros((4, 1)), np.array([3.5, 5, 5, 3]))).columns["target"].kind == "number"
