"""A NetSuite account: how its id is written, and the addresses that follow from it."""

from __future__ import annotations

import re
from dataclasses import dataclass

PAGES = {
    "customer": "app/common/entity/custjob.nl",
    "salesOrder": "app/accounting/transactions/salesord.nl",
}
"""Page of a record in NetSuite's web application, by record type."""


@dataclass(frozen=True, slots=True)
class AccountId:
    """An account id in either spelling (``1234567_SB1``, ``1234567-sb1``).

    Signatures and the realm take upper case and an underscore, host names lower case and a hyphen
    (Oracle: account-specific domains).

    Raises:
        ValueError: the text is no account id.
    """

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*", self.text):
            raise ValueError(
                f"{self.text!r} is not a NetSuite account id. It looks like 1234567 or 1234567_SB1"
                " (Setup > Company > Company Information)."
            )

    @property
    def realm(self) -> str:
        """The spelling that is signed: ``1234567_SB1``."""
        return self.text.upper().replace("-", "_")

    @property
    def subdomain(self) -> str:
        """The spelling in host names: ``1234567-sb1``."""
        return self.text.lower().replace("_", "-")

    @property
    def service_url(self) -> str:
        """Address of the account's web services, without a path."""
        return f"https://{self.subdomain}.suitetalk.api.netsuite.com"

    def record_url(self, type_: str, id_: str) -> str:
        """Return the address at which a person sees the record.

        Raises:
            ValueError: no page is known for the record type.
        """
        if type_ not in PAGES:
            raise ValueError(f"no page is known for the record type {type_!r}")
        return f"https://{self.subdomain}.app.netsuite.com/{PAGES[type_]}?id={id_}"
