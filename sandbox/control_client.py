"""Speaks to the control endpoint of running servers: step the clock, apply edits, set faults, read state."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError

READY_FILE = "sandbox.json"
TIMEOUT = 60.0


def ready(directory: Path) -> dict[str, Any]:
    """Return what the servers announced when they started.

    Raises:
        SandboxError: no sandbox has been started in this folder.
    """
    path = directory / READY_FILE
    if not path.is_file():
        raise SandboxError(f"{directory} holds no sandbox. Start one with: tieout sandbox serve --dir {directory}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def step(directory: Path, seconds: float) -> str:
    """Advance the common clock and return where it now stands."""
    return str(post(directory, "step", {"seconds": seconds})["now"])


def post(directory: Path, action: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send one command to the control endpoint and return its answer."""
    return _ask(directory, action, json.dumps(body).encode())


def get(directory: Path, what: str) -> dict[str, Any]:
    """Read from the control endpoint: ``clock`` or ``state``."""
    return _ask(directory, what, None)


def _ask(directory: Path, path: str, body: bytes | None) -> dict[str, Any]:
    address = f"{ready(directory)['salesforce']['base_url']}/_sandbox/{path}"
    # Only the loopback address of our own ready file is ever asked.
    request = urllib.request.Request(address, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
            return found
    except urllib.error.HTTPError as error:
        raise SandboxError(f"the sandbox refused {path}: {error.read().decode(errors='replace')}") from error
    except urllib.error.URLError as error:
        raise SandboxError(
            f"the sandbox of {directory} does not answer ({error.reason}). "
            f"Start it with: tieout sandbox serve --dir {directory}"
        ) from error
