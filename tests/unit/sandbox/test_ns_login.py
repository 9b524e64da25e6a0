"""Signatures, nonces, time window: who may use the local NetSuite."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.clock import SandboxClock
from sandbox.credentials import NetSuiteCredentials
from sandbox.netsuite import signing
from sandbox.netsuite.login import Login, LoginError, Passport, oauth_parameters

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
KEYS = NetSuiteCredentials(consumer_key="ck", consumer_secret="cs", token_id="tk", token_secret="ts")
URL = "http://127.0.0.1:8080/services/rest/query/v1/suiteql"


def passport(**changes: str) -> Passport:
    sent = {
        "account": KEYS.account, "consumer_key": "ck", "token": "tk", "nonce": "abcdef0123", "timestamp": STAMP,
        "algorithm": "HMAC-SHA256",
    } | {name: value for name, value in changes.items() if name != "signature"}  # fmt: skip
    right = signing.passport_signature(
        account=sent["account"], consumer_key=sent["consumer_key"], consumer_secret="cs", token=sent["token"],
        token_secret="ts", nonce=sent["nonce"], timestamp=sent["timestamp"],
    )  # fmt: skip
    return Passport(**sent, signature=changes.get("signature", right))


def header(query: tuple[tuple[str, str], ...] = (), **changes: str) -> str:
    sent = {
        "oauth_consumer_key": "ck", "oauth_token": "tk", "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": STAMP, "oauth_nonce": "abcdef0123", "oauth_version": "1.0",
    }  # fmt: skip
    sent |= {name: value for name, value in changes.items() if name.startswith("oauth_")}
    signature = signing.oauth_signature(
        method="POST", url=URL, parameters=[*sent.items(), *query], consumer_secret="cs", token_secret="ts"
    )
    all_parts = {"realm": changes.get("realm", KEYS.account), **sent, "oauth_signature": signature}
    return "OAuth " + ", ".join(f'{name}="{signing.encode(value)}"' for name, value in all_parts.items())


@pytest.fixture
def login() -> Login:
    return Login(KEYS, SandboxClock(NOW))


def check(login: Login, authorization: str, query: str = "") -> None:
    login.check_header(method="POST", url=URL, query=query, authorization=authorization)


def test_the_passport_signature_equals_the_published_vector() -> None:
    found = signing.passport_signature(
        account="1234567",
        consumer_key="71cc02b731f05895561ef0862d71553a3ac99498a947c3b7beaf4a1e4a29f7c4",
        consumer_secret="7278da58caf07f5c336301a601203d10a58e948efa280f0618e25fcee1ef2abd",
        token="89e08d9767c5ac85b374415725567d05b54ecf0960ad2470894a52f741020d82",
        token_secret="060cd9ab3ffbbe1e3d3918e90165ffd37ab12acc76b4691046e2d29c7d7674c2",
        nonce="6obMKq0tmY8ylVOdEkA1",
        timestamp="1439829974",
    )
    assert found == "FCghIZqXNetuZY8ILWOFH0ucdfzQOmAuL+q+kF21zPs="


def test_the_base_string_sorts_and_encodes_like_the_example_of_rfc_5849() -> None:
    parameters = [
        ("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b"), ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"), ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"), ("oauth_nonce", "7d8f3e4a"), ("c2", ""), ("a3", "2 q"),
    ]  # fmt: skip
    assert signing.base_string("post", "http://example.com/request", parameters) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_a_right_passport_is_accepted_once(login: Login) -> None:
    login.check_passport(passport())
    with pytest.raises(LoginError, match="nonce was used"):
        login.check_passport(passport())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account": "7654321_sb1"}, "letter case counts"),
        ({"account": "7654321-SB1"}, "is not"),
        ({"consumer_key": "other"}, "consumer key"),
        ({"token": "other"}, "token is unknown"),
        ({"nonce": "short"}, "nonce is not"),
        ({"nonce": "with-hyphen"}, "nonce is not"),
        ({"timestamp": str(int(STAMP) - 301)}, "time stamp is more than"),
        ({"timestamp": str(int(STAMP) + 301)}, "time stamp is more than"),
        ({"timestamp": "now"}, "Unix seconds"),
        ({"signature": "d3Jvbmc="}, "signature does not match"),
        ({"algorithm": "HMAC-SHA1"}, "HMAC-SHA256"),
    ],
)
def test_a_passport_that_is_wrong_in_one_part_is_refused(login: Login, change: dict[str, str], reason: str) -> None:
    with pytest.raises(LoginError, match=reason):
        login.check_passport(passport(**change))


def test_a_refused_passport_does_not_use_up_its_nonce(login: Login) -> None:
    with pytest.raises(LoginError):
        login.check_passport(passport(signature="d3Jvbmc="))
    login.check_passport(passport())


def test_the_time_window_follows_the_sandbox_clock() -> None:
    clock = SandboxClock(NOW)
    login = Login(KEYS, clock)
    clock.step(3600)
    with pytest.raises(LoginError, match="time stamp"):
        login.check_passport(passport())


def test_an_oauth_header_signs_the_query_too(login: Login) -> None:
    check(login, header((("limit", "1000"), ("offset", "0"))), "limit=1000&offset=0")
    with pytest.raises(LoginError, match="signature does not match"):
        check(login, header(oauth_nonce="abcdef0124"), "limit=1000&offset=0")


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("Bearer abc", "no OAuth"),
        ("", "no OAuth"),
        ("OAuth realm=7654321_SB1", "malformed"),
        (header(realm="7654321_sb1"), "letter case"),
        (header(oauth_signature_method="HMAC-SHA1"), "signature method"),
        (header(oauth_token="other"), "token is unknown"),
    ],
)
def test_a_wrong_oauth_header_is_refused(login: Login, authorization: str, reason: str) -> None:
    with pytest.raises(LoginError, match=reason):
        check(login, authorization)


def test_an_oauth_header_counts_once(login: Login) -> None:
    check(login, header())
    with pytest.raises(LoginError, match="nonce was used"):
        check(login, header())


def test_a_parameter_given_twice_makes_the_header_malformed() -> None:
    with pytest.raises(LoginError, match="malformed"):
        oauth_parameters('OAuth realm="A",realm="B"')
