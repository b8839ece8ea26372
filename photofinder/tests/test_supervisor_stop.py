"""Stopping the supervisor: in order, in time, and with nothing left behind."""

import signal
import sys
import time

import pytest

from photofinder.tests.supervised import SLEEPER, STUBBORN, processes_of, site, var_folder

GRANDCHILD = [
    sys.executable,
    "-c",
    f"import subprocess; subprocess.Popen({SLEEPER}, start_new_session=True, close_fds=False).wait()",
]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything(signum: int) -> None:
    with var_folder() as var_dir, site(var_dir, embedded=True, worker=SLEEPER) as running:
        assert len(processes_of(var_dir)) > 4
        assert running.stop(signum) == 0
        assert not processes_of(var_dir)


def test_it_leaves_no_process_that_left_its_group() -> None:
    with var_folder() as var_dir, site(var_dir, worker=GRANDCHILD) as running:
        running.read_until("sleeping")
        assert running.stop() == 0
        assert not processes_of(var_dir)


def test_a_second_signal_kills_what_does_not_end() -> None:
    with var_folder() as var_dir, site(var_dir, worker=STUBBORN) as running:
        running.popen.send_signal(signal.SIGINT)
        time.sleep(1)
        assert running.popen.poll() is None, "the first signal waits for the worker"
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 2
        assert not processes_of(var_dir)
