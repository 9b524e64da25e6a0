"""``tieout demo``: the whole way on local servers, judged by those servers' own logs and the planted truth."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config.errors import ConfigError, ConfigProblem
from config.maps import template_files
from console.bootstrap import opened_world
from console.demo_course import play
from console.demo_screen import show
from console.output import Output

NOW = "2026-11-22T12:00:00Z"
"""The demo's present: its book was written around this day."""

MARKER = ".tieout-demo"
SECRET_NAMES = {
    "TIEOUT_SF_CLIENT_ID": ("salesforce", "client_id"),
    "TIEOUT_SF_CLIENT_SECRET": ("salesforce", "client_secret"),
    "TIEOUT_NS_CONSUMER_KEY": ("netsuite", "consumer_key"),
    "TIEOUT_NS_CONSUMER_SECRET": ("netsuite", "consumer_secret"),
    "TIEOUT_NS_TOKEN_ID": ("netsuite", "token_id"),
    "TIEOUT_NS_TOKEN_SECRET": ("netsuite", "token_secret"),
}


def execute(directory: Path, seed: int, output: Output) -> None:
    """Run the demo in an empty folder and print its first screen."""
    sandbox = directory / "sandbox"
    _clear(directory)
    output.line("Starting a local Salesforce and a local NetSuite with a demo book ...")
    with served(sandbox, seed) as ready:
        config = write_files(directory, ready)
        with output.progress() as observer, opened_world(config, observer, alone=True) as world:
            screen = play(world, sandbox, output)
        show(output, screen)
        _further(output, directory, ready)
    output.json("demo", screen.content())


def _further(output: Output, directory: Path, ready: dict[str, Any]) -> None:
    """Say how to go on with what the demo left behind."""
    ports = [f"--{name}-port {urlsplit(ready[name]['base_url']).port}" for name in ("salesforce", "netsuite")]
    output.line(f"Look further:  cd {directory}  then  tieout holds  or  tieout status")
    output.line("To plan, sync, trace or reconcile there, start its two servers again in another window:")
    output.line(f"    tieout sandbox serve --dir sandbox {' '.join(ports)}")
    output.line("Their clock stands still; let time pass with: tieout sandbox step 1h --dir sandbox")


@contextmanager
def served(sandbox: Path, seed: int, book: str = "demo", now: str = NOW) -> Iterator[dict[str, Any]]:
    """Run the sandbox as a process of its own, as an admin would; stop it afterwards."""
    command = [sys.executable, "-c", "from console.main import run; run()", "sandbox", "serve"]
    arguments = ["--dir", str(sandbox), "--book", book, "--seed", str(seed), "--now", now]
    process = subprocess.Popen(  # noqa: S603  our own program
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            detail = process.stderr.read() if process.stderr else ""
            raise ConfigError([ConfigProblem("tieout sandbox serve", "the local servers did not start.", detail)])
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def write_files(directory: Path, ready: dict[str, Any]) -> Path:
    """Write the files a newcomer starts with, pointed at the local servers; return the path of sync.toml."""
    secrets = directory / "secrets"
    secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path, text in template_files().items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_pointed(text, ready, secrets) if path == "sync.toml" else text, encoding="utf-8")
    return directory / "sync.toml"


def _pointed(text: str, ready: dict[str, Any], secrets: Path) -> str:
    """Point the template at the local servers: their addresses, secret files, and no waiting."""
    for name, (system, key) in SECRET_NAMES.items():
        file = secrets / name.removeprefix("TIEOUT_").lower()
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(ready[system][key])
        text = text.replace(f"env:{name}", f"file:{file.resolve()}")
    replacements = {
        "# base_url = ": f'base_url = "{ready["salesforce"]["base_url"]}"    # ',
        "# base_url  = ": f'base_url  = "{ready["netsuite"]["base_url"]}"   # ',
        'wait    = "30m"': 'wait    = "0s"',
        '# quiet_period = "2m"': 'quiet_period = "2s"',
        '# longest_request = "15m"': 'longest_request = "1s"',
        '# quiet_period = "16m"': 'quiet_period = "2s"',
        '# send_window  = "30s"': 'send_window  = "10s"',
        'enabled = false\nevery   = "15m"': 'enabled = true\nevery   = "15m"',
        "# deal_field ": "deal_field ",
    }
    for old, new in replacements.items():
        if old not in text:
            raise ConfigError([ConfigProblem("config/templates/sync.toml", f"the template lost the line {old!r}.")])
        text = text.replace(old, new)
    return text


def _clear(directory: Path) -> None:
    """Empty a folder that an earlier demo made; refuse any other that holds something."""
    if directory.exists() and any(directory.iterdir()) and not (directory / MARKER).exists():
        what = f"{directory} holds files that are not a demo's."
        raise ConfigError([ConfigProblem("--dir", what, "Name an empty or a new folder.")])
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / MARKER).touch()
