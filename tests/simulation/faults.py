"""What goes wrong in a seed: every option is drawn from the seed, and printed when the seed is bad."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, fields, replace

L_MAX = 900.0
"""NetSuite finishes or gives up a request within so many seconds of receiving it."""

LAST_WAKING = 1300.0
"""Seconds after the healing at which the last paused worker wakes."""
ROUNDS = (20.0, 200.0, 1010.0, 1080.0, 1320.0, 2330.0)
"""Seconds after the healing at which some worker runs: the quiet period lies among them."""
END = 2400.0

HEAVY = (
    "netsuite.sending",
    "netsuite.sent",
    "netsuite.answered",
    "netsuite.read_back.answered",
    "salesforce.sending",
    "salesforce.answered",
)
"""Points at which a crash or a pause hurts most: they are met more often there."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """One seed's world. Shares are per remote write, per read, or per point of a run."""

    seed: int
    deals: int = 12
    workers: int = 2
    hostile: bool = True
    """Whether uniqueness is checked when a request comes in and not again when it is committed."""
    story: float = 3600.0
    """Seconds during which people change things."""
    heal: float = 4000.0
    """When faults stop. A pause that began before lasts 1,300 seconds longer at most."""
    polls: float = 420.0
    """Mean seconds between two runs of a worker."""
    delayed: float = 0.2
    longest_delay: float = 810.0
    stuck: float = 0.03
    """Share of requests that lie in the client's kernel for up to 55 s before they are delivered."""
    lost_request: float = 0.075
    lost_answer: float = 0.125
    throttled: float = 0.05
    broken_before: float = 0.03
    broken_after: float = 0.04
    conflict: float = 0.01
    unreadable: float = 0.01
    crash: float = 0.002
    pause: float = 0.002
    longest_pause: float = 4000.0
    late: float = 0.3
    """Share of Salesforce's changes that become visible late."""
    longest_late: float = 540.0
    delayed_patch: float = 0.15
    lost_patch: float = 0.08
    lost_patch_answer: float = 0.08
    clashes: float = 0.05
    """Share of accounts whose customer NetSuite refuses as existing although none of ours is there."""
    known_customers: float = 0.3
    """Share of accounts whose customer is in NetSuite from the start."""
    scripted: bool = False
    """Whether a schedule says what happens, and nobody does anything by chance."""
    restores: int = 0
    page: int = 5
    restart_under_lock: bool = False

    @property
    def text(self):
        """Return what differs from the defaults, for a report."""
        plain = {field.name: field.default for field in fields(self) if field.name != "seed"}
        return {name: value for name, value in asdict(self).items() if name == "seed" or value != plain[name]}


def options(seed, **changes):
    """Return the world of a seed."""
    rng = random.Random(f"options {seed}")
    calm = rng.random()
    drawn = Options(
        seed=seed,
        workers=rng.choice((2, 2, 2, 2, 3, 4)),
        hostile=rng.random() < 0.6,
        polls=rng.choice((300.0, 420.0, 600.0)),
        pause=rng.choice((0.002, 0.002, 0.006)),
        crash=rng.choice((0.001, 0.002, 0.004)),
        delayed=rng.choice((0.05, 0.2, 0.35)) if calm > 0.1 else 0.0,
        longest_delay=rng.choice((120.0, 810.0, 810.0)),
        late=rng.choice((0.1, 0.3, 0.5)),
        restores=int(rng.random() < 0.15),
        page=rng.choice((2, 5, 200)),
        restart_under_lock=rng.random() < 0.3,
    )
    return replace(drawn, **changes)


CALM = {
    "scripted": True, "deals": 1, "known_customers": 1.0, "delayed": 0.0, "stuck": 0.0, "lost_request": 0.0,
    "lost_answer": 0.0, "throttled": 0.0, "broken_before": 0.0, "broken_after": 0.0, "conflict": 0.0,
    "unreadable": 0.0, "crash": 0.0, "pause": 0.0, "late": 0.0, "delayed_patch": 0.0, "lost_patch": 0.0,
    "lost_patch_answer": 0.0, "clashes": 0.0, "restores": 0, "workers": 2, "hostile": True, "polls": 300.0,
    "page": 200,
}  # fmt: skip
"""A world in which nothing goes wrong by itself."""


class Faults:
    """Draws what goes wrong; nothing does after the healing."""

    def __init__(self, chosen, scheduler):
        self.options = chosen
        self._scheduler = scheduler
        self._rng = random.Random(f"faults {chosen.seed}")

    @property
    def on(self):
        return self._scheduler.now < self.options.heal

    def happens(self, share):
        """Say whether something with this share happens now. One number is drawn either way."""
        return self._rng.random() < share and self.on

    def span(self, low, high):
        """Return so many seconds."""
        return self._rng.uniform(low, high)

    def fate(self):
        """Return what becomes of a NetSuite write: ok, lost_request, throttled, broken_before, conflict, …"""
        chosen, roll = self.options, self._rng.random()
        if not self.on:
            return "ok"
        for name in ("lost_request", "throttled", "broken_before", "conflict", "lost_answer", "broken_after"):
            share = getattr(chosen, name)
            if roll < share:
                return name
            roll -= share
        return "ok"

    def saving(self):
        """Return how many seconds NetSuite works on a request from its receipt on."""
        usual = self._rng.uniform(0.5, 4.0)
        if not self.happens(self.options.delayed):
            return usual
        if self._rng.random() < 0.05:
            return L_MAX - self._rng.uniform(0.0, 1.0)
        return self._rng.uniform(4.0, self.options.longest_delay)

    def at_point(self, name, rng):
        """Return None, ``crash`` or a pause in seconds for a worker at a point of its run."""
        if not self.on:
            return None
        weight = 10.0 if name in HEAVY else 1.0
        roll = rng.random()
        if roll < self.options.crash * weight:
            return "crash"
        if roll < (self.options.crash + self.options.pause) * weight:
            longest = self.options.longest_pause
            pause = rng.choice((rng.uniform(20, 90), rng.uniform(200, 1200), rng.uniform(900, longest)))
            return min(pause, self.options.heal + LAST_WAKING - self._scheduler.now)
        return None
