"""Loads and validates a contract: safe YAML, the ODCS standard, then Lakeward's rules."""

import functools
from collections.abc import Sequence
from pathlib import Path

from lakeward.contracts.build import build_contract
from lakeward.contracts.document import Document, Fault, read_document, read_text
from lakeward.contracts.model import Contract
from lakeward.contracts.secrets import secret_faults
from lakeward.contracts.standard import standard_faults

# Contracts that are kept, some 10 KiB each. An estate reads all of its contracts several times over: a cache below their number would keep none.
CACHED = 16_384


def load_contract(path: Path, file: str, roots: Sequence[Path]) -> Contract:
    """The contract at `path`.

    Args:
        file: Its name in messages.
        roots: Allowed drop folders outside the project, absolute.

    Raises:
        ContractError: It is not valid; with the first place where it is not.
        FileNotFoundError: The file does not exist.
    """
    return _contract_of(read_text(path, file), file, tuple(roots))


def parse_contract(text: str, file: str) -> Contract:
    """The contract in `text`, without a project; the location of its drop folder is not checked.

    Raises:
        ContractError: It is not valid; with the first place where it is not.
    """
    return _contract_of(text, file, None)


def validate(document: Document, roots: Sequence[Path] | None) -> tuple[Contract | None, list[Fault]]:
    """The contract, and every fault of the document by line; the contract is None if there is a fault."""
    contract, contract_faults = build_contract(document, roots)
    faults = [*document.faults, *secret_faults(document.data), *contract_faults, *standard_faults(document.data)]
    first = {(fault.key_path, fault.code): fault for fault in reversed(faults) if not _is_misspelt(fault, faults)}
    ordered = sorted(first.values(), key=lambda fault: document.position(fault.key_path))
    return (None if ordered else contract), ordered


def _is_misspelt(missing: Fault, faults: list[Fault]) -> bool:
    """Whether a missing key is only misspelt; then only the unknown key is reported."""
    if missing.code != "contract_missing":
        return False
    unknown_keys = [
        fault for fault in faults if fault.code == "contract_unknown_key" and fault.key_path[:-1] == missing.key_path[:-1]
    ]
    return any(missing.facts["key"] in str(fault.facts["close"]).split(", ") for fault in unknown_keys)


@functools.lru_cache(maxsize=CACHED)
def _contract_of(text: str, file: str, roots: tuple[Path, ...] | None) -> Contract:
    """The contract in `text`; of a text that was read before, the same frozen object: an estate reads each several times."""
    document = read_document(text, file)
    contract, faults = validate(document, roots)
    if contract is None:
        raise document.error(faults[0])
    return contract
