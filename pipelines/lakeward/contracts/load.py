"""From a file to a contract that may be trusted: read as a stranger's, judged by the standard, then by our own laws."""

from collections.abc import Sequence
from pathlib import Path

from lakeward.contracts.build import build_contract
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
    return _valid_contract(read_document(read_text(path, file), file), roots)


def parse_contract(text: str, file: str) -> Contract:
    """The contract in `text`, which is of no project: where its drop folder lies is for the source to judge.

    Raises:
        ContractError: It is not valid; with the first place where it is not.
    """
    return _valid_contract(read_document(text, file), None)


def validate(document: Document, roots: Sequence[Path] | None) -> tuple[Contract | None, list[Fault]]:
    """The contract, and every fault of the document in the order of its lines; a contract with a fault is None."""
    contract, contract_faults = build_contract(document, roots)
    faults = [*document.faults, *secret_faults(document.data), *contract_faults, *standard_faults(document.data)]
    first = {(fault.key_path, fault.code): fault for fault in reversed(faults) if not _is_misspelt(fault, faults)}
    ordered = sorted(first.values(), key=lambda fault: document.position(fault.key_path))
    return (None if ordered else contract), ordered


def _is_misspelt(missing: Fault, faults: list[Fault]) -> bool:
    """Whether a key is missing only because it stands beside, misspelt: that is told once, as the unknown key."""
    if missing.code != "contract_missing":
        return False
    unknown_keys = [
        fault for fault in faults if fault.code == "contract_unknown_key" and fault.key_path[:-1] == missing.key_path[:-1]
    ]
    return any(missing.facts["key"] in str(fault.facts["close"]).split(", ") for fault in unknown_keys)


def _valid_contract(document: Document, roots: Sequence[Path] | None) -> Contract:
    contract, faults = validate(document, roots)
    if contract is None:
        raise document.error(faults[0])
    return contract
