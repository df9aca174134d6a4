"""Edits of a project's files when a dataset is renamed. Comments and layout stay, since people wrote them.

The same edits again change nothing, so that a renaming that was cut off can go on.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lakeward.contracts.project import CONTRACT_FILE, DATASETS
from lakeward.contracts.renames import RENAMES_FILE
from lakeward.core.names import Layer
from lakeward.flows.base.replace_file import replace_file

_LAYERS = "|".join((*(layer for layer in Layer if layer is not Layer.GOVERNANCE), "landing"))
# Keys of policies whose mapping or list names datasets: weights, declarations of important data, declared sizes.
_LISTS_DATASETS = frozenset({"datasets", "declared", "supersedes"})
# Kind of source -> keys whose default bears the dataset's name, and under which a broker keeps a session or edges know their host.
_IDS = {"mqtt": ("clientId",), "sparkplug": ("clientId", "hostId")}
# Key whose value is `dataset.column`; elsewhere two words with a point are a category.
_COLUMN_KEY = "column"
_EXPECTATIONS = PurePosixPath("expectations")
# Folders of the expectations that are published with Lakeward: they name no dataset of a project.
_PUBLISHED = frozenset({"catalogues", "governance", "demos"})
_EDITED = frozenset({".yaml", ".yml", ".sql", ".json"})
# Folders whose files people keep by themselves: what they name is reported, and not edited.
OWN_FOLDERS = ("dags", "notebooks")


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file of the project with its text after the renaming.

    Args:
        file: Path below the project.
    """

    file: PurePosixPath
    text: str

    def write(self, root: Path) -> None:
        """Replace the file. Raises OSError."""
        replace_file(root / self.file, self.text)


@dataclass(frozen=True, slots=True)
class NameEdit:
    """A renaming of a dataset, as an edit of texts."""

    old: str
    new: str

    def edits(self, root: Path) -> Iterator[FileEdit]:
        """Each file of the expectations that changes; the dataset's own contract last, whose folder bears the old name still."""
        own = DATASETS / self.old / CONTRACT_FILE
        files = sorted(path for path in (root / _EXPECTATIONS).rglob("*") if _is_edited(path))
        names = [name for path in files if (name := PurePosixPath(path.relative_to(root))).parts[1] not in _PUBLISHED]
        for file in (*(name for name in names if name not in {own, RENAMES_FILE}), own):
            before = (root / file).read_bytes().decode("utf-8", "surrogateescape") if (root / file).is_file() else ""
            after = self.contract(before) if file == own else self.text(file, before)
            if after != before:
                yield FileEdit(file, after)

    def text(self, file: PurePosixPath, text: str) -> str:
        """The text of another file than the dataset's contract."""
        if not re.search(rf"\b{self.old}\b", text):
            return text
        if file.suffix == ".sql":
            return self.sql(text)
        text = self._tables(text)
        if file.suffix == ".json":
            return self._suite_name(text) if file.parent == DATASETS / self.old else text
        return self._scalars(text)

    def sql(self, text: str) -> str:
        """A SELECT: names of tables, and of columns after the table's name where that is no alias."""
        text = self._tables(text)
        has_alias = re.search(rf'\bAS\s+"?{self.old}"?(?!\w)', text, re.IGNORECASE)
        return text if has_alias else re.sub(rf'(?<![\w."])("?){self.old}\1(?=\s*\.)', rf"\g<1>{self.new}\g<1>", text)

    def contract(self, text: str) -> str:
        """The dataset's own contract: also its name, that of its schema, and what senders know it by, where that followed from the name."""
        text = self._scalars(self._tables(text))
        root = yaml.compose(text, Loader=yaml.SafeLoader) if text else None
        if not isinstance(root, MappingNode):
            return text
        found = [node for node in _names(root) if node.value == self.old]
        changes = [(node.start_mark.index, node.end_mark.index, self.new) for node in found]
        return _apply_changes(text, [*changes, *self._known_outside(root)]) if found else text

    def _known_outside(self, root: MappingNode) -> Iterator[tuple[int, int, str]]:
        """Write down what bears the dataset's name by default and others know: the folder of drops, and the ids under which a broker keeps a session."""
        source = _source(root)
        if source is None or not source.value:
            return
        entries = {key.value: value.value for key, value in source.value}
        names = _IDS.get(entries.get("kind", ""), () if "connection" in entries else ("path",))
        at = source.value[0][0].start_mark
        gap = ", " if source.flow_style else "\n" + " " * at.column
        for name in names:
            if name not in entries:
                yield at.index, at.index, f"{name}: {'inbox/' if name == 'path' else 'lakeward-'}{self.old}{gap}"

    def _tables(self, text: str) -> str:
        return re.sub(rf'\b({_LAYERS})("?\s*\.\s*"?){self.old}\b', rf"\g<1>\g<2>{self.new}", text)

    def _scalars(self, text: str) -> str:
        """A YAML file: `old.column` as a column, and the bare name where datasets are listed."""
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            return text  # lint says what is wrong
        column = re.compile(rf"{self.old}(\.[A-Za-z_]\w*)+")
        found = [
            node
            for node, key in _scalar_nodes(root)
            if (key == _COLUMN_KEY and column.fullmatch(node.value)) or (key in _LISTS_DATASETS and node.value == self.old)
        ]
        changes = [(node.start_mark.index, node.end_mark.index) for node in found]
        return _apply_changes(text, [(start, end, text[start:end].replace(self.old, self.new, 1)) for start, end in changes])

    def _suite_name(self, text: str) -> str:
        """The suite of the dataset, where it bears the dataset's name."""
        try:
            suite = json.loads(text)
        except ValueError:
            return text
        is_named = isinstance(suite, dict) and suite.get("name") == self.old
        return re.sub(rf'("name"\s*:\s*"){self.old}"', rf'\g<1>{self.new}"', text, count=1) if is_named else text


