"""Where alerts arrive: a mail server and a webhook on this machine that keep what they were told."""

from __future__ import annotations

import email
import json
import socket
import threading
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

USER = "tieout"


class _Server(Controller):
    """Takes mail after a login only."""

    def __init__(self, inbox, password, **where):
        self.password = password
        super().__init__(inbox, **where)

    def factory(self):
        def check(server, session, envelope, mechanism, data):
            right = (data.login, data.password) == (USER.encode(), self.password.encode())
            return AuthResult(success=right, handled=False)

        return SMTP(self.handler, authenticator=check, auth_required=True, auth_require_tls=False)


class Listeners:
    """Both servers. ``mails`` are messages, ``raw`` their bytes, ``posts`` are the webhook's objects."""

    def __init__(self, password, path):
        self.mails, self.raw, self.posts, self.wrong = [], [], [], []
        self.status = 200
        self._hook = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(path))
        threading.Thread(target=self._hook.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._hook.server_address[1]}{path}"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.smtp_port = free.getsockname()[1]
        self._smtp = _Server(self, password, hostname="127.0.0.1", port=self.smtp_port)
        self._smtp.start()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        self.raw.append(envelope.content)
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def _handler(self, path):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802  the name that http.server asks for
                body = self.rfile.read(int(self.headers["Content-Length"]))
                known = self.path == path
                if not known:
                    outer.wrong.append(self.path)
                elif outer.status == 200:
                    outer.posts.append(json.loads(body))
                self.send_response(outer.status if known else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self._smtp.stop()
        self._hook.shutdown()
        self._hook.server_close()
