"""The limit on requests in flight."""

from __future__ import annotations

import threading

import pytest

from connectors.governor import Governor
from tests.unit.connectors.salesforce_org import StillClock


def test_it_halves_on_a_signal_and_never_below_one() -> None:
    governor = Governor(5, clock=StillClock())
    limits = []
    for _ in range(4):
        governor.slow_down()
        limits.append(governor.limit)
    assert limits == [2, 1, 1, 1]


def test_it_grows_back_by_one_per_clean_minute_up_to_its_slots() -> None:
    clock = StillClock()
    governor = Governor(4, clock=clock)
    governor.slow_down()
    clock.sleep(59)
    assert governor.limit == 2
    clock.sleep(1)
    assert governor.limit == 3
    clock.sleep(600)
    assert governor.limit == 4


def test_a_new_signal_starts_the_minute_again() -> None:
    clock = StillClock()
    governor = Governor(8, clock=clock)
    governor.slow_down()
    clock.sleep(59)
    governor.slow_down()
    clock.sleep(59)
    assert governor.limit == 2


def test_calm_before_a_signal_does_not_count_after_it() -> None:
    clock = StillClock()
    governor = Governor(4, clock=clock)
    clock.sleep(600)
    governor.slow_down()
    assert governor.limit == 2


def test_never_more_in_flight_than_slots() -> None:
    governor = Governor(3, clock=StillClock())
    gate, most, lock = threading.Barrier(3, timeout=5), [0], threading.Lock()

    def work() -> None:
        with governor.slot():
            with lock:
                most[0] = max(most[0], governor.in_flight)
            gate.wait()

    threads = [threading.Thread(target=work) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], governor.in_flight) == (3, 0)


def test_a_slot_is_given_back_after_a_failure() -> None:
    governor = Governor(1, clock=StillClock())
    with pytest.raises(KeyError), governor.slot():
        raise KeyError
    assert governor.in_flight == 0


def test_at_least_one_slot_is_needed() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Governor(0, clock=StillClock())
