"""What holds on the processor holds on a graphics card; all of it runs in one call where there is one."""

import pytest
import torch

from layerwise.config import Experiment, Load, Model, Train
from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.tasks.classify import Classify
from layerwise.training.augment import augmentation
from layerwise.training.loop import train
from layerwise.training.snapshot import take_snapshot
from layerwise.training.state import Plan, prepare
from layerwise.workflow.start import start

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")


def state_on(device, *, optimizer="adam", augmented=False, examples=256, epochs=2, precision="float32", **plan):
    task = Classify(tuple("0123456789"))
    some = task.sample((1, 32, 32), examples, torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    network = build("lenet5", (1, 32, 32), 10, {"form": "modern"})
    change = None
    if augmented:
        names = ("shift=2", "flip", "rotate=10", "brightness", "contrast", "cutout=4")
        change = augmentation(names, seed=0, examples=examples, black=(0.0,), unit=(1.0,))
    settings = Train(epochs=epochs, batch_size=32, optimizer=optimizer, stopping="none")
    return prepare(network, task, some, settings, Plan(device, 1, precision=precision, **plan), augment=change)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"])
def test_the_card_learns_what_the_processor_learns(optimizer):
    weights = {}
    for device in ("cpu", "cuda"):
        state = state_on(device, optimizer=optimizer, epochs=1)
        for _ in train(state):
            pass
        weights[device] = torch.cat([part.detach().cpu().flatten() for part in state.learner.parameters()])
    assert torch.allclose(weights["cpu"], weights["cuda"], atol=2e-3)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("layout", ["contiguous", "channels-last"])
@pytest.mark.parametrize("augmented", [False, True])
def test_no_step_waits_for_the_card(augmented, layout, precision):
    state = state_on("cuda", augmented=augmented, memory_format=layout, precision=precision)
    steps = train(state)
    next(steps)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(5):
            next(steps)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("step", [1, 7])
def test_an_update_that_is_not_finite_is_skipped_on_the_card(step):
    state = state_on("cuda", epochs=1)
    poisoned = int(state.batches()[step - 1][0])
    state.examples.inputs[poisoned] = float("nan")
    with pytest.raises(LayerwiseError, match=f"step {step}"):
        list(train(state))
    healthy = state_on("cuda", epochs=1)
    before = torch.cat([part.detach().cpu().flatten() for part in state.learner.parameters()])
    for place, _ in enumerate(train(healthy), start=1):
        if place == step - 1:
            break
    if step > 1:
        assert torch.allclose(
            before, torch.cat([part.detach().cpu().flatten() for part in healthy.learner.parameters()]), atol=1e-5
        )
    assert torch.isfinite(before).all()


def test_no_checkpoint_stands_behind_a_batch_that_was_not_finite():
    state = state_on("cuda", epochs=1)
    state.examples.inputs[int(state.batches()[2][0])] = float("nan")
    steps = train(state)
    for _ in range(3):
        next(steps)
    with pytest.raises(LayerwiseError, match="step 3"):
        take_snapshot(state, state.learner.model)


def test_running_statistics_stay_finite_on_the_card():
    torch.manual_seed(0)
    network = build("cnn", (1, 28, 28), 10, {})
    task = Classify(tuple("0123456789"))
    some = task.sample((1, 28, 28), 256, torch.Generator().manual_seed(0))
    settings = Train(epochs=1, batch_size=32, stopping="none")
    state = prepare(network, task, some, settings, Plan("cuda", 1, memory_format="channels-last"))
    state.examples.inputs[int(state.batches()[3][0])] = float("nan")
    with pytest.raises(LayerwiseError, match="step 4"):
        list(train(state))
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_a_run_on_the_card_is_opened_on_the_processor(tmp_path):
    whole = Experiment(load=Load(data="digits"), model=Model("lenet5", {"form": "modern"}))
    settings = {"device": "cuda", "epochs": 12, "augment": ("shift=2",), "resamples": 100}
    opened, _ = start(whole, settings, "digits", run=str(tmp_path / "run"))
    assert opened.folder.read("metrics.json")["metrics"]["accuracy"]["value"] >= 0.95
    assert next(opened.model.parameters()).device.type == "cpu"
