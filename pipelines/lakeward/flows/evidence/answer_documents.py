"""Documents that an assessor gives with an answer: known by their content, and kept in the project under their hash."""

import io
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.names import sha256
from lakeward.core.plain_text import find_control, show_plain
from lakeward.core.settings import Settings
from lakeward.core.storage.folder import FolderStore
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import open_workspace
from lakeward.maturity.assessor import AnswerDocument

FOLDER = "expectations/documents"
# Bytes of a document, and of all of one form; number of documents of one form; characters of a name.
LARGEST_DOCUMENT, LARGEST_TOGETHER, MOST_DOCUMENTS, LONGEST_NAME = 10 * 1024 * 1024, 20 * 1024 * 1024, 5, 150
_OFFICE = "application/vnd.openxmlformats-officedocument."
# Ending of the kept file -> its media type.
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "docx": _OFFICE + "wordprocessingml.document",
    "xlsx": _OFFICE + "spreadsheetml.sheet",
}
# Ending of a given name -> the one of the kept file.
DOCUMENT_ENDINGS = {**{ending: ending for ending in MEDIA_TYPES}, "jpeg": "jpg"}
_BEGINNINGS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
_MAIN_MEMBERS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_ZIP, _CONTENT_TYPES, _MACROS = b"PK\x03\x04", "[Content_Types].xml", "vbaProject.bin"
# What no file system takes in a name, and what would be a path, a tag, or the end of a line.
_NOT_IN_NAMES = re.compile(r'[\\/<>:"|?*\t\n\r]')


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDocument:
    """A file that a person gives.

    Args:
        name: Its name.
        content: Its bytes; None where it, or all files of the form, are larger than allowed.
    """

    name: str
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """What files a form may give.

    Args:
        most: Number of files.
        size: Bytes of one.
        together: Bytes of all.
        endings: Endings of their names, such as `.pdf`.
    """

    most: int
    size: int
    together: int
    endings: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The limits by their names."""
        return fields_of(self)


def document_limits() -> DocumentLimits:
    """What files a form may give with an answer."""
    endings = tuple(f".{ending}" for ending in DOCUMENT_ENDINGS)
    return DocumentLimits(most=MOST_DOCUMENTS, size=LARGEST_DOCUMENT, together=LARGEST_TOGETHER, endings=endings)


def keep_document(settings: Settings, given: GivenDocument) -> AnswerDocument:
    """Keep a document under its hash, signed as an answer is; one that is there stays.

    Raises:
        UsageError: It is empty or too large, of another type than PDF, PNG, JPEG, DOCX or XLSX, or has no plain name of that type.
        ProtectionError: The account has none of the roles that answer.
        MachineError: The project can't be written.
    """
    workspace = open_workspace(settings)
    check_decision_role(identify(workspace), "readiness")
    content, ending = _checked(given)
    digest, store = sha256(content), FolderStore(workspace.project.root)
    name = f"{FOLDER}/{digest}.{ending}"
    try:
        if store.read(name) != content:
            store.replace(name, content)
    except OSError as error:
        raise MachineError("document_not_kept", folder=FOLDER, reason=type(error).__name__) from error
    return AnswerDocument(name=given.name, sha256=digest)


def find_document(settings: Settings, named: AnswerDocument) -> tuple[str, str, bytes] | None:
    """A document of an answer: the name to save it under, its media type and its content; None if the project does not keep it.

    Raises:
        UsageError: What is kept under its hash has another one now.
        MachineError: It can't be read.
    """
    store = FolderStore(open_workspace(settings).project.root)
    for ending, media_type in MEDIA_TYPES.items():
        file = f"{FOLDER}/{named.sha256}.{ending}"
        try:
            content = store.read(file)
        except OSError as error:
            raise MachineError("document_unreadable", file=file, reason=type(error).__name__) from error
        if content is not None:
            if sha256(content) != named.sha256:
                raise UsageError("document_changed", file=file)
            endings = tuple(f".{own}" for own, kind in DOCUMENT_ENDINGS.items() if kind == ending)
            name = named.name if named.name.lower().endswith(endings) else named.name + endings[0]
            return name, media_type, content
    return None


def has_document(settings: Settings, digest: str) -> bool:
    """Whether the project keeps a document under this hash."""
    folder = open_workspace(settings).project.root / FOLDER
    return any((folder / f"{digest}.{ending}").is_file() for ending in MEDIA_TYPES)


def _checked(given: GivenDocument) -> tuple[bytes, str]:
    """The content and the ending of its type."""
    shown = show_plain(given.name[:LONGEST_NAME])
    is_plain = 0 < len(given.name) <= LONGEST_NAME and given.name == given.name.strip(". ")
    if not is_plain or _NOT_IN_NAMES.search(given.name) or find_control(given.name):
        raise UsageError("document_name", file=shown)
    if given.content is None:
        raise UsageError("document_large", file=shown, most=LARGEST_DOCUMENT // 2**20, together=LARGEST_TOGETHER // 2**20)
    if not given.content:
        raise UsageError("document_empty", file=shown)
    ending = _ending_of(given.content)
    if ending is None or DOCUMENT_ENDINGS.get(PurePosixPath(given.name).suffix[1:].lower()) != ending:
        raise UsageError("document_type", file=shown, found=ending or "-")
    return given.content, ending


def _ending_of(content: bytes) -> str | None:
    """The type by the content, whatever the name says; None for any other, and for workbooks and texts with macros."""
    for beginning, ending in _BEGINNINGS.items():
        if content.startswith(beginning):
            return ending
    if not content.startswith(_ZIP):
        return None
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            members = archive.namelist()
    except (BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
        return None
    if _CONTENT_TYPES not in members or any(member.endswith(_MACROS) for member in members):
        return None
    return next((ending for member, ending in _MAIN_MEMBERS.items() if member in members), None)
