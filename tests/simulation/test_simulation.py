"""The simulation within ``make test``: some seeds, and every mutant by a schedule or a seed that kills it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.directed import SCHEDULES
from tests.simulation.faults import options
from tests.simulation.mutants import MUTANTS
from tests.simulation.prove_mutants import hunt
from tests.simulation.run import Stage, play
from tests.simulation.simulate import regressions

SEEDS = 8
"""How many random seeds are played here; ``make simulate`` plays more."""
KILLED_BY_SEEDS = (
    "overlap 0",
    "upsert for money documents",
    "settle without read-back",
    "send before the SENDING commit",
    "claim without lease",
)
"""Mutants for which there is no directed schedule: one of the first random seeds catches each."""


@pytest.fixture(scope="module")
def stage():
    with Stage() as made:
        yield made


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_a_random_seed_keeps_every_invariant(stage, seed):
    came = play(stage, seed)
    assert came.ok, (came.options, came.complaints)


@pytest.mark.parametrize("seed", regressions())
def test_a_seed_that_failed_once_is_clean(stage, seed):
    came = play(stage, seed)
    assert came.ok, (came.options, came.complaints)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_directed_schedule_is_survived(stage, name):
    schedule = SCHEDULES[name]
    came = play(stage, 1, directed=schedule.prepare, **schedule.options)
    assert came.ok, came.complaints


@pytest.mark.parametrize("name", [name for name, schedule in SCHEDULES.items() if schedule.mutant])
def test_a_directed_schedule_catches_its_mutant(name):
    schedule = SCHEDULES[name]
    mutant = MUTANTS[schedule.mutant]
    with mutant.installed(), Stage(**mutant.settings) as stage:
        came = play(stage, 1, directed=schedule.prepare, **schedule.options)
    assert came.caught


@pytest.mark.parametrize("name", KILLED_BY_SEEDS)
def test_some_seed_catches_the_mutant(name):
    _, needed, invariants, _ = hunt(name, base=1, limit=10, seconds=60.0)
    assert needed, invariants


def test_every_mutant_has_something_that_kills_it():
    assert set(MUTANTS) == {schedule.mutant for schedule in SCHEDULES.values() if schedule.mutant} | set(
        KILLED_BY_SEEDS
    )


def test_one_seed_always_takes_the_same_course():
    script = Path(__file__).with_name("simulate.py")
    traces = set()
    for salt in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": salt}
        command = [sys.executable, str(script), "--seed", "7"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100)  # noqa: PLW1510
        assert done.stdout, done.stderr
        traces.add(json.loads(done.stdout.splitlines()[-1])["trace"])
    assert len(traces) == 1


def test_a_seed_draws_its_options_from_nothing_else():
    assert options(5) == options(5)
    assert options(5).text["seed"] == 5
