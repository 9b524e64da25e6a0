"""Virtual time: a heap of events, and tasks of which exactly one runs at a time.

A task is a thread that holds the baton. It hands it over only where it waits, so that real, blocking code runs
unchanged and one seed always gives one order of events.
"""

from __future__ import annotations

import heapq
import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Crash(BaseException):
    """The process of a task dies here."""


class Scheduler:
    """The event heap. Times are seconds since the start, rounded to microseconds."""

    def __init__(self):
        self.now = 0.0
        self.trace = []
        self._heap = []
        self._count = 0
        self._hub = threading.Lock()
        self._hub.acquire()
        self._tasks = []

    def moment(self):
        """Return the virtual present, aware UTC."""
        return START + timedelta(seconds=self.now)

    def note(self, who, what):
        """Add a line to the trace."""
        self.trace.append((self.now, who, what))

    def at(self, when, action):
        """Have ``action`` called at a time, in the order of asking among equals."""
        self._count += 1
        heapq.heappush(self._heap, (round(max(when, self.now), 6), self._count, action))

    def after(self, seconds, action):
        """Have ``action`` called after so many seconds."""
        self.at(self.now + seconds, action)

    def start(self, task):
        """Let a task begin now."""
        self._tasks.append(task)
        self.at(self.now, task.resume)

    def run(self, until):
        """Let everything happen that is due until then."""
        while self._heap and self._heap[0][0] <= until:
            when, _, action = heapq.heappop(self._heap)
            self.now = max(self.now, when)
            action()
        self.now = max(self.now, until)

    def stop(self):
        """End every task that still waits."""
        for task in self._tasks:
            task.kill()

    def sleep(self, task, seconds):
        """Let time pass for the running task, and others run meanwhile."""
        when = round(self.now + max(seconds, 0.0), 6)
        if self._heap and self._heap[0][0] <= when:
            self.at(when, task.resume)
            self._hub.release()
            task.wait()
        else:
            self.now = when

    def park(self, task):
        """Let the running task wait until somebody resumes it."""
        self._hub.release()
        task.wait()

    def hand_over(self, task):
        """Run a task until it waits or ends."""
        task.go()
        self._hub.acquire()

    def came_back(self):
        """Give the baton back to the heap."""
        self._hub.release()


class Task:
    """One thread of work. ``body`` may raise :class:`Crash`; ``ended`` is told of every end."""

    def __init__(self, scheduler, name, body, ended):
        self.name = name
        self.over = False
        self._scheduler = scheduler
        self._killed = False
        self._body = body
        self._ended = ended
        self._turn = threading.Lock()
        self._turn.acquire()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def resume(self):
        """Run the task until it waits again; nothing happens once it is over."""
        if not self.over:
            self._scheduler.hand_over(self)

    def kill(self):
        """End the task where it waits."""
        if not self.over:
            self._killed = True
            self._scheduler.hand_over(self)
            self._thread.join()

    def sleep(self, seconds):
        """Let time pass.

        Raises:
            Crash: somebody has killed the task meanwhile.
        """
        if self._killed:
            raise Crash("killed")
        self._scheduler.sleep(self, seconds)

    def park(self):
        """Wait until somebody resumes the task."""
        self._scheduler.park(self)

    def go(self):
        """Take the baton; called by the scheduler."""
        self._turn.release()

    def wait(self):
        """Wait for the baton; called by the scheduler."""
        self._turn.acquire()
        if self._killed:
            raise Crash("killed")

    def _run(self):
        self._turn.acquire()
        failure = None
        try:
            if not self._killed:
                self._body()
        except Crash:
            pass
        except BaseException as error:  # noqa: BLE001  the judge is told
            failure = error
        self.over = True
        try:
            self._ended(failure, killed=self._killed)
        finally:
            self._scheduler.came_back()
