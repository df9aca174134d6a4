"""Addresses of nodes of OPC UA that last: the namespace by its URI, since a server may number namespaces anew when it starts."""

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from lakeward.contracts.document import safe_repr
from lakeward.contracts.series_file import SeriesEntry, check_series_file, read_series_file
from lakeward.core.errors import DefinitionError
from lakeward.core.messages import Phrase

# Namespace of the standard's own nodes, which has no URI in short addresses (OPC 10000-6, 5.3.1.11).
STANDARD = "http://opcfoundation.org/UA/"
_FORM = re.compile(r"(?:nsu=(?P<uri>.+?);)?(?P<kind>[isgb])=(?P<text>.+)", re.DOTALL)
_MAX_NUMBER = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class OpcUaAddress:
    """An address: `nsu=urn:plant;s=tag0`.

    Args:
        namespace: URI of the namespace.
        kind: `i` number, `s` text, `g` GUID, `b` bytes in base 64.
    """

    namespace: str
    kind: str
    text: str

    @classmethod
    def parse(cls, text: str) -> "OpcUaAddress | None":
        """The address in a text; None if it is none."""
        found = _FORM.fullmatch(text)
        if found is None or not _is_identifier(found["kind"], found["text"]):
            return None
        return cls(found["uri"] or STANDARD, found["kind"], found["text"])

    def __str__(self) -> str:
        return f"nsu={self.namespace};{self.kind}={self.text}"


def _is_identifier(kind: str, text: str) -> bool:
    try:
        match kind:
            case "i":
                return text.isascii() and text.isdecimal() and int(text) <= _MAX_NUMBER
            case "g":
                return bool(UUID(text))
            case "b":
                return bool(base64.b64decode(text, validate=True))
            case _:
                return True
    except (ValueError, binascii.Error):
        return False


def read_node_mapping(path: Path) -> tuple[SeriesEntry, ...]:
    """The entries of a mapping whose addresses are nodes.

    Raises:
        DefinitionError: It is missing, empty or not valid, or an address is none of a node; with the line.
    """
    entries = read_series_file(path) if path.is_file() else ()
    for fault in _node_faults(path, entries):
        raise fault
    return entries


def check_node_mapping(path: Path) -> tuple[tuple[SeriesEntry, ...], tuple[DefinitionError, ...]]:
    """The entries of a mapping whose addresses are nodes, and all its faults."""
    entries, faults = check_series_file(path) if path.is_file() else ((), ())
    others = _node_faults(path, entries) if entries or not faults else ()
    return entries, tuple(sorted((*faults, *others), key=lambda fault: int(str(fault.facts["line"]))))


def _node_faults(path: Path, entries: tuple[SeriesEntry, ...]) -> tuple[DefinitionError, ...]:
    if not entries:
        return (DefinitionError("opcua_without_nodes", file=path, line=1, column="address"),)
    return tuple(_no_node(path, entry) for entry in entries if OpcUaAddress.parse(entry.address) is None)


def _no_node(path: Path, entry: SeriesEntry) -> DefinitionError:
    expected = Phrase("phrase_either", first="nsu=URI;s=TEXT", second="nsu=URI;i=NUMBER")
    found = safe_repr(entry.address)
    return DefinitionError("series_file_value", file=path, line=entry.line, column="address", expected=expected, found=found)
