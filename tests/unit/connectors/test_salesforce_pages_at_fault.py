"""Pages that do not arrive whole: whatever page it is, nothing of it is used and every other row is read once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests
import responses

from connectors.errors import INCOMPLETE, AuthenticationError, ConnectorError, ProtocolError
from connectors.records import Page, Window
from tests.unit.connectors.salesforce_org import FakeOrg, Reply, connection, deal, fault, html, js, page

WINDOW = Window(None, datetime(2026, 11, 1, 12, tzinfo=UTC))
PAGES = 4
IDS = [f"006Hs00001A{number:04d}" for number in range(PAGES)]
EVERY_PAGE = pytest.mark.parametrize("k", range(PAGES))


@pytest.fixture
def org() -> Iterator[FakeOrg]:
    fake = FakeOrg()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def replies() -> list[Reply]:
    """One deal a page."""
    more = [f"/services/data/v67.0/query/01gHs0000000001-{number}" for number in range(1, PAGES)]
    return [page(deal(id_), total=PAGES, more=next_) for id_, next_ in zip(IDS, [*more, None], strict=True)]


def read() -> Iterator[Page]:
    return connection().reader.changed("Opportunity", ["Name"], WINDOW)


def ids(pages: list[Page]) -> list[str]:
    return [record.ref.id[:15] for one in pages for record in one.records]


def until_the_fault(kind: type[ConnectorError]) -> list[Page]:
    """Return the pages that came before the error."""
    found, pages = [], read()
    with pytest.raises(kind):
        while True:
            found.append(next(pages))
    return found


@EVERY_PAGE
def test_a_session_that_ends_at_any_page_is_renewed_and_that_page_asked_for_again(org: FakeOrg, k: int) -> None:
    script = replies()
    org.script = [*script[:k], fault(401, "INVALID_SESSION_ID", "Session expired or invalid"), *script[k:]]
    assert ids(list(read())) == IDS
    assert org.signed_in == 2
    assert org.paths()[k] == org.paths()[k + 1]
    assert len(org.calls) == PAGES + 1


@EVERY_PAGE
def test_a_second_401_at_any_page_ends_the_read_after_the_pages_before_it(org: FakeOrg, k: int) -> None:
    org.script = [*replies()[:k], *[fault(401, "INVALID_SESSION_ID")] * 9]
    assert ids(until_the_fault(AuthenticationError)) == IDS[:k]
    assert len(org.calls) == k + 2


@EVERY_PAGE
def test_a_locator_that_ends_at_any_page_is_asked_anew_behind_the_last_row(org: FakeOrg, k: int) -> None:
    rest = [page(*[deal(id_) for id_ in IDS[k:]])]
    org.script = [*replies()[:k], fault(400, "INVALID_QUERY_LOCATOR", "invalid query locator"), *rest]
    assert ids(list(read())) == IDS
    if k:
        assert f"Id > '{IDS[k - 1]}" in org.queries()[-1]


def no_end_mark(reply: Reply) -> Reply:
    body = json.loads(reply[2])
    del body["done"]
    return js(body)


def cut_gzip(reply: Reply) -> Reply:
    """The first half of a compressed answer, whose length was made to fit on the way."""
    whole = gzip.compress(reply[2].encode())
    return reply[0], {**reply[1], "Content-Encoding": "gzip"}, whole[: len(whole) // 2]  # type: ignore[return-value]


def cut_text(reply: Reply) -> Reply:
    return reply[0], reply[1], reply[2][: len(reply[2]) // 2]


@pytest.mark.parametrize("spoil", [lambda _: html(), no_end_mark, cut_gzip, cut_text])
@EVERY_PAGE
def test_a_page_that_is_no_whole_page_yields_nothing(org: FakeOrg, k: int, spoil: Callable[[Reply], Reply]) -> None:
    script = replies()
    org.script = [*script[:k], *[spoil(script[k])] * 9]
    assert ids(until_the_fault(ConnectorError)) == IDS[:k]


@pytest.mark.parametrize("error", [requests.exceptions.ChunkedEncodingError(), requests.ConnectionError()])
@EVERY_PAGE
def test_a_page_that_breaks_off_once_is_asked_for_again(org: FakeOrg, k: int, error: Exception) -> None:
    script = replies()
    org.script = [*script[:k], error, *script[k:]]
    assert ids(list(read())) == IDS
    assert org.paths()[k] == org.paths()[k + 1]


def test_a_total_that_was_not_reached_says_so_by_its_code(org: FakeOrg) -> None:
    script = replies()
    org.script = [*script[:-1], page(total=PAGES)]
    with pytest.raises(ProtocolError) as caught:
        list(read())
    assert caught.value.code == INCOMPLETE


def test_an_id_of_15_characters_comes_out_as_18(org: FakeOrg) -> None:
    org.script = [page(deal("006Hs00001A0000"), deal("006Hs00001A0001IAB"))]
    [got] = list(read())
    assert [record.ref.id for record in got.records] == ["006Hs00001A0000IAB", "006Hs00001A0001IAB"]
    assert got.last is not None
    assert got.last.id == "006Hs00001A0001IAB"
