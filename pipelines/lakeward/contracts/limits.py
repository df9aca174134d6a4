"""Limits of a contract: how much of one batch may go wrong before the batch, the file or the run is stopped."""

from collections.abc import Mapping
from typing import Any

from lakeward.contracts.model import Limits
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

KEYS: Mapping[str, KeyDoc] = {
    "replacedShare": KeyDoc(
        "0 to 1",
        "A batch halts when more than this share of its rows would replace stored rows. `1.0` suits a feed that sends its whole state again.",
        "`0.05`",
    ),
    "rejectedShare": KeyDoc(
        "0 to 1",
        "A run ends with exit code 1, and its task in Airflow fails, when more than this share of a batch's records is rejected.",
        "`0.05`",
    ),
    "columnsFound": KeyDoc("0 to 1", "A file with less than this share of the contract's columns is rejected whole.", "`0.5`"),
}


def read_limits(view: View) -> Limits:
    """Read the custom property `limits`."""
    view.allow_only(KEYS)
    default = Limits()
    return Limits(
        replaced_share=_share(view, "replacedShare", default.replaced_share),
        rejected_share=_share(view, "rejectedShare", default.rejected_share),
        columns_found=_share(view, "columnsFound", default.columns_found),
    )


def _share(view: View, key: str, default: float) -> float:
    return default if view.values.get(key) is None else view.entry(key, Phrase("phrase_share"), _number, default) or 0.0


def _number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if fits else None
