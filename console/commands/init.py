"""``tieout init``: the files an admin starts with."""

from __future__ import annotations

from pathlib import Path

from config.errors import ConfigError, ConfigProblem
from config.maps import template_files
from console.output import Output


def execute(directory: Path, output: Output) -> None:
    """Write the templates into a folder; none of them replaces a file that is there."""
    files = {directory / path: text for path, text in template_files().items()}
    present = [path for path in files if path.exists()]
    if present:
        what = "this file is there already; nothing was written."
        raise ConfigError(
            [ConfigProblem(str(path), what, "Name an empty folder, or move it away.") for path in present]
        )
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        output.line(f"wrote {path}")
    output.line("Adapt them, then: tieout check")
