"""How long Tieout waits for NetSuite, and how often it knocks at a door that does not open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import responses

from connectors.errors import AccessDeniedError, AuthenticationError, RateLimitedError
from connectors.netsuite import safe_xml
from connectors.retry import ReadRetry
from connectors.retry_after import wait_asked
from tests.unit.connectors.netsuite_account import (
    FakeAccount,
    StillClock,
    add_order,
    connection,
    detail,
    failed,
    page,
    refusal,
    soap_fault,
    written,
)


@pytest.fixture
def account():
    fake = FakeAccount()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


# what may be sent again, and when


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17", 17),
        ("0", 1),
        ("-5", 1),
        ("-99999999999999999999", 1),
        ("1000000000", 900),
        ("9" * 400, 900),
        ("901", 900),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 1),
        ("Wed, 22 Nov 2062 12:00:00 GMT", 900),
        ("", None),
        ("soon", None),
        ("1.5", None),
        ("１２", None),
    ],
)
def test_how_long_an_answer_asks_to_wait_is_clamped(text, seconds):
    asked = wait_asked({"Retry-After": text}, datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert asked == (None if seconds is None else timedelta(seconds=seconds))


def test_a_throttled_read_waits_as_long_as_it_was_asked(account):
    busy = refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked.")
    account.replies = [(busy[0], {**busy[1], "Retry-After": "30"}, busy[2]), page({"id": "1", "name": "Net 30"})]
    clock = StillClock()
    began = clock.now()
    assert len(connection(clock).reader.references("term", "name")) == 1
    assert len(account.seen) == 2
    assert clock.now() - began >= timedelta(seconds=30)


def test_a_longer_pause_than_a_run_may_wait_ends_the_run_and_nothing_is_sent_meanwhile(account):
    busy = refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked.")
    account.replies = [(busy[0], {**busy[1], "Retry-After": "600"}, busy[2])]
    clock = StillClock()
    opened = connection(clock)
    with pytest.raises(RateLimitedError) as caught:
        opened.reader.references("term", "name")
    assert caught.value.until == clock.now() - timedelta(seconds=sum(clock.slept)) + timedelta(seconds=600)
    ((_, held),) = opened.writer.write([add_order()])
    assert (held.status, held.code) == ("no_op", "RETRY_AFTER")
    assert len(account.seen) == 1
    account.replies = [written()]
    clock.sleep(600)
    ((_, sent),) = opened.writer.write([add_order()])
    assert sent.status == "success"


def test_without_a_named_time_pauses_grow_with_full_jitter_and_end_at_a_cap():
    class Highest:
        def __init__(self, share):
            self.share = share

        def uniform(self, low, high):
            assert low == 0.0
            return high * self.share

    busy = RateLimitedError(connection="netsuite", what="reading", why="busy.", fix="")

    def always():
        raise busy

    for share in (0.0, 1.0):
        clock = StillClock()
        with pytest.raises(RateLimitedError):
            ReadRetry(clock, Highest(share), max_age=timedelta(hours=1), longest=300.0).call(always)
        assert clock.slept == [bound * share for bound in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)]
    clock = StillClock()
    with pytest.raises(RateLimitedError):
        ReadRetry(clock, Highest(1.0), max_age=timedelta(days=1), first=64.0, longest=300.0).call(always)
    assert max(clock.slept) == 300.0


THROTTLES = [
    soap_fault("exceededConcurrentRequestLimitFault", "WS_REQUEST_BLOCKED"),
    soap_fault("exceededRequestLimitFault", "WS_CONCUR_SESSION_DISALLWD"),
    failed(detail("WS_REQUEST_BLOCKED")),
    (429, {}, "{}"),
]


@pytest.mark.parametrize("reply", THROTTLES)
def test_every_form_of_a_throttle_is_a_no_op_and_halves_what_is_in_flight(account, reply):
    account.replies = [reply]
    opened = connection(slots=8)
    ((_, answer),) = opened.writer.write([add_order()])
    assert answer.status == "no_op"
    assert opened.writer._governor.limit == 4


@pytest.mark.parametrize("status", [400, 429])
def test_a_throttled_query_is_known_by_its_code_whatever_the_status(account, status):
    account.replies = [refusal(status, "SSS_REQUEST_LIMIT_EXCEEDED", "limit exceeded"), page()]
    assert connection().reader.references("term", "name") == []
    assert len(account.seen) == 2


# credentials


@pytest.mark.parametrize(
    "reply",
    [
        soap_fault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS", "Invalid login attempt."),
        soap_fault("invalidSessionFault", "SESSION_TIMED_OUT", "revoked"),
        (401, {}, ""),
    ],
)
def test_revoked_credentials_are_tried_twice_and_not_for_every_record(account, reply):
    account.replies = [reply]
    opened = connection(slots=1)
    outcomes = [answer for _, answer in opened.writer.write([add_order(f"k{n}") for n in range(50)])]
    outcomes += [answer for _, answer in opened.writer.write([add_order(f"l{n}") for n in range(50)])]
    assert {answer.status for answer in outcomes} == {"no_op"}
    assert len(account.seen) <= 2


def test_one_refused_login_under_load_is_not_believed(account):
    refused = soap_fault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS", "Invalid login attempt.")
    account.replies = [refused, written(), refused, written()]
    outcomes = [answer.status for _, answer in connection(slots=1).writer.write([add_order(f"k{n}") for n in range(4)])]
    assert outcomes == ["no_op", "success", "no_op", "success"]


def test_a_clock_far_off_is_corrected_by_netsuites_own_and_a_login_still_refused_then_stops(account):
    refused = soap_fault(
        "invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS", "Invalid.", Date="Fri, 20 Nov 2026 23:00:00 GMT"
    )
    account.replies = [refused]
    with pytest.raises(AuthenticationError, match="Login Audit Trail"):
        connection().reader.server_time()
    stamps = [int(next(safe_xml.parse(sent.body).iter("{*}timestamp")).text) for sent in account.seen]
    assert round((max(stamps) - min(stamps)) / 3600) == 3
    assert len(stamps) <= 4


def test_a_role_that_lost_a_permission_is_told_and_not_asked_again(account):
    account.replies = [refusal(403, "INSUFFICIENT_PERMISSION", "Permission Violation")]
    with pytest.raises(AccessDeniedError, match="Manage Roles"):
        connection().reader.references("term", "name")
    assert len(account.seen) == 1
