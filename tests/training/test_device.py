"""Where a run is computed: what is named is respected, what is missing is said."""

import pytest
import torch

from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.training.device import SMALL_STEP, choose_plan


def test_small_steps_run_on_one_thread_and_large_ones_on_all():
    assert choose_plan(Train(batch_size=10, device="cpu"), SMALL_STEP / 10 - 1).threads == 1
    assert choose_plan(Train(batch_size=10, device="cpu"), SMALL_STEP / 10).threads == torch.get_num_threads()


def test_a_named_number_of_threads_is_respected():
    assert choose_plan(Train(batch_size=1, threads=3, device="cpu"), 1).threads == 3


def test_auto_takes_the_card_where_there_is_one(monkeypatch):
    for present, device in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda present=present: present)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        assert choose_plan(Train(batch_size=1), 1).device == device


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "tpu", "CPU"])
def test_a_device_that_is_not_there_is_refused(device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(LayerwiseError, match=f"device '{device}'; here there is cpu") as caught:
        choose_plan(Train(batch_size=1, device=device), 1)
    assert caught.value.exit_code == 2


def test_a_card_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_plan(Train(batch_size=1, device="cuda:0"), 1).device == "cuda:0"
    for wrong in ("cuda:1", "cuda:one"):
        with pytest.raises(LayerwiseError, match=wrong):
            choose_plan(Train(batch_size=1, device=wrong), 1)
