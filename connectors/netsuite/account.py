"""A NetSuite account: how its id is written, and the addresses that follow from it."""

from __future__ import annotations

import re
from dataclasses import dataclass

TRANSACTIONS = "app/accounting/transactions"
PAGES = {
    "customer": "app/common/entity/custjob.nl",
    "salesOrder": f"{TRANSACTIONS}/salesord.nl",
    "invoice": f"{TRANSACTIONS}/custinvc.nl",
    "customerPayment": f"{TRANSACTIONS}/custpymt.nl",
    "creditMemo": f"{TRANSACTIONS}/custcred.nl",
    "customerDeposit": f"{TRANSACTIONS}/custdep.nl",
    "depositApplication": f"{TRANSACTIONS}/depappl.nl",
    "customerRefund": f"{TRANSACTIONS}/custrfnd.nl",
    "journalEntry": f"{TRANSACTIONS}/journal.nl",
}
"""Page of a record in NetSuite's web application, by record type."""

RECORD_TYPES = {
    "SalesOrd": "salesOrder",
    "CustInvc": "invoice",
    "CustPymt": "customerPayment",
    "CustCred": "creditMemo",
    "CustDep": "customerDeposit",
    "DepAppl": "depositApplication",
    "CustRfnd": "customerRefund",
    "Journal": "journalEntry",
}
"""Record type by SuiteQL's transaction type."""


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

        Args:
            type_: a record type (``invoice``) or SuiteQL's transaction type (``CustInvc``).
            id_: internal id.

        Raises:
            ValueError: no page is known for the record type.
        """
        page = PAGES.get(RECORD_TYPES.get(type_, type_))
        if page is None:
            raise ValueError(f"no page is known for the record type {type_!r}")
        return f"https://{self.subdomain}.app.netsuite.com/{page}?id={id_}"
