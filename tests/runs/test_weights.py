"""Weights come back bit for bit; every damage is noticed, and nothing of a file is executed."""

import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from layerwise.errors import LayerwiseError
from layerwise.runs.weights import load_weights, save_weights


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))


def test_weights_and_buffers_come_back_bit_for_bit(tmp_path):
    model, other = network(), network(1)
    model(torch.randn(8, 4))
    save_weights(tmp_path / "model.safetensors", model)
    load_weights(tmp_path / "model.safetensors", other)
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_equal_weights_make_equal_files(tmp_path):
    for number in range(8):
        save_weights(tmp_path / f"{number}.safetensors", network())
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_plain_pytorch_reads_them(tmp_path):
    model, other = network(), network(1)
    save_weights(tmp_path / "model.safetensors", model)
    other.load_state_dict(load_file(tmp_path / "model.safetensors"))
    assert torch.equal(model[0].weight, other[0].weight)


def test_every_changed_byte_is_noticed(tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(path, network())
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        model = network(1)
        try:
            load_weights(path, model)
        except LayerwiseError:
            continue
        # A change that is let through may only stand in a name of the header that nobody reads.
        assert all(
            torch.equal(one, other) for one, other in zip(model.parameters(), network().parameters(), strict=True)
        )


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path, share):
    path = tmp_path / "model.safetensors"
    save_weights(path, network())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(LayerwiseError, match="safetensors") as caught:
        load_weights(path, network())
    assert caught.value.exit_code == 1


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pickle_by_another_name_is_refused_and_not_run(tmp_path):
    canary, path = tmp_path / "canary", tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps(Trap(str(canary))))
    with pytest.raises(LayerwiseError):
        load_weights(path, network())
    torch.save(network().state_dict(), path)
    with pytest.raises(LayerwiseError):
        load_weights(path, network())
    assert not canary.exists()


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(path, nn.Linear(3, 3))
    with pytest.raises(LayerwiseError, match="Missing key"):
        load_weights(path, network())


def test_weights_that_others_wrote_are_read(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file(network().state_dict(), path)
    model = network(1)
    load_weights(path, model)
    assert torch.equal(model[0].weight, network()[0].weight)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LayerwiseError, match=r"gone\.safetensors"):
        load_weights(tmp_path / "gone.safetensors", network())
