"""Until when certificates are valid: those of remote hosts, and those in PEM files."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta

from connectors.errors import UnreachableError

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
SEQUENCE, CONTEXT_0, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
TIMEOUT = timedelta(seconds=10)


def of_host(host: str, port: int = 443, timeout: timedelta = TIMEOUT, *, connection: str = "") -> datetime:
    """Return when the certificate that a host shows expires, aware UTC.

    Only the certificate is looked at and nothing is sent, so that an expired one can be read as well.

    Raises:
        UnreachableError: no TLS connection could be made.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout=timeout.total_seconds()) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
    except OSError as error:
        what = f"looking at the certificate of {host}"
        raise UnreachableError(connection=connection, what=what, why=f"{error}.", fix="It is tried again.") from error
    if shown is None:
        what = f"looking at the certificate of {host}"
        raise UnreachableError(connection=connection, what=what, why="it shows none.", fix="It is tried again.")
    return not_after(shown)


def of_pem(text: str) -> datetime | None:
    """Return when the first certificate in a PEM text expires, or None where the text holds none.

    Raises:
        ValueError: what stands there as a certificate is none.
    """
    if BEGIN not in text or END not in text:
        return None
    start = text.index(BEGIN)
    return not_after(ssl.PEM_cert_to_DER_cert(text[start : text.index(END, start) + len(END)]))


def not_after(der: bytes) -> datetime:
    """Return the end of a certificate's validity (RFC 5280, 4.1.2.5), aware UTC.

    Raises:
        ValueError: the bytes are no certificate.
    """
    try:
        certificate = _content(der, SEQUENCE)
        fields = _parts(_content(certificate, SEQUENCE))
        # version (optional), serial number, signature algorithm, issuer, validity
        validity = fields[4] if fields[0][0] == CONTEXT_0 else fields[3]
        tag, value = _parts(validity[1])[1]
    except IndexError as error:
        raise ValueError("not an X.509 certificate") from error
    pattern = {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}.get(tag)
    if pattern is None:
        raise ValueError("not an X.509 certificate: its validity is no time")
    return datetime.strptime(value.decode("ascii"), pattern).replace(tzinfo=UTC)


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """Return the DER elements that stand in a row: tag and content of each."""
    found, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            digits = length & 0x7F
            length, at = int.from_bytes(data[at : at + digits], "big"), at + digits
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _content(data: bytes, tag: int) -> bytes:
    first = _parts(data)[0]
    if first[0] != tag:
        raise ValueError("not an X.509 certificate")
    return first[1]
