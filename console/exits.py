"""Exit codes, and how an error reaches a person: what, where, why, how to mend it."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from config.errors import ConfigError
from config.secrets import SecretError
from connectors.errors import ConnectorError, MappingError, SchemaError, TieoutError
from console.output import Output
from journal.errors import DatabaseUnavailable, JournalError
from sync.errors import UnknownDeal

OPPORTUNITY_ID = re.compile(r"006[A-Za-z0-9]{12}([A-Za-z0-9]{3})?")


class Exit(IntEnum):
    """What the process's exit code says."""

    DONE = 0
    FINDINGS = 1
    """Finished, with holds or exceptions; only with ``--strict``. Also a bad audit trail."""
    USAGE = 2
    """A setting, a mapping, an argument or a local file is wrong; nothing was written remotely."""
    REMOTE = 3
    """A remote system, or the state database, could not be reached, or refused."""
    FAULT = 4
    """A fault in Tieout itself; what was committed before it stays, and the next run goes on from there."""


@contextmanager
def explained(output: Output) -> Iterator[None]:
    """Turn errors into a message and an exit code; a fault of our own also shows its traceback."""
    try:
        yield
    except (ConfigError, MappingError) as error:
        _fail(output, Exit.USAGE, [str(problem) for problem in error.problems])
    except SchemaError as error:
        _fail(output, Exit.USAGE, [str(error)])
    except ConnectorError as error:
        _fail(output, Exit.REMOTE, [str(error)])
    except UnknownDeal as error:
        _fail(output, Exit.USAGE, [_unknown_deal(str(error))])
    except DatabaseUnavailable as error:
        _fail(output, Exit.REMOTE, [str(error)])
    except (SecretError, JournalError, TieoutError) as error:
        _fail(output, Exit.USAGE, [str(error)])
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise  # a broken pipe: the reader, such as `head`, has seen enough
    except Exception as error:  # noqa: BLE001  the last place where it can be said in plain words
        _fault(output, error)


def _fault(output: Output, error: Exception) -> None:
    traceback.print_exc()
    text = (
        f"this is a fault in Tieout itself ({type(error).__name__}). What was committed stays, and the next run goes "
        "on from there. Please report the lines above."
    )
    _fail(output, Exit.FAULT, [text])


def _unknown_deal(text: str) -> str:
    if OPPORTUNITY_ID.fullmatch(text):
        return f"Salesforce shows no opportunity with the id {text}. Check the id and that Tieout's user may see it."
    return (
        f"{text!r} names no deal. Write the id of an opportunity (15 or 18 characters that begin with 006),"
        " its address in Salesforce, or the number of an order that Tieout knows."
    )


def _fail(output: Output, code: Exit, messages: list[str]) -> None:
    if output.as_json:
        typer.echo(json.dumps({"version": 1, "ok": False, "exit_code": int(code), "errors": messages}))
    for message in messages:
        typer.echo(f"error: {message}", err=True)
    raise typer.Exit(int(code))
