"""What a SOAP answer says, reduced to the few parts that matter. Accepts every endpoint version's name spaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from connectors.netsuite import safe_xml
from connectors.netsuite.safe_xml import XmlError, child, children, local_name, text_of
from connectors.records import require_aware

ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One remark on a record: ``level`` is ERROR, WARN or INFO; ``saved_but_failed`` is ``afterSubmitFailed``."""

    level: str
    code: str
    message: str
    saved_but_failed: bool = False

    @property
    def says_something(self) -> bool:
        """Whether it is more than the bare ``afterSubmitFailed=false`` that comes with a plain success."""
        return bool(self.code or self.message or self.saved_but_failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The whole request was refused. ``name`` is the platform fault (``invalidCredentialsFault``), or empty."""

    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One record's result. ``success`` is None where the answer does not say; ``record`` only after a read."""

    operation: str
    success: bool | None
    details: tuple[Detail, ...] = ()
    internal_id: str | None = None
    external_id: str | None = None
    record: etree._Element | None = None

    @property
    def code(self) -> str:
        """Code of the first error, else of the first remark."""
        return self.leading.code

    @property
    def leading(self) -> Detail:
        """The remark that explains the result best."""
        errors = [detail for detail in self.details if detail.level == "ERROR"]
        return next(iter(errors or self.details), Detail(level="", code="", message=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTime:
    """NetSuite's clock, aware UTC."""

    moment: datetime


def read_answer(body: bytes) -> Fault | Result | ServerTime:
    """Return what a SOAP answer says.

    Raises:
        XmlError: it is not a SOAP envelope with one known answer in it.
    """
    root = safe_xml.parse(body)
    content = root.find(f"{ENVELOPE}Body")
    if root.tag != f"{ENVELOPE}Envelope" or content is None or len(content) != 1:
        raise XmlError("not a SOAP envelope with one answer")
    answer = content[0]
    if answer.tag == f"{ENVELOPE}Fault":
        return _fault(answer)
    operation = local_name(answer).removesuffix("Response")
    time = child(child(answer, "getServerTimeResult"), "serverTime")
    if time is not None:
        return ServerTime(moment=_moment(time.text))
    return _result(operation, child(answer, "writeResponse"), child(answer, "readResponse"))


def _fault(element: etree._Element) -> Fault:
    detail = child(element, "detail")
    platform = next(
        (item for item in (detail if detail is not None else ()) if local_name(item).endswith("Fault")), None
    )
    return Fault(
        name=local_name(platform) if platform is not None else "",
        code=text_of(platform, "code") or "",
        message=text_of(platform, "message") or text_of(element, "faultstring") or "",
    )


def _result(operation: str, written: etree._Element | None, read: etree._Element | None) -> Result:
    response = written if written is not None else read
    if response is None:
        raise XmlError(f"the answer to {operation} has no result")
    status = child(response, "status")
    reference = child(response, "baseRef")
    return Result(
        operation=operation,
        success=_flag(status.get("isSuccess")) if status is not None else None,
        details=tuple(detail for item in children(status, "statusDetail") if (detail := _detail(item)).says_something),
        internal_id=reference.get("internalId") if reference is not None else None,
        external_id=reference.get("externalId") if reference is not None else None,
        record=child(response, "record"),
    )


def _detail(element: etree._Element) -> Detail:
    return Detail(
        level=element.get("type") or "ERROR",
        code=text_of(element, "code") or "",
        message=text_of(element, "message") or "",
        saved_but_failed=_flag(text_of(element, "afterSubmitFailed")) is True,
    )


def _flag(text: str | None) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text or "")


def _moment(text: str | None) -> datetime:
    try:
        return require_aware(datetime.fromisoformat(text or ""))
    except ValueError as error:
        raise XmlError(f"{text!r} is not a point in time") from error
