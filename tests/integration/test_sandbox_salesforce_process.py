"""The sandbox as a process of its own: ready line, a client that dies while held, an orderly end."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.dump import dump

SERVE = """
import sys
from datetime import datetime
from pathlib import Path
from sandbox.serve import serve
now = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
serve(Path(sys.argv[1]), "empty", announce=lambda line: print(line, flush=True), seed=4, now=now)
"""


def post(url: str, body: Any) -> Any:
    request = urllib.request.Request(url, data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def wait_until(url: str, count: int) -> dict[str, Any]:
    for _ in range(500):
        with urllib.request.urlopen(url, timeout=10) as answer:
            state: dict[str, Any] = json.load(answer)
        if len(state["holding"]) == count:
            return state
        time.sleep(0.01)
    raise AssertionError(f"not {count} requests held: {state}")


def test_a_client_may_die_while_held_and_the_server_ends_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert (ready["ready"], ready["pid"], ready["now"]) == (True, process.pid, "2026-11-22T12:00:00Z")
        base = ready["salesforce"]["base_url"]
        rule = {"action": "hold_after", "operation": "token", "system": "salesforce"}
        post(f"{ready['netsuite']['base_url']}/_sandbox/faults", {"rules": [rule], "reset_ordinal": True})
        client = socket.create_connection(("127.0.0.1", urlsplit(base).port or 0))
        client.sendall(b"POST /services/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        state = wait_until(f"{base}/_sandbox/state", 1)
        assert state["holding"][0]["operation"] == "token"
        client.close()
        assert wait_until(f"{base}/_sandbox/state", 0)["ordinal"] == 1
        (entry,) = [json.loads(line) for line in dump(tmp_path, "salesforce", "requests")]
        assert (entry["ordinal"], entry["fault"], entry["status"]) == (1, "hold_after", 400)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
