"""What can be wrong with the operator's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One fault: ``where`` is ``file:line``, ``what`` the complaint, ``fix`` how to mend it."""

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.fix}".strip()


class ConfigError(Exception):
    """A configuration file cannot be used; ``problems`` lists every fault found in it."""

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
