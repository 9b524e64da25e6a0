"""Sizes, schemas and XML that are meant to hurt, and what NetSuite's connector makes of them."""

from __future__ import annotations

import hashlib
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
import responses

from connectors.errors import ProtocolError
from connectors.netsuite import safe_xml, soap, suitetalk
from connectors.netsuite.faults import of_answer
from connectors.netsuite.fields import FOLDER
from connectors.transport import open_session
from tests.unit.connectors.netsuite_account import (
    FakeAccount,
    StillClock,
    add_order,
    connection,
    order_payload,
    written,
)


@pytest.fixture
def account():
    fake = FakeAccount()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


# the schema, sizes, hostile XML


@contextmanager
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "create_connection", refuse)
        patch.setattr(socket.socket, "connect", refuse)
        yield


def test_the_schema_is_shipped_and_nothing_is_fetched(monkeypatch):
    with no_network(monkeypatch):
        types = suitetalk.Suitetalk("2025_2")
    assert types.new("core:RecordRef", internalId="1").internalId == "1"
    loader = suitetalk._ShippedFiles("2025_2")
    for address in ("https://webservices.netsuite.com/wsdl/v2025_2_0/netsuite.wsdl", "/etc/passwd", "../x.xsd"):
        with pytest.raises(ValueError, match="not part of the shipped schema"):
            loader.load(address)


SCHEMA = "e34d8cfadba0691fb11d6991c4a718618f2b78bd9f52f77fde7a9d1fd17cf5b4"


def test_the_shipped_schema_is_the_one_that_was_reviewed():
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in (".wsdl", ".xsd"):
            digest.update(path.name.encode() + path.read_bytes())
    assert digest.hexdigest() == SCHEMA, "the schema changed: review it, then pin it anew"


def test_a_request_larger_than_netsuite_takes_is_held_unsent(account, monkeypatch):
    monkeypatch.setattr(soap, "LARGEST_REQUEST", 5000)
    payload = order_payload(values={"memo": "x" * 6000})
    ((_, answer),) = connection().writer.write([add_order(payload=payload)])
    assert (answer.status, answer.code) == ("rejected", "REQUEST_TOO_LARGE")
    assert account.seen == []
    account.replies = [written()]
    assert next(iter(connection().writer.write([add_order()])))[1].status == "success"


def test_each_record_leaves_in_a_request_of_its_own(account):
    account.replies = [written()]
    list(connection(slots=3).writer.write([add_order(f"k{n}") for n in range(7)]))
    assert len(account.seen) == 7
    assert all(sent.body.count(b"externalId=") == 2 or sent.body.count(b":record") for sent in account.seen)


def test_a_text_of_eleven_megabytes_is_refused_and_not_held_in_memory_twice(account):
    huge = written()[2].replace("<m:addResponse>", f"<m:addResponse><x>{'y' * (11 * 1024 * 1024)}</x>")
    assert of_answer(add_order(), 200, huge.encode()).status == "ambiguous"
    account.replies = [(200, {}, huge)]
    with pytest.raises(ProtocolError, match="cannot be read"):
        connection().reader.server_time()


def test_an_answer_larger_than_any_of_netsuites_is_cut_off(monkeypatch):
    monkeypatch.setattr("connectors.transport.LARGEST_ANSWER", 100_000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        opened = open_session(
            base_url=f"http://127.0.0.1:{server.getsockname()[1]}",
            timeout=timedelta(seconds=5),
            clock=StillClock(),
            setting="x",
        )

        def talk():
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
                try:
                    for _ in range(500):
                        peer.sendall(b"z" * 100_000)
                except OSError:
                    return

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(Exception, match="exceeds 100000 bytes"):
            opened.session.get("https://1.suitetalk.api.netsuite.com/")
        thread.join()


BOMBS = {
    "billion laughs": '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
    "external entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    "external subset": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
    "behind a declaration": '<?xml version="1.0"?>\n<!-- <a> -->\n<!DOCTYPE x []><x/>',
    "behind a byte order mark": '\ufeff<!DOCTYPE x []><x/>',
    "in small letters": "<!doctype x []><x/>",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_document_type_is_refused_before_anything_is_parsed(name, monkeypatch):
    monkeypatch.setattr(safe_xml.etree, "XMLParser", lambda **_: pytest.fail("it was parsed"))
    with pytest.raises(safe_xml.ForbiddenXmlError):
        safe_xml.parse(BOMBS[name].encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_document_type_cannot_hide_in_another_encoding(encoding):
    with pytest.raises(safe_xml.XmlError):
        safe_xml.parse(BOMBS["external entity"].encode(encoding))


def test_a_text_that_names_a_document_type_is_no_document_type():
    root = safe_xml.parse(b"<?xml version='1.0'?><a><b>&lt;!DOCTYPE x></b><c><![CDATA[<!DOCTYPE y>]]></c></a>")
    assert [element.text for element in root] == ["<!DOCTYPE x>", "<!DOCTYPE y>"]


def test_a_read_that_meets_a_document_type_stops_and_names_who_to_look_at(account):
    account.replies = [(200, {}, BOMBS["external entity"])]
    with pytest.raises(ProtocolError, match="lies in between") as caught:
        connection().reader.server_time()
    assert caught.value.code == "FORBIDDEN_XML"
    assert len(account.seen) == 1
