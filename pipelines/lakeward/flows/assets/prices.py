"""Prices of what a batch uses, from `expectations/policies/prices.yaml`; without the file a cost has no money."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath

from lakeward.contracts.document import Fault, read_document, read_text
from lakeward.contracts.project import Project
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

PRICES_FILE = PurePosixPath("expectations/policies/prices.yaml")
PRICE_KEYS: Mapping[str, KeyDoc] = {
    "currency": KeyDoc("text", "ISO 4217 code of the currency, such as `CNY`.", required=True),
    "cpu_hour": KeyDoc("number", "Price of an hour of one processor.", "0"),
    "gib_month": KeyDoc("number", "Price of a GiB stored for a month.", "0"),
    "gib_moved": KeyDoc("number", "Price of a GiB read or written.", "0"),
}
_CODE_LETTERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What one unit costs, none below 0.

    Args:
        currency: ISO 4217 code.
        cpu_hour: Of 3,600 processor seconds.
        gib_month: Of 2^30 bytes that are stored for a month.
        gib_moved: Of 2^30 bytes that are read or written.
    """

    currency: str
    cpu_hour: Decimal
    gib_month: Decimal
    gib_moved: Decimal


def read_prices(project: Project) -> Prices | None:
    """The project's prices; None if it states none.

    Raises:
        DefinitionError: The file is not valid; with the first place where it is not.
    """
    file = project.root / PRICES_FILE
    if not file.is_file():
        return None
    try:
        document = read_document(read_text(file, str(PRICES_FILE)), str(PRICES_FILE))
        faults: list[Fault] = [*document.faults]
        view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
        view.allow_only(PRICE_KEYS)
        found = Prices(
            currency=view.entry("currency", Phrase("phrase_currency"), _currency) or "",
            cpu_hour=_price(view, "cpu_hour"),
            gib_month=_price(view, "gib_month"),
            gib_moved=_price(view, "gib_moved"),
        )
        if faults:
            raise document.error(faults[0])
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    return found


def _price(view: View, key: str) -> Decimal:
    return view.entry(key, Phrase("phrase_not_negative"), _amount, Decimal()) or Decimal()


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found >= 0 else None


def _currency(value: object) -> str | None:
    is_code = isinstance(value, str) and len(value) == _CODE_LETTERS and value.isascii() and value.isalpha() and value.isupper()
    return str(value) if is_code else None
