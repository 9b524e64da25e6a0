"""Read every opportunity over HTTP: Tieout's pull into the journal, or a plain simple-salesforce loop."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

from bench.measure import tell, timed


def tieout(config: Path) -> None:
    from console.bootstrap import opened_world
    from sync import pull

    with opened_world(config) as world, timed({}) as figures:
        pulled = pull.pull(world, "bench")
    tell({**figures, "records": pulled.read, "kept": pulled.staged})


def plain(config: Path, database: Path | None) -> None:
    """What the shortest script does: the same fields, no lines, no memory of what was read before."""
    from simple_salesforce import Salesforce

    from console.bootstrap import opened_world
    from sync.pull import deal_fields

    with opened_world(config) as world:
        fields = deal_fields(world)
    ready = json.loads((config.parent.parent / "sandbox" / "sandbox.json").read_text())["salesforce"]
    session = Salesforce(
        instance_url=ready["base_url"], session_id=_token(ready), version="67.0", session=_without_tls()
    )
    query = f"SELECT {', '.join({*fields, 'SystemModstamp', 'IsDeleted'})} FROM Opportunity"  # noqa: S608
    n = 0
    with timed({}) as figures:
        db = sqlite3.connect(database) if database else None
        if db:
            db.execute("CREATE TABLE opportunity (id TEXT PRIMARY KEY, body TEXT)")
        for record in session.query_all_iter(query, include_deleted=True):
            n += 1
            if db:
                db.execute("INSERT INTO opportunity VALUES (?, ?)", (record["Id"], json.dumps(record)))
        if db:
            db.commit()
    tell({**figures, "records": n})


def _without_tls():
    """simple-salesforce speaks https alone; the local server has no certificate."""
    import requests
    from requests.adapters import HTTPAdapter

    class Plain(HTTPAdapter):
        def send(self, request, **options):
            request.url = request.url.replace("https://", "http://", 1)
            return super().send(request, **options)

    session = requests.Session()
    session.mount("https://127.0.0.1", Plain())
    return session


def _token(ready):
    import requests

    answer = requests.post(f"{ready['base_url']}/services/oauth2/token", timeout=30, data={
        "grant_type": "client_credentials", "client_id": ready["client_id"], "client_secret": ready["client_secret"],
    })  # fmt: skip
    return answer.json()["access_token"]


if __name__ == "__main__":
    how, path = sys.argv[1], Path(sys.argv[2])
    tieout(path) if how == "tieout" else plain(path, Path(sys.argv[3]) if len(sys.argv) > 3 else None)