def mentions(root: Path, name: str) -> Iterator[str]:
    """Files of the folders that people keep by themselves in which the name occurs, below the project."""
    word = re.compile(rf"\b{name}\b".encode())
    for folder in OWN_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".ipynb", ".md", ".sql"} and path.is_file() and word.search(path.read_bytes()):
                yield path.relative_to(root).as_posix()


def _is_edited(path: Path) -> bool:
    return path.suffix in _EDITED and not path.name.startswith(".") and path.is_file()


def _names(root: MappingNode) -> Iterator[ScalarNode]:
    """The name of a contract, and of its one table."""
    entries = {key.value: value for key, value in root.value}
    tables = entries.get("schema")
    first = tables.value[0] if isinstance(tables, SequenceNode) and tables.value else None
    table = {key.value: value for key, value in first.value} if isinstance(first, MappingNode) else {}
    yield from (node for node in (entries.get("name"), table.get("name")) if isinstance(node, ScalarNode))


def _source(root: MappingNode) -> MappingNode | None:
    entries = {key.value: value for key, value in root.value}
    properties = entries.get("customProperties")
    for item in properties.value if isinstance(properties, SequenceNode) else ():
        pair = {key.value: value for key, value in item.value} if isinstance(item, MappingNode) else {}
        if isinstance(pair.get("property"), ScalarNode) and pair["property"].value == "source":
            return pair["value"] if isinstance(pair.get("value"), MappingNode) else None
    return None


def _scalar_nodes(node: Node | None, key: str = "") -> Iterator[tuple[ScalarNode, str]]:
    """Each scalar of the document, with the key that it stands below; a key itself stands below the key of its mapping."""
    if isinstance(node, ScalarNode):
        yield node, key
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _scalar_nodes(item, key)
    elif isinstance(node, MappingNode):
        for name, value in node.value:
            yield from _scalar_nodes(name, key)
            yield from _scalar_nodes(value, name.value if isinstance(name, ScalarNode) else "")


def _apply_changes(text: str, changes: list[tuple[int, int, str]]) -> str:
    for start, end, part in sorted(changes, reverse=True):
        text = text[:start] + part + text[end:]
    return text
