"""Write sales orders over HTTP: Tieout's protocol, or a plain loop of zeep calls one after another."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path

from bench.measure import tell, timed


def tieout(config: Path) -> None:
    """The whole first run, with the clock on the orders' part alone: commit the intent, send, settle."""
    from console.bootstrap import opened_world
    from journal.nouns import KIND_ORDER
    from sync import engine

    figures: dict = {}

    class Hands(engine.WritingHands):
        def write_documents(self, world, run_id, decisions):
            if not decisions or decisions[0].kind != KIND_ORDER:
                return super().write_documents(world, run_id, decisions)
            with timed(figures):
                done = super().write_documents(world, run_id, decisions)
            figures["orders"] = sum(one.action == "create" for one in done.values())
            return done

    start = time.perf_counter()
    with opened_world(config, alone=True) as world:
        engine.run(world, [engine.CUSTOMERS, engine.ORDERS], hands=Hands())
    tell({**figures, "whole_run": round(time.perf_counter() - start, 1)})


def plain(sandbox: Path, orders: int) -> None:
    """Add the same kind of order by zeep, one after another: no intent, no check, no memory."""
    import secrets

    import zeep

    from sandbox.clerk.signing import Keys, passport
    from sandbox.store import Store

    told = json.loads((sandbox / "sandbox.json").read_text())
    ready, now = told["netsuite"], int(datetime.fromisoformat(told["now"]).timestamp())
    base = ready.pop("base_url")
    keys = Keys(**ready)
    client = zeep.Client(f"{base}/wsdl/v2025_2_0/netsuite.wsdl")
    store = Store(sandbox / "netsuite.db")
    sample = next(order for order in store.all("salesOrder"))
    types = _types(client)
    service = client.create_service(next(iter(client.wsdl.bindings)), f"{base}/services/NetSuitePort_2025_2")

    def add(number):
        ref = types["RecordRef"]
        rows = [
            types["SalesOrderItem"](
                item=ref(internalId=line["item"]), quantity=float(line["quantity"]), amount=float(line["amount"])
            )
            for line in sample["lines"]
        ]
        record = types["SalesOrder"](
            entity=ref(internalId=sample["entity"]),
            subsidiary=ref(internalId=sample["subsidiary"]),
            externalId=f"plain-{number}",
            itemList=types["SalesOrderItemList"](item=rows),
        )
        parts = dict(passport(keys, nonce=secrets.token_hex(10), timestamp=now))
        parts["signature"] = {"_value_1": parts["signature"], "algorithm": "HMAC-SHA256"}
        answer = service.add(record=record, _soapheaders={"tokenPassport": parts})
        answer = getattr(answer, "body", answer)
        response = getattr(answer, "writeResponse", answer)
        if not response.status.isSuccess:
            raise SystemExit(f"the plain loop was refused: {response.status}")

    with timed({}) as figures:
        for number in range(orders):
            add(number)
    tell({**figures, "orders": orders})


def _types(client):
    wanted = ("RecordRef", "SalesOrder", "SalesOrderItem", "SalesOrderItemList")
    return {type_.name: type_ for type_ in client.wsdl.types.types if type_.name in wanted and callable(type_)}


if __name__ == "__main__":
    if sys.argv[1] == "tieout":
        tieout(Path(sys.argv[2]))
    else:
        plain(Path(sys.argv[2]), int(sys.argv[3]))
