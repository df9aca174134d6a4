"""Creates a dataset from a user's file: drafts of contract and suite, and the file in its drop folder."""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.glossary import read_glossary
from lakeward.core.drop_folder import visible_files
from lakeward.core.errors import UsageError
from lakeward.core.names import DATASET_NAME
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.lake_files import check_outside_lake
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.profiling import Profile, draft, profile_file
from lakeward.sources.packing import plain_suffix

# Files that are looked at: more cost minutes, and show little more.
MAX_FILES = 50
# Names in one message.
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTopic:
    """A topic that sent something while a broker was watched.

    Args:
        topic: Its name.
        messages: Messages that were sent meanwhile; 0: the broker had kept one.
        rate: Messages per second.
        forms: Forms of its payloads, the commonest first.
    """

    topic: str
    messages: int
    rate: float
    forms: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """`topic, messages, rate, forms`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEdge:
    """An edge of Sparkplug B, or a device behind one, that sent something while a broker was watched.

    Args:
        group: Its group.
        edge: The edge.
        device: The device; empty: the edge itself.
        metrics: Number of metrics in its last birth; None: no birth came.
        types: Data types of these.
        units: Units of these.
        messages: Messages that came.
        rate: Messages per second.
    """

    group: str
    edge: str
    device: str
    metrics: int | None
    types: tuple[str, ...]
    units: tuple[str, ...]
    messages: int
    rate: float

    def as_dict(self) -> dict[str, object]:
        """`group, edge, device, metrics, types, units, messages, rate`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedDataset:
    """A dataset that was drafted.

    Args:
        folder: Folder of its contract and suite.
        notes: What the sample shows, such as how files differ from each other, as messages.
        topics: Topics of a broker that were seen, the busiest first.
        edges: Edges of Sparkplug B and their devices that were seen.
    """

    folder: Path
    notes: tuple[Notice, ...]
    topics: tuple[SeenTopic, ...] = ()
    edges: tuple[SeenEdge, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """`folder, notes, topics, edges`."""
        return fields_of(self)


def draft_dataset(settings: Settings, name: str, sample: Path, sheet: str | None = None) -> Path:
    """The folder of `draft_from_files` from one sample.

    Raises: as it does.
    """
    return draft_from_files(settings, name, [sample], sheet).folder


def draft_from_files(settings: Settings, name: str, samples: Sequence[Path], sheet: str | None = None) -> DraftedDataset:
    """Write `expectations/datasets/<name>/` and put the samples into its drop folder.

    Args:
        samples: Files of one form, or folders of such.
        sheet: Sheet of a workbook; None for the only sheet with data.

    Raises:
        UsageError: The name is invalid or already used, or the file does not exist or has no data.
        DataError: The file lies in a lake.
        ContractError: The project's glossary is not valid.
    """
    workspace = open_workspace(settings)
    folder = new_dataset_folder(workspace, name)
    files, aside = _choose_files(samples)
    glossary = read_glossary(workspace.project)
    with workspace.engine() as engine:
        profile = profile_file(engine, files[0], sheet, files[1:MAX_FILES])
        contract, suite = draft(profile, name, workspace.project.zone, glossary=glossary)
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(contract, encoding="utf-8")
    (folder / "suite.json").write_text(suite, encoding="utf-8")
    for file in files:
        put_sample(workspace, name, file)
    return DraftedDataset(folder=folder, notes=tuple(_notes(profile, name, files, aside)))


def new_dataset_folder(workspace: Workspace, name: str) -> Path:
    """The folder of a dataset that is to be made.

    Raises:
        UsageError: The name is invalid or already used.
    """
    folder = workspace.project.root / "expectations" / "datasets" / name
    if not DATASET_NAME.fullmatch(name):
        raise UsageError("dataset_name_invalid", found=name)
    if folder.exists():
        raise UsageError("dataset_exists", dataset=name, folder=folder)
    return folder


def _choose_files(samples: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The files of the commonest ending, in order, and those left aside."""
    found: list[Path] = []
    for sample in samples:
        if not sample.exists():
            raise UsageError("sample_not_found", file=sample)
        found += sorted(visible_files(sample)) if sample.is_dir() else [sample]
    if not found:
        raise UsageError("sample_not_found", file=samples[0])
    files = [file for file in dict.fromkeys(found) if not file.is_dir()]
    suffix = Counter(map(plain_suffix, files)).most_common(1)[0][0]
    for folder in {file.resolve().parent for file in files}:
        check_outside_lake(folder)
    chosen = [file for file in files if plain_suffix(file) == suffix]
    return chosen, [file for file in files if file not in chosen]


def _notes(profile: Profile, name: str, files: Sequence[Path], aside: Sequence[Path]) -> Iterator[Notice]:
    for drift in profile.drift:
        facts = {"file": drift.file, "missing": ", ".join(drift.missing) or "-", "own": ", ".join(drift.own) or "-"}
        yield Notice("new_drift", facts)
    if profile.rejects:
        total, line = profile.rows + profile.rejects, profile.first_reject
        yield Notice("new_rejects", {"rejects": profile.rejects, "records": total, "line": line, "dataset": name})
    for column in profile.columns:
        if column.infinite:
            yield Notice("new_infinite", {"column": column.source_name, "count": column.infinite, "rows": profile.rows})
        if column.unsure_sign:
            signs = {"decimal": profile.record_format.decimal, "thousands": profile.record_format.thousands or "-"}
            yield Notice("new_unsure_sign", {"column": column.source_name, "sign": column.unsure_sign, **signs})
    if len(files) > MAX_FILES:
        yield Notice("new_files_not_read", {"count": len(files) - MAX_FILES, "read": MAX_FILES})
    if aside:
        names = ", ".join(file.name for file in aside[:SHOWN]) + (", …" if len(aside) > SHOWN else "")
        yield Notice("new_files_aside", {"count": len(aside), "files": names})


def put_sample(workspace: Workspace, name: str, sample: Path) -> None:
    """Put `sample` into the dataset's drop folder; a file that lies there already is received as it is."""
    drop = workspace.project.root / "inbox" / name
    drop.mkdir(parents=True, exist_ok=True)
    if sample.resolve().is_relative_to(drop.resolve()):
        return
    target, number = drop / sample.name, 1
    while target.exists():  # two folders may have files of one name
        number += 1
        target = drop / f"{number}_{sample.name}"
    shutil.copy2(sample, target)
