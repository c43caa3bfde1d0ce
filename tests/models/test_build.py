"""Finding a network by name or in a user's file, and what is said when that fails."""

import pytest
import torch
from torch import nn

from layerwise.errors import LayerwiseError
from layerwise.language import korean, use
from layerwise.models import build
from layerwise.models.lenet import C3_CONNECTIONS
from layerwise.models.own import check_shapes

OWN = """
import torch
from torch import nn

class Named(nn.Module):
    def __init__(self, inputs, outputs, width=7):
        super().__init__()
        self.layer = nn.Linear(inputs, width)
        self.last = nn.Linear(width, outputs)
    def forward(self, x):
        return self.last(self.layer(x))

class Fixed(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.layer = nn.Linear(4, width)
    def forward(self, x):
        return self.layer(x)

class Plain(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)
    def forward(self, x):
        return self.layer(x)

class Greedy(nn.Module):
    def __init__(self, a, b, c):
        super().__init__()

class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, undefined_name)

def made(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, outputs))

def number():
    return 3
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "my_net.py"
    path.write_text(OWN, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "options", "counts"),
    [("Named", {}, 4 * 7 + 7 + 7 * 3 + 3), ("Named", {"width": 2}, 4 * 2 + 2 + 2 * 3 + 3), ("Fixed", {}, 15),
     ("Fixed", {"width": 5}, 25), ("Plain", {}, 15), ("made", {}, 15)],
)  # fmt: skip
def test_own_network_is_called_as_its_signature_says(own, name, options, counts):
    model = build(f"{own}:{name}", 4, 3, options)
    assert sum(part.numel() for part in model.parameters()) == counts


@pytest.mark.parametrize(
    ("name", "options", "words", "code"),
    [("Nmaed", {}, "Did you mean 'Named'", 2), ("Named", {"widht": 3}, "Did you mean 'width'", 2),
     ("Greedy", {}, "asks for a, b, c", 2), ("Broken", {}, r"undefined_name.*\(line 34\)", 1),
     ("number", {}, "returned int", 2)],
)  # fmt: skip
def test_own_network_that_cannot_be_built(own, name, options, words, code):
    with pytest.raises(LayerwiseError, match=words) as refusal:
        build(f"{own}:{name}", 4, 3, options)
    assert refusal.value.exit_code == code


def test_own_file_that_is_missing_or_wrong(tmp_path):
    with pytest.raises(LayerwiseError, match="no file"):
        build(f"{tmp_path}/none.py:Net", 4, 3)
    (tmp_path / "bad.py").write_text("class Net(:\n", encoding="utf-8")
    with pytest.raises(LayerwiseError, match=r"SyntaxError.*\(line 1\)"):
        build(f"{tmp_path}/bad.py:Net", 4, 3)


def test_two_own_files_of_one_name_stay_apart(tmp_path):
    for folder, width in (("a", 2), ("b", 5)):
        (tmp_path / folder).mkdir()
        text = f"from torch import nn\ndef net():\n    return nn.Linear(4, {width})\n"
        (tmp_path / folder / "net.py").write_text(text, encoding="utf-8")
    assert [build(f"{tmp_path}/{folder}/net.py:net", 4, 3).out_features for folder in "ab"] == [2, 5]


def test_shapes_that_fit_pass_and_leave_the_network_alone():
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 3), nn.Dropout())
    model[0].eval()
    state = torch.get_rng_state()
    check_shapes(model, torch.ones(1, 4), 3)
    assert [module.training for module in model] == [False, True, True]
    assert torch.equal(state, torch.get_rng_state())
    assert not model[0].running_mean.any()


@pytest.mark.parametrize(
    ("model", "words"),
    [(nn.Linear(5, 3), r"shape \(1, 4\).*RuntimeError"), (nn.Linear(4, 2), r"\(1, 2\).*\(1, 4\)[^)]*\n.*\(1, 3\)"),
     (nn.Flatten(0), r"\(4,\)"), (nn.LSTM(4, 3), "tuple")],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_both_shown(model, words):
    with pytest.raises(LayerwiseError, match=words):
        check_shapes(model, torch.zeros(1, 4), 3)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [("lenet", {}, "lenet5"), ("mlp", {"hiden": (3,)}, "Did you mean 'hidden'"), ("majority", {"k": 3}, "no options"),
     ("mlp", {"hidden": 3}, "a list of a whole number"), ("mlp", {"hidden": (3.5,)}, "a list of a whole number"),
     ("mlp", {"dropout": "0.5"}, "a number"), ("mlp", {"batch_norm": 1}, "true or false"),
     ("mlp", {"activation": "tahn"}, "'tanh'"), ("knn", {"k": True}, "a whole number"),
     ("mlp", {"hidden": (0,)}, "1, 2, 3"), ("mlp", {"dropout": 1.0}, "0 <= share < 1"), ("knn", {"k": 0}, "1, 2, 3"),
     ("logistic", {"penalty": 0.0}, "> 0"), ("64-2-3", {"hidden_units": 0}, "1, 2, 3"),
     ("lenet5", {"form": "paper2"}, "'paper'")],
)  # fmt: skip
def test_wrong_names_options_and_values_are_commands_that_are_wrong(name, options, words):
    with pytest.raises(LayerwiseError, match=words) as refusal:
        build(name, 4, 3, options)
    assert refusal.value.exit_code == 2


def test_whole_numbers_are_numbers_and_lists_are_tuples():
    assert build("mlp", 4, 3, {"dropout": 0, "hidden": [2, 2]}).hidden2.in_features == 2


@pytest.mark.parametrize("inputs", [1024, (1, 28, 28), (32, 32)])
def test_lenet_takes_pictures_of_32_by_32_only(inputs):
    with pytest.raises(LayerwiseError, match="32 by 32"):
        build("lenet5", inputs, 10)


def test_c3_table_of_the_paper():
    assert [len(seen) for seen in C3_CONNECTIONS] == [3] * 6 + [4] * 9 + [6]
    # LeCun 1998, Table I, its columns 0, 4, 6, 9, 12, 13 and 14
    for column, seen in {0: (0, 1, 2), 4: (0, 4, 5), 6: (0, 1, 2, 3), 9: (0, 3, 4, 5), 12: (0, 1, 3, 4),
                         13: (1, 2, 4, 5), 14: (0, 2, 3, 5)}.items():  # fmt: skip
        assert C3_CONNECTIONS[column] == seen
    assert len(set(C3_CONNECTIONS)) == 16


def test_paper_form_starts_with_average_pooling_and_answers_with_distances():
    torch.manual_seed(0)
    model = build("lenet5", (1, 32, 32), 10, {"form": "paper"})
    pictures = torch.randn(2, 1, 32, 32)
    maps = torch.randn(1, 6, 28, 28)
    torch.testing.assert_close(model.S2(maps), nn.AvgPool2d(2)(maps))
    assert (model(pictures) <= 0).all()
    assert not model.Out.codes.requires_grad
    assert build("lenet5", (1, 32, 32), 26, {"form": "paper"}).Out.codes.shape == (26, 84)


def test_every_form_of_lenet_learns_pictures_by_heart():
    pictures, targets = torch.randn(10, 1, 32, 32, generator=torch.Generator().manual_seed(0)), torch.arange(10)
    for form in ("lecture", "modern", "paper"):
        torch.manual_seed(0)
        model = build("lenet5", (1, 32, 32), 10, {"form": form})
        optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
        for _ in range(80):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(pictures), targets).backward()
            optimizer.step()
        assert (model(pictures).argmax(1) == targets).all(), form


def test_messages_have_korean():
    with use("ko"), pytest.raises(LayerwiseError) as refusal:
        build("mlp", 4, 3, {"dropout": 2.0})
    assert "옵션 값은" in refusal.value.rule
    assert "Receptive field" in korean()
