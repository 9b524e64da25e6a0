"""What the clerk has done already in a sandbox folder: ``clerk.done``, one JSON line an action."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from sandbox.clerk.plan import Action
from sandbox.errors import SandboxError

FILE = "clerk.done"


class DoneList:
    """The done actions of one sandbox folder.

    An action is known by its number and its content, so that another plan in the same folder is noticed.

    Raises:
        SandboxError: a line of the file cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._done: dict[int, str] = {}
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                self._done[int(entry["action"])] = str(entry["content"])
            except (ValueError, KeyError, TypeError) as error:
                raise SandboxError(
                    f"{self._path}:{number} is not readable: a run was cut off while it wrote. Compare the action of "
                    "the line before with NetSuite, then mend or remove the line."
                ) from error

    def has(self, action: Action) -> bool:
        """Whether the action was done.

        Raises:
            SandboxError: another action of the same number was done: the plan was changed meanwhile.
        """
        content = self._done.get(action.number)
        if content is not None and content != content_of(action):
            raise SandboxError(
                f"{self._path} says that another {action.title} was done here: the plan is not the one of that run. "
                "Use the plan of that run, or start a new sandbox folder."
            )
        return content is not None

    def note(self, action: Action, documents: Sequence[str]) -> None:
        """Remember the action as done, with the documents it made or changed."""
        content = content_of(action)
        entry = {"action": action.number, "phase": action.phase, "op": action.op, "content": content}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**entry, "documents": list(documents)}) + "\n")
        self._done[action.number] = content


def content_of(action: Action) -> str:
    """Return a short digest of what the action says."""
    said = json.dumps([action.phase, action.op, {key: str(value) for key, value in sorted(action.values.items())}])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
