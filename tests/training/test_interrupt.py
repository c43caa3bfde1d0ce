"""Ctrl-C sets a flag; a second one acts at once; the handlers of before come back."""

import os
import signal
import threading

import pytest

from layerwise.training.interrupt import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_flag_and_the_old_handlers_come_back(number):
    before = [signal.getsignal(some) for some in (signal.SIGINT, signal.SIGTERM)]
    with interruptible() as interrupted:
        assert not interrupted()
        os.kill(os.getpid(), number)
        assert interrupted()
    assert [signal.getsignal(some) for some in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_second_interrupt_acts_at_once():
    # A shell starts background jobs with the interrupt ignored; here it is the usual one, as at a terminal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press_twice():
        with interruptible() as interrupted:
            os.kill(os.getpid(), signal.SIGINT)
            assert interrupted()
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        press_twice()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_the_handlers_come_back_after_an_error():
    def fail():
        with interruptible():
            raise LookupError

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(LookupError):
        fail()
    assert signal.getsignal(signal.SIGTERM) is before


def test_outside_the_main_thread_nothing_changes():
    seen = []

    def work():
        with interruptible() as interrupted:
            seen.append((interrupted(), signal.getsignal(signal.SIGINT)))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]
