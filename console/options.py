"""Options that commands of several files share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object with a version field.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when there are holds or exceptions.")]
SYNC_TOML = Path("sync.toml")
