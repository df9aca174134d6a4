"""From a file to a contract that may be trusted: read as a stranger's, judged by the standard, then by our own laws."""

from collections.abc import Sequence
from pathlib import Path

from lakeward.contracts.build import build
from lakeward.contracts.document import Document, Fault, read_document, read_text
from lakeward.contracts.model import Contract
from lakeward.contracts.secrets import secret_faults
from lakeward.contracts.standard import standard_faults


def load_contract(path: Path, file: str, roots: Sequence[Path]) -> Contract:
    """The contract at `path`.

    Args:
        file: What messages call it.
        roots: Folders outside the project that its drop folder may lie in, absolute.

    Raises:
        ContractError: It is not valid; with the first place where it is not.
        FileNotFoundError: There is no file.
    """
    return _trusted(read_document(read_text(path, file), file), roots)


def parse_contract(text: str, file: str) -> Contract:
    """The contract in `text`, which is of no project: where its drop folder lies is for the source to judge.

    Raises:
        ContractError: It is not valid; with the first place where it is not.
    """
    return _trusted(read_document(text, file), None)


def judge(document: Document, roots: Sequence[Path] | None) -> tuple[Contract | None, list[Fault]]:
    """The contract, and every fault of the document in the order of its lines; a contract with a fault is None."""
    contract, ours = build(document, roots)
    faults = [*document.faults, *secret_faults(document.data), *ours, *standard_faults(document.data)]
    first = {(fault.steps, fault.code): fault for fault in reversed(faults) if not _is_slip(fault, faults)}
    ordered = sorted(first.values(), key=lambda fault: document.place(fault.steps))
    return (None if ordered else contract), ordered


def _is_slip(missing: Fault, faults: list[Fault]) -> bool:
    """Whether a key is missing only because it stands beside, misspelt: that is told once, as the unknown key."""
    if missing.code != "contract_missing":
        return False
    beside = [fault for fault in faults if fault.code == "contract_unknown_key" and fault.steps[:-1] == missing.steps[:-1]]
    return any(missing.facts["key"] in str(fault.facts["close"]).split(", ") for fault in beside)


def _trusted(document: Document, roots: Sequence[Path] | None) -> Contract:
    contract, faults = judge(document, roots)
    if contract is None:
        raise document.error(faults[0])
    return contract
