"""A save is killed at each of its system calls, each call fails in five ways, the power is cut at every instant.

The quick tests of `test_saves.py` stand between Python and the system; these stand between the process and the kernel.
"""

import sys

import pytest

from faults.disk import crash_states
from faults.harness import bench
from faults.savers import SAID
from faults.tracing import as_disk_calls, available

OURS = ("layerwise checkpoint", "layerwise weights", "layerwise figures")

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture(params=OURS)
def saver(request, quick_path):
    reason = available()
    if reason:
        pytest.skip(reason)
    with bench(request.param, quick_path) as made:
        yield made


def test_a_kill_at_any_call_leaves_the_old_or_the_new(saver):
    outcome = saver.kill_everywhere()
    print(saver.name, outcome.to_json())
    assert outcome.points >= 7
    assert outcome.lost == 0
    assert outcome.kept["old"] >= 5
    assert outcome.kept["new"] >= 2


def test_an_error_of_any_call_leaves_the_old_or_the_new_and_is_said(saver):
    outcome = saver.fail_everywhere()
    print(saver.name, outcome.to_json())
    assert outcome.points >= 35
    assert outcome.lost == 0
    assert outcome.unsaid == 0


def test_a_power_cut_at_any_instant_leaves_the_old_or_the_new_and_what_was_said_stays(saver):
    outcome = saver.cut_the_power()
    print(saver.name, outcome.to_json())
    assert outcome.points >= 7
    assert outcome.lost == 0
    assert outcome.unsaid == 0


@pytest.mark.skipif(sys.platform != "linux", reason="needs strace")
def test_the_harness_finds_what_is_known_of_torch_save(quick_path):
    reason = available()
    if reason:
        pytest.skip(reason)
    with bench("torch.save", quick_path) as made:
        assert made.kill_everywhere().lost >= 1
        _, calls = made.save()
        told = [told for told, _ in crash_states(made.root, as_disk_calls(calls, SAID))]
        assert made.cut_the_power().lost >= 5
    assert True in told
    assert False in told
