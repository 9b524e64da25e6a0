"""What a failed request means, and which reads are tried again.

Only reads are repeated here. A write is sent once; whether it may be sent again is the journal's decision.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import requests
import urllib3.exceptions
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from connectors.errors import ConnectorError, ProtocolError, RateLimitedError, TransientError, UnreachableError
from connectors.ports import Clock, Random
from connectors.retry_after import HeldBackError
from connectors.transport import AnswerTooLargeError, HostRefusedError

T = TypeVar("T")

MOST_TRIES = 8
MOST_TRIES_UNREACHABLE = 3
HANDSHAKE_REASONS = frozenset(
    {
        "CERTIFICATE_VERIFY_FAILED",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
"""OpenSSL reasons that can only come up while the connection is being made, before any byte of ours."""


NO_CONNECTION = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    requests.exceptions.ConnectTimeout,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A remote account as a message names it: connection, address, and the setting that holds the address."""

    connection: str
    url: str
    setting: str


@contextmanager
def typed(remote: Remote, what: str) -> Iterator[None]:
    """Turn an exception of ``requests`` into one of our errors.

    Args:
        remote: where the request went.
        what: what was being done, in plain words.

    Raises:
        UnreachableError: no connection came about and nothing was sent.
        TransientError: the connection broke or the answer did not come in time.
        ProtocolError: the answer is too large, or the address is none that may be used.
    """
    try:
        yield
    except requests.RequestException as error:
        raise connector_error(error, remote, what) from error


def connector_error(error: requests.RequestException, remote: Remote, what: str) -> ConnectorError:
    """Return our error for one of ``requests``; the message names address and setting."""
    if isinstance(error, HeldBackError):
        return held_back(error, remote, what)
    why = unsent_reason(error)
    if why is not None:
        return UnreachableError(
            connection=remote.connection,
            what=what,
            why=f"cannot reach {remote.url}: {why}.",
            fix=f"Check {remote.setting} in sync.toml and the network.",
            code="UNREACHABLE",
        )
    if isinstance(error, HostRefusedError | AnswerTooLargeError | requests.exceptions.InvalidURL):
        return ProtocolError(
            connection=remote.connection,
            what=what,
            why=f"{error}.",
            fix=f"Nothing was used. Check {remote.setting} in sync.toml.",
            code="REFUSED",
        )
    late = isinstance(error, requests.Timeout)
    return TransientError(
        connection=remote.connection,
        what=what,
        why="no answer in time." if late else f"the connection to {remote.url} broke before the answer was complete.",
        fix="Usually passes by itself; if not, look at the system's status page and the network.",
        code="TIMEOUT" if late else "CONNECTION_LOST",
    )


def held_back(error: HeldBackError, remote: Remote, what: str) -> RateLimitedError:
    """Return our error for a request that was not sent because the system asked for a pause."""
    limited = RateLimitedError(
        connection=remote.connection,
        what=what,
        why=f"{error}, so nothing was sent.",
        fix="Passes by itself; if it is frequent, let the jobs run less often or with fewer slots.",
        code="RETRY_AFTER",
    )
    limited.until = error.until
    return limited


def unsent_reason(error: BaseException) -> str | None:
    """Return why no byte of the request can have left, or None when that is not certain.

    A positive answer makes a failed write a definite no-op, so only causes that precede the first byte count.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            return "the host name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        reason = getattr(cause, "reason", None)
        if isinstance(cause, ssl.SSLError) and reason in HANDSHAKE_REASONS:
            return f"TLS: {reason.replace('_', ' ').lower()}"
    return "no connection came about" if any(isinstance(cause, NO_CONNECTION) for cause in causes) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything wrapped in it: requests and urllib3 use arguments, ``reason`` and ``from``.

    The context of an error is left out: it may be an earlier request's failure that the caller is handling.
    """
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__]


class ReadRetry:
    """Repeats reads that failed for a passing cause, with growing, jittered pauses on the injected clock.

    Args:
        clock: its ``sleep`` waits and its ``now`` measures the age of the attempt.
        random: source of the jitter.
        max_age: no further try begins later than this after the first.
        first: upper bound of the first pause, in seconds; it doubles with each try.
        longest: upper bound of any pause, in seconds.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        *,
        max_age: timedelta = timedelta(minutes=2),
        first: float = 1.0,
        longest: float = 30.0,
    ) -> None:
        self._clock = clock
        self._random = random
        self._max_age = max_age
        self._first = first
        self._longest = longest

    def call(self, read: Callable[[], T]) -> T:
        """Return what ``read`` returns, after as many tries as the policy allows.

        Raises:
            ConnectorError: the last try's error, unchanged.
        """
        latest = self._clock.now() + self._max_age

        def stop(state: RetryCallState) -> bool:
            tries = MOST_TRIES_UNREACHABLE if isinstance(_failure(state), UnreachableError) else MOST_TRIES
            pause = timedelta(seconds=state.upcoming_sleep)
            return state.attempt_number >= tries or self._clock.now() + pause > latest

        retrying = Retrying(
            sleep=self._clock.sleep,
            wait=self._pause,
            stop=stop,
            retry=retry_if_exception_type(TransientError),
            reraise=True,
        )
        return retrying(read)

    def _pause(self, state: RetryCallState) -> float:
        """Return the seconds to wait: as long as the system asked, else a growing and jittered time.

        A system that asks to slow down is met with full jitter, so that many workers do not come back together.
        """
        failure = _failure(state)
        bound = min(self._longest, self._first * 2.0 ** (state.attempt_number - 1))
        if not isinstance(failure, RateLimitedError):
            return self._random.uniform(bound / 2, bound)
        if failure.until is None:
            return self._random.uniform(0.0, bound)
        return max(0.0, (failure.until - self._clock.now()).total_seconds()) + self._random.uniform(0.0, self._first)


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None
