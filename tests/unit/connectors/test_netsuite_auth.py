"""How requests to NetSuite are signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.secrets import Secret
from connectors.netsuite.account import AccountId
from connectors.netsuite.auth import Signer, Token, _base_string
from connectors.transport import ServerClock
from tests.unit.connectors.netsuite_account import CountingRandom, StillClock

ORACLES_MOMENT = datetime.fromtimestamp(1439829974, UTC)


def token(account: str = "1234567") -> Token:
    return Token(
        account=AccountId(account),
        consumer_key=Secret("71cc02b731f05895561ef0862d71553a3ac99498a947c3b7beaf4a1e4a29f7c4"),
        consumer_secret=Secret("7278da58caf07f5c336301a601203d10a58e948efa280f0618e25fcee1ef2abd"),
        token_id=Secret("89e08d9767c5ac85b374415725567d05b54ecf0960ad2470894a52f741020d82"),
        token_secret=Secret("060cd9ab3ffbbe1e3d3918e90165ffd37ab12acc76b4691046e2d29c7d7674c2"),
    )


def test_the_passport_carries_the_signature_of_oracles_example() -> None:
    """The inputs are Oracle's published ones."""
    passport: dict[str, Any] = token().passport(ORACLES_MOMENT, "6obMKq0tmY8ylVOdEkA1")
    assert passport["signature"] == {
        "_value_1": "FCghIZqXNetuZY8ILWOFH0ucdfzQOmAuL+q+kF21zPs=",
        "algorithm": "HMAC-SHA256",
    }
    assert passport["timestamp"] == "1439829974"


def test_the_base_string_is_that_of_rfc_5849() -> None:
    """Section 3.4.1.1, without the form body, which JSON requests do not have."""
    oauth = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }
    url = "http://EXAMPLE.COM/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
    assert _base_string("post", url, oauth) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26"
        "oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26"
        "oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_the_header_names_the_realm_and_escapes_its_values() -> None:
    header = token("1234567-sb1").authorization(
        "POST", "https://x.suitetalk.api.netsuite.com/q?limit=1", ORACLES_MOMENT, "n"
    )
    assert header.startswith('OAuth realm="1234567_SB1", oauth_consumer_key="71cc')
    assert 'oauth_signature="' in header
    assert "%3D" in header.rpartition("oauth_signature=")[2]


@pytest.mark.parametrize("text", ["1234567_SB1", "1234567-sb1"])
def test_either_spelling_of_an_account_signs_and_routes_alike(text: str) -> None:
    account = AccountId(text)
    assert account.realm == "1234567_SB1"
    assert account.service_url == "https://1234567-sb1.suitetalk.api.netsuite.com"


@pytest.mark.parametrize("text", ["", "acme.com", "1234567 SB1", "https://1234567.app.netsuite.com"])
def test_what_is_no_account_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="1234567_SB1"):
        AccountId(text)


def signer(clock: StillClock) -> tuple[Signer, ServerClock]:
    server_clock = ServerClock(clock)
    return Signer(token(), server_clock, CountingRandom()), server_clock


def test_a_refused_login_is_signed_again_when_the_clock_was_far_off() -> None:
    sign, server_clock = signer(StillClock())
    answers = iter(["refused", "fine"])
    stamps = []

    def send() -> str:
        stamps.append(sign.passport()["timestamp"])
        server_clock.learn({"Date": "Fri, 20 Nov 2026 21:00:00 GMT"})
        return next(answers)

    assert sign.signed(send, lambda answer: answer == "refused") == "fine"
    assert int(str(stamps[1])) - int(str(stamps[0])) == timedelta(hours=1).total_seconds()


def test_a_refused_login_with_the_right_time_is_final() -> None:
    sign, server_clock = signer(StillClock())
    sent = []

    def send() -> str:
        sent.append(sign.passport())
        server_clock.learn({"Date": "Fri, 20 Nov 2026 20:00:30 GMT"})
        return "refused"

    assert sign.signed(send, lambda answer: answer == "refused") == "refused"
    assert len(sent) == 1


def test_every_try_has_a_nonce_of_its_own() -> None:
    sign, _ = signer(StillClock())
    assert sign.passport()["nonce"] != sign.passport()["nonce"]


def test_a_token_does_not_show_its_secrets() -> None:
    assert "060cd9ab" not in repr(token())
    assert "71cc02b7" not in repr(token())
