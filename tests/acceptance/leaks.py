"""Looks for secrets in whatever Tieout leaves behind: files, databases value by value, workbooks, mails."""

from __future__ import annotations

import base64
import email
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from email import policy
from urllib.parse import quote

SHORTEST = 8
SQLITE = b"SQLite format 3\x00"


def forms(secret):
    """Return the bytes by which a secret could be read: as it is, quoted, in JSON, in hex, in base64 at any place."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), raw.hex().encode()}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw + b"\0" * (-(shift + len(raw)) % 3))
        # The first and last groups also hold bits of the neighbours.
        found.add(coded[4 if shift else 0 : -4])
    return {form for form in found if len(form) >= SHORTEST}


class Scan:
    """Counts what was looked through, and keeps where a secret was found."""

    def __init__(self, secrets):
        self.forms = {name: forms(value) for name, value in secrets.items()}
        self.found = []
        self.looked = {}

    def content(self, kind, where, content):
        """Look through bytes, and through what they contain: a workbook's parts, a database's values, a mail's."""
        self.looked[kind] = self.looked.get(kind, 0) + 1
        self._bytes(where, content)
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as parts:
                for name in parts.namelist():
                    self._bytes(f"{where}!{name}", parts.read(name))

    def _bytes(self, where, content):
        for name, shapes in self.forms.items():
            if any(shape in content for shape in shapes):
                self.found.append((name, where))

    def text(self, kind, where, text):
        self.content(kind, where, text.encode())

    def mail(self, where, raw):
        """Look through a message and each of its parts, decoded."""
        self.content("mail", where, raw)
        for part in email.message_from_bytes(raw, policy=policy.default).walk():
            body = part.get_payload(decode=True)
            if body:
                self.content("mail part", f"{where} {part.get_content_type()}", body)

    def folder(self, folder, without=()):
        """Look through every file of a folder, and through every value of every database in it."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not any(path.is_relative_to(each) for each in without):
                content = path.read_bytes()
                self.content(path.suffix.lstrip(".") or "file", str(path), content)
                if content.startswith(SQLITE):
                    self.database(path)

    def database(self, path):
        """Look at each value by itself: in the file a long one is cut into pages."""
        with closing(sqlite3.connect(path)) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    for value in row:
                        if isinstance(value, str | bytes):
                            content = value.encode() if isinstance(value, str) else value
                            self.content("database value", f"{path.name}:{table}", content)
