"""Alerts over real connections: a mail server and a webhook on this machine."""

from __future__ import annotations

import email
import json
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from config.secrets import Secret, SecretRef
from config.settings import AlertSettings, MailSettings, ReconcileSettings
from connectors.alerting import certificates
from connectors.alerting.smtp import Mail, Mailer
from connectors.alerting.webhook import Webhook
from connectors.errors import AuthenticationError, ConnectorError, TransientError, UnreachableError
from connectors.transport import RouteError
from console.alerts.message import Alert
from console.alerts.send import MailChannel, NoMailServer, WebhookChannel, send_workbook
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_settings

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Inbox:
    """Keeps what the mail server took."""

    def __init__(self):
        self.envelopes = []
        self.refuse = None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if address == self.refuse:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        self.envelopes.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


class PasswordServer(Controller):
    """Takes mail over STARTTLS after a login only."""

    def factory(self):
        def check(server, session, envelope, mechanism, auth_data):
            right = (auth_data.login, auth_data.password) == (b"tieout", b"s3cret")
            return AuthResult(success=right, handled=False)

        return SMTP(
            self.handler,
            authenticator=check,
            auth_required=True,
            auth_require_tls=True,
            require_starttls=True,
            tls_context=self.tls,
        )


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def mail_server(inbox):
    server = Controller(inbox, hostname="127.0.0.1", port=free_port())
    server.start()
    yield server.port
    server.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A PEM file with a self-signed certificate for localhost and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificates of these tests")
    folder = tmp_path_factory.mktemp("tls")
    key, made, both = folder / "key.pem", folder / "made.pem", folder / "server.pem"
    request = "req -x509 -newkey rsa:2048 -nodes -days 41 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = ["openssl", *request.split(), "-keyout", key, "-out", made]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(made.read_text() + key.read_text())
    return both


def end_of(path):
    command = ["openssl", "x509", "-enddate", "-noout", "-in", path]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(told.strip().removeprefix("notAfter=")), UTC)


