"""What a test or an operator asks of the sandbox itself: ``/_sandbox/…`` on either server.

==============================  ==============================================================================
``GET  clock``                  ``{"now": …}``
``POST step {"seconds": N}``    move the common clock; ``{"now": …}``
``GET  state``                  ``{"ordinal": n, "holding": [{ordinal, system, operation, action}], "now": …}``
``POST faults {"rules": […]}``  replace the fault rules and release held requests; ``"reset_ordinal": true``
                                starts counting anew (see :mod:`sandbox.faults`)
``POST edits {"phase": P}``     carry out the book's recorded edits of that phase; ``{"applied": n}``
==============================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox import exact_json
from sandbox.clock import SandboxClock
from sandbox.errors import SandboxError
from sandbox.faults import Faults, parse_rule
from sandbox.http import CONTROL, Request, Response


class SandboxControl:
    """Answers control requests for both servers.

    Args:
        clock: the common clock.
        faults: the common fault rules.
        apply_edits: carries out the recorded edits of a phase and returns how many there were.
    """

    def __init__(self, clock: SandboxClock, faults: Faults, apply_edits: Callable[[str], int]) -> None:
        self._clock = clock
        self._faults = faults
        self._apply_edits = apply_edits
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]] = {
            ("GET", "clock"): self._now,
            ("POST", "step"): self._step,
            ("GET", "state"): self._state,
            ("POST", "faults"): self._set_faults,
            ("POST", "edits"): self._edit,
        }

    def __call__(self, request: Request) -> Response | None:
        """Answer, or return None when the path is not known here."""
        route = self._routes.get((request.method, request.path.removeprefix(CONTROL)))
        if route is None:
            return None
        try:
            return Response.json(route(_body(request)))
        except (SandboxError, ValueError, TypeError, KeyError) as error:
            return Response.json({"error": str(error)}, 400)

    def _now(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"now": self._clock.now().isoformat().replace("+00:00", "Z")}

    def _step(self, body: dict[str, Any]) -> dict[str, Any]:
        self._clock.step(float(body["seconds"]))
        return self._now(body)

    def _state(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"ordinal": self._faults.ordinal, "holding": self._faults.holding, **self._now(body)}

    def _set_faults(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("reset_ordinal"):
            self._faults.reset_ordinal()
        if "rules" in body:
            self._faults.arm([parse_rule(rule) for rule in body["rules"]])
        return self._state(body)

    def _edit(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"applied": self._apply_edits(str(body.get("phase", "after")))}


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    value = exact_json.loads(request.body)
    if not isinstance(value, dict):
        raise SandboxError(f"the body of {request.path} must be a JSON object.")
    return value
