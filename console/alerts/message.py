"""An alert in words: what happened, since when, what to do, and the command that shows more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that a person should know.

    ``key`` is the same for as long as the matter is; ``to`` are e-mail addresses. ``healed`` says that it is over,
    empty where nobody needs to hear that. ``silent``: only its end is told. ``repeats``: told again while it lasts.
    """

    key: str
    kind: str
    subject: str
    what: str
    todo: str
    command: str
    to: Sequence[str] = ()
    since: datetime | None = None
    healed: str = ""
    silent: bool = False
    repeats: bool = True
    details: Mapping[str, str] = field(default_factory=dict)

    def body(self, company: str) -> str:
        """Return the text of the mail."""
        parts = [self.what]
        if self.since is not None:
            parts.append(f"Since: {self.since:%Y-%m-%d %H:%M} UTC")
        if self.todo:
            parts.append(f"What to do: {self.todo}")
        if self.command:
            parts.append(f"More: {self.command}")
        return "\n\n".join([*parts, f"Tieout, {company}"]) + "\n"

    def over(self, at: datetime) -> Alert:
        """Return the message that tells of the end."""
        began = f" It began on {self.since:%Y-%m-%d %H:%M} UTC." if self.since else ""
        subject = f"Over: {self.subject}"
        details = {**self.details, "over_at": at.isoformat()}
        return replace(self, subject=subject, what=self.healed + began, since=None, todo="", details=details)

    def to_json(self) -> str:
        """Return the alert as the journal keeps it."""
        since = None if self.since is None else self.since.isoformat()
        content = asdict(self) | {"since": since, "to": list(self.to), "details": dict(self.details)}
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Alert:
        """Reverse :meth:`to_json`."""
        content: dict[str, Any] = json.loads(text)
        since = content.pop("since")
        return cls(since=None if since is None else datetime.fromisoformat(since), **content)
