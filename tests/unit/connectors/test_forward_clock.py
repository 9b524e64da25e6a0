"""A clock for deadlines: neither a wall clock that is set back nor a sleep of the machine turns it back."""

from __future__ import annotations

from datetime import timedelta

from config.system import SystemClock
from connectors.forward_clock import ForwardClock
from tests.unit.connectors.netsuite_account import NOON, StillClock


class TwoClocks(StillClock):
    """Wall clock and boot-time clock, each moved by hand."""

    ran = 100.0

    def elapsed(self) -> float:
        return self.ran


def test_it_follows_the_wall_clock() -> None:
    clock = TwoClocks()
    forward = ForwardClock(clock)
    clock.at += timedelta(seconds=5)
    clock.ran += 5
    assert forward.now() == NOON + timedelta(seconds=5)


def test_a_wall_clock_that_is_set_back_does_not_take_it_back() -> None:
    clock = TwoClocks()
    forward = ForwardClock(clock)
    clock.ran += 10
    clock.at -= timedelta(hours=1)
    assert forward.now() == NOON + timedelta(seconds=10)


def test_forward_and_back_again_does_not_open_a_window_either() -> None:
    clock = TwoClocks()
    forward = ForwardClock(clock)
    clock.at += timedelta(hours=1)
    assert forward.now() == NOON + timedelta(hours=1)
    clock.at -= timedelta(hours=1)
    clock.ran += 40
    assert forward.now() == NOON + timedelta(hours=1, seconds=40)


def test_a_wall_clock_that_slept_with_the_machine_is_corrected() -> None:
    clock = TwoClocks()
    forward = ForwardClock(clock)
    clock.ran += 3600
    assert forward.now() == NOON + timedelta(hours=1)


def test_a_boot_time_clock_that_runs_back_changes_nothing() -> None:
    clock = TwoClocks()
    forward = ForwardClock(clock)
    clock.ran -= 50
    assert forward.now() == NOON


def test_the_machines_own_elapsed_time_grows() -> None:
    clock = SystemClock()
    first = clock.elapsed()
    assert first > 0
    assert clock.elapsed() >= first