def server_context(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.fixture
def password_server(inbox, certificate):
    server = PasswordServer(inbox, hostname="127.0.0.1", port=free_port())
    server.tls = server_context(certificate)
    server.start()
    yield server.port
    server.stop()


@pytest.fixture
def hook():
    """A webhook that keeps what it was sent and answers with ``status``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802  http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.taken.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.taken, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def plain(port, **changes):
    return MailSettings(host="127.0.0.1", port=port, tls="none", sender="tieout@acme.example", **changes)


def a_mail(**changes):
    values = {"to": ["ada@acme.example"], "subject": "Words", "body": "More words\n", "at": AT}
    return Mail(**{**values, **changes})


def an_alert():
    return Alert(
        key="failed:orders",
        kind="failed_job",
        subject="The job orders fails",
        what="It failed 3 times: Zürich is closed.",
        since=AT,
        todo="Open it.",
        command="tieout status",
        to=["ada@acme.example", "bob@acme.example"],
        details={"job": "orders"},
    )


def settings_with(tmp_path, **alerts):
    return make_settings(tmp_path, alerts=AlertSettings(**alerts), reconcile=ReconcileSettings(sla=timedelta(hours=4)))


def test_an_alert_arrives_as_a_plain_mail(tmp_path, inbox, mail_server):
    MailChannel(settings_with(tmp_path, smtp=plain(mail_server))).send(an_alert(), AT)
    ((to, mail),) = inbox.envelopes
    assert to == ["ada@acme.example", "bob@acme.example"]
    assert mail["Subject"] == "[Tieout] The job orders fails"
    assert mail["From"] == "tieout@acme.example"
    assert mail["Date"].datetime == AT
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "It failed 3 times: Zürich is closed." in text
    assert "Since: 2026-11-22 12:00 UTC" in text
    assert "What to do: Open it." in text
    assert "More: tieout status" in text
    assert "Tieout, Acme Inc" in text


def test_the_workbook_arrives_as_an_attachment(tmp_path, inbox, mail_server):
    book = tmp_path / "reconciliation.xlsx"
    book.write_bytes(b"PK workbook")
    settings = settings_with(tmp_path, smtp=plain(mail_server))
    settings = replace(settings, reconcile=replace(settings.reconcile, send_to=["cfo@acme.example"]))
    send_workbook(settings, book, "Reconciliation", "See the workbook.\n", AT)
    ((to, mail),) = inbox.envelopes
    assert to == ["cfo@acme.example"]
    (part,) = mail.iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("reconciliation.xlsx", b"PK workbook")
    assert part.get_content_type() == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_a_workbook_without_a_mail_server_is_refused_in_words(tmp_path):
    settings = settings_with(tmp_path)
    send_workbook(settings, tmp_path / "b.xlsx", "x", "y", AT)
    settings = replace(settings, reconcile=replace(settings.reconcile, send_to=["cfo@acme.example"]))
    with pytest.raises(NoMailServer, match=r"\[alerts.smtp\]"):
        send_workbook(settings, tmp_path / "b.xlsx", "x", "y", AT)


def test_mail_goes_over_starttls_with_a_login(monkeypatch, inbox, password_server, certificate):
    monkeypatch.setenv("MAIL_PASSWORD", "s3cret")
    settings = MailSettings(
        host="localhost",
        port=password_server,
        sender="t@acme.example",
        user="tieout",
        password=SecretRef("env:MAIL_PASSWORD"),
    )
    Mailer(settings, ssl.create_default_context(cafile=certificate)).send(a_mail())
    assert len(inbox.envelopes) == 1


def test_a_wrong_password_is_told_without_the_password(monkeypatch, inbox, password_server, certificate):
    monkeypatch.setenv("MAIL_PASSWORD", "wr0ng")
    settings = MailSettings(
        host="localhost",
        port=password_server,
        sender="t@acme.example",
        user="tieout",
        password=SecretRef("env:MAIL_PASSWORD"),
    )
    with pytest.raises(AuthenticationError, match="refused the login") as refused:
        Mailer(settings, ssl.create_default_context(cafile=certificate)).send(a_mail())
    assert "wr0ng" not in str(refused.value)
    assert inbox.envelopes == []


def test_a_mail_server_with_an_unknown_certificate_gets_nothing(inbox, password_server):
    settings = MailSettings(host="localhost", port=password_server, sender="t@acme.example")
    with pytest.raises(ConnectorError, match="alerts.smtp"):
        Mailer(settings).send(a_mail())
    assert inbox.envelopes == []


def test_a_server_without_starttls_gets_no_mail_in_the_clear(inbox, mail_server):
    settings = MailSettings(host="127.0.0.1", port=mail_server, sender="t@acme.example")
    with pytest.raises(ConnectorError, match=r"alerts\.smtp\.tls"):
        Mailer(settings).send(a_mail())
    assert inbox.envelopes == []


def test_mail_without_encryption_stays_on_this_machine():
    with pytest.raises(RouteError, match="only for a mail server on this machine"):
        Mailer(MailSettings(host="mail.acme.example", tls="none", sender="t@acme.example"))


def test_a_refused_address_is_named(inbox, mail_server):
    inbox.refuse = "ada@acme.example"
    with pytest.raises(ConnectorError, match="refused ada@acme.example"):
        Mailer(plain(mail_server)).send(a_mail())


def test_a_mail_server_that_is_gone_is_unreachable():
    with pytest.raises(UnreachableError, match=r"alerts\.smtp\.host"):
        Mailer(plain(1)).send(a_mail())


def test_a_line_break_in_a_subject_makes_no_header(inbox, mail_server):
    Mailer(plain(mail_server)).send(a_mail(subject="Deal\r\nBcc: eve@evil.example"))
    ((to, mail),) = inbox.envelopes
    assert (to, mail["Bcc"]) == (["ada@acme.example"], None)


def test_an_alert_is_posted_as_json(monkeypatch, tmp_path, hook):
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{hook.server_port}/services/k3y")
    settings = settings_with(tmp_path, webhook=SecretRef("env:HOOK"))
    WebhookChannel(settings, VirtualClock()).send(an_alert(), AT)
    ((path, content_type, body),) = hook.taken
    assert path == "/services/k3y"
    assert content_type == "application/json; charset=utf-8"
    assert set(body) == {"text", "kind", "key", "at", "details"}
    assert body["kind"] == "failed_job"
    assert body["at"] == "2026-11-22T12:00:00+00:00"
    assert body["details"] == {"job": "orders"}
    assert "Zürich" in body["text"]


@pytest.mark.parametrize(
    ("status", "kind"), [(500, TransientError), (429, TransientError), (404, ConnectorError), (302, ConnectorError)]
)
def test_a_webhook_that_refuses_is_told_without_its_address(hook, status, kind):
    hook.status = status
    webhook = Webhook(Secret(f"http://127.0.0.1:{hook.server_port}/services/k3y"), VirtualClock())
    with pytest.raises(kind, match=str(status)) as refused:
        webhook.post({"text": "x"})
    assert "k3y" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_webhook_that_is_gone_is_told_without_its_address():
    with pytest.raises(UnreachableError) as refused:
        Webhook(Secret("http://127.0.0.1:1/services/k3y"), VirtualClock()).post({"text": "x"})
    assert "connection refused" in str(refused.value)
    assert "k3y" not in str(refused.value)


@pytest.mark.parametrize("address", ["http://chat.example/k3y", "ftp://127.0.0.1/k3y", "nonsense"])
def test_a_webhook_elsewhere_must_be_encrypted(address):
    with pytest.raises(RouteError, match="https") as refused:
        Webhook(Secret(address), VirtualClock())
    assert "k3y" not in str(refused.value)


def test_the_end_of_a_hosts_certificate_is_read(certificate):
    with TlsServer(certificate) as port:
        assert certificates.of_host("localhost", port) == end_of(certificate)


def test_the_end_of_a_certificate_in_a_file_is_read(certificate):
    assert certificates.of_pem(certificate.read_text()) == end_of(certificate)
    assert certificates.of_pem("just a token") is None


def test_what_is_no_certificate_is_no_date():
    fake = "-----BEGIN CERTIFICATE-----\nAAECAwQF\n-----END CERTIFICATE-----\n"
    with pytest.raises(ValueError, match="not an X.509 certificate"):
        certificates.of_pem(fake)


def test_a_host_that_does_not_answer_has_no_date():
    with pytest.raises(UnreachableError, match="certificate of 127.0.0.1"):
        certificates.of_host("127.0.0.1", 1, connection="netsuite")


class TlsServer:
    """A server that makes one TLS handshake."""

    def __init__(self, certificate):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self._server.socket = server_context(certificate).wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=True
        )
        self._server.handle_error = lambda *_: None
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self._server.server_port

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
