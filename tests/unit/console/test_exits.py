"""How a command ends when nobody reads on."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import typer
from console.exits import explained
from console.output import Output
app = typer.Typer(pretty_exceptions_enable=False)

@app.command()
def much():
    output = Output(as_json=False)
    with explained(output):
        for number in range(200000):
            output.line(str(number))
app()
"""


def test_a_reader_who_has_seen_enough_ends_the_command_without_a_word():
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "0\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 1
