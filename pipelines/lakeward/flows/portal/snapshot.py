"""One reading of the lake for the static scorecard: the pages' figures, copied and computed in a folder of their own, gone afterwards.

It holds no portal's file: a process has that one for itself, a worker of Airflow has none, and a lake may be in an object store.
"""

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lakeward.core.errors import PolicyError
from lakeward.core.messages import Lang
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines.embedded.read_file import FileWriting
from lakeward.engines.embedded.snapshot_file import open_snapshot
from lakeward.flows.base.policy_file import read_policy_file
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.portal import catalogue
from lakeward.flows.portal.figures import SCHEMA, TIMED_FAMILY, TableChanges, portal_families, stored_row, update_families
from lakeward.flows.portal.read_model import make_missing_tables
from lakeward.flows.portal.reading import ModelReading
from lakeward.flows.scorecard.build import EVIDENCE
from lakeward.protection.load import role_titles
from lakeward.scorecard.figures import Family
from lakeward.scorecard.portal.summed_failures import summed_failures

# Governance tables that the scorecard's figures are of.
TABLES = (
    *("runs", "verdicts", "contracts", "quarantine_events", "lineage_edges", "access_log", "scores"),
    *("grade_proposals", "grade_decisions", "transform_checks", "maturity"),
)
# Families that no page of the file shows; their queries are in the evidence all the same.
NOT_SHOWN = frozenset({"column_grades", "dataset_dimensions"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardReading:
    """What the file is made of.

    Args:
        project: Name of the project.
        renames: Renamings of its datasets: the queries have the names of after these.
        zone: IANA zone in which times are shown.
        languages: Languages of the plant, the first one first.
        role_titles: Role -> its title by language; none where the policy can't be read.
        reading: Figures and rows, all of the same versions.
        families: Every family that is measured, by name.
    """

    project: str
    renames: Sequence[tuple[str, str]]
    zone: str
    languages: tuple[Lang, ...]
    role_titles: Mapping[str, Mapping[str, str]]
    reading: ModelReading
    families: Mapping[str, Family]


@contextmanager
def open_scorecard_reading(settings: Settings) -> Iterator[ScorecardReading]:
    """Read the lake once; commits nothing.

    Raises:
        UsageError: There is no project at or above `settings.start`.
        MachineError: The lake can't be read, or the extra `s3` is missing.
    """
    workspace = open_workspace(settings)
    now = workspace.clock.now()
    with tempfile.TemporaryDirectory(prefix="lakeward-") as folder, ThreadPoolExecutor(1) as parser:
        words = parser.submit(catalogue.dataset_rows, workspace.project)  # while DuckDB reads
        with open_snapshot(Path(folder), workspace.lake, _versions(workspace)) as file:
            families = _compute(workspace, file, now)
            file.insert("catalogue.datasets", words.result())
            families |= _summed(file, families)
            yield _reading(workspace, ModelReading(file, now), families)


def store_evidence(source: ScorecardReading, folder: Path) -> None:
    """Write the query of every family into `folder`, where `open_figure` finds it."""
    versions = source.reading.versions()
    families = {
        name: {
            "sql": family.sql,
            "keys": family.keys,
            "numbers": family.numbers,
            "versions": {table: versions[table] for table in family.tables},
        }
        for name, family in source.families.items()
    }
    made_at = source.reading.now.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    found = {"project": source.project, "made_at": made_at, "renames": source.renames, "families": families}
    (folder / EVIDENCE).write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    log.info("scorecard built", extra={"project": source.project, "families": len(families)})


def _reading(workspace: Workspace, reading: ModelReading, families: Mapping[str, Family]) -> ScorecardReading:
    known = reading.versions()
    timed = reading.definition(TIMED_FAMILY)
    every = {**families, TIMED_FAMILY: timed} if timed else families
    project = workspace.project
    return ScorecardReading(
        project=project.name,
        renames=project.names.renames,
        zone=project.zone,
        languages=project.languages,
        role_titles=_role_titles(workspace),
        reading=reading,
        families={name: family for name, family in every.items() if set(family.tables) <= known.keys()},
    )


def _versions(workspace: Workspace) -> dict[str, int]:
    """The newest version of each table that the lake has."""
    with workspace.engine() as engine:
        found = {name: engine.info(TableName(Layer.GOVERNANCE, name)) for name in TABLES}
    return {name: info.version for name, info in found.items() if info}


def _compute(workspace: Workspace, file: FileWriting, now: datetime) -> dict[str, Family]:
    """Compute the families; returns all of them."""
    tables = file.columns()
    file.execute(SCHEMA)
    file.execute(catalogue.SCHEMA)
    make_missing_tables(file)
    families = portal_families(workspace, tables, now)
    shown = tuple(family for name, family in families.items() if name not in NOT_SHOWN)
    update_families(file, shown, TableChanges(replaced=frozenset(TABLES)), workspace.weights)
    return families


def _summed(file: FileWriting, families: Mapping[str, Family]) -> dict[str, Family]:
    """Sums of failures by dataset and by domain: here their numbers open to a query, where the portal opens a list."""
    domains = {row["dataset"]: row["domain"] or "" for row in file.fetch("SELECT dataset, domain FROM catalogue.datasets")}
    found = summed_failures(families["failures"], domains)
    for family in found:
        query = family.sql.replace(families["failures"].sql, "FROM figures.failures")
        file.compute(f"figures.{family.name}", query)
        file.insert("families", [stored_row(family)])
    return {family.name: family for family in found}


def _role_titles(workspace: Workspace) -> Mapping[str, Mapping[str, str]]:
    try:
        return role_titles(*read_policy_file(workspace.project))
    except PolicyError:
        return {}
