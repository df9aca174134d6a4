"""Grades of data sets: the highest of their columns and of what their size calls for (就高从严); and the rules that apply."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakeward.contracts.model import Contract
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.grading.records import read_grade_record
from lakeward.flows.grading.run import workspace_rules
from lakeward.flows.grading.tasks import Row, open_tasks
from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.classes import class_path
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.libraries import SectorLibrary
from lakeward.grading.proposal import highest

# Name of the set of the datasets whose contracts name no domain.
NO_DOMAIN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedTable:
    """The grade of a data set: a dataset, or all datasets of a domain.

    Args:
        kind: `table` or `set`.
        name: Name of the dataset or domain; `-` for datasets without a domain.
        grade, level: The highest of what is known; None if nothing is.
        complete: Whether every column has a valid grade; without that, the grade is only the least that it can be.
        by: Column, size or table that decided it; None if nothing is known.
        class_path: Sector, class and subclass of the data; empty for a set.
        categories: Categories of the content.
        may_be: Higher grade that its size may call for, until a person decides; None for none.
        columns, ungraded: Number of columns, and of those without a valid grade.
    """

    kind: str
    name: str
    grade: Grade | None
    level: int | None
    complete: bool
    by: str | None
    class_path: str
    categories: tuple[str, ...]
    may_be: str | None
    columns: int
    ungraded: int

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward grade tables --json`.

        Returns:
            grade: `core`, `important` or `general`; None if nothing is known.
        """
        return fields_of(self)

    @property
    def sensitivity(self) -> Sensitivity | None:
        """Grade and level together."""
        return Sensitivity(self.grade, self.level) if self.grade else None


def list_table_grades(settings: Settings) -> list[GradedTable]:
    """The grade of every dataset with a valid contract, then of every domain."""
    workspace = open_workspace(settings)
    contracts = workspace.project.valid_contracts()
    with workspace.engine() as engine:
        record, tasks = read_grade_record(engine), open_tasks(engine)
    tables = {name: grade_table(contract, record.current(contract), tasks) for name, contract in contracts.items()}
    domains: dict[str, list[GradedTable]] = {}
    for name, contract in contracts.items():
        domains.setdefault(contract.domain or NO_DOMAIN, []).append(tables[name])
    return [*tables.values(), *(grade_set(domain, found) for domain, found in sorted(domains.items()))]


def grade_table(contract: Contract, grades: Mapping[str, ColumnGrade], tasks: Iterable[Row] = ()) -> GradedTable:
    """The grade of one dataset from those of its columns.

    Args:
        tasks: Open tasks, of which those of this dataset may name a higher grade.
    """
    known = {name: Sensitivity(g.grade, g.level) for name, g in grades.items() if g.grade and g.state is not GradeState.STALE}
    by = max(known, key=lambda name: known[name].rank, default=None)
    sensitivity = known[by] if by else None
    wanted = highest(*(Sensitivity(Grade(t["grade"]), None) for t in tasks if t["dataset"] == contract.name and t["grade"]))
    is_higher = wanted is not None and (sensitivity is None or wanted.rank > sensitivity.rank)
    return GradedTable(
        kind="table",
        name=contract.name,
        grade=sensitivity.grade if sensitivity else None,
        level=sensitivity.level if sensitivity else None,
        complete=len(known) == len(grades),
        by=by,
        class_path=class_path(contract.data_class),
        categories=tuple(sorted({g.category for g in grades.values() if g.category})),
        may_be=str(wanted.grade) if wanted and is_higher else None,
        columns=len(grades),
        ungraded=len(grades) - len(known),
    )


def grade_set(domain: str, tables: Sequence[GradedTable]) -> GradedTable:
    """The grade of all datasets of a domain."""
    graded = [table for table in tables if table.sensitivity]
    top = max(graded, key=lambda table: table.sensitivity.rank if table.sensitivity else (0, 0), default=None)
    wanted = highest(*(Sensitivity(Grade(table.may_be), None) for table in tables if table.may_be))
    return GradedTable(
        kind="set",
        name=domain,
        grade=top.grade if top else None,
        level=top.level if top else None,
        complete=all(table.complete for table in tables),
        by=top.name if top else None,
        class_path="",
        categories=tuple(sorted({category for table in tables for category in table.categories})),
        may_be=str(wanted.grade) if wanted else None,
        columns=sum(table.columns for table in tables),
        ungraded=sum(table.ungraded for table in tables),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """The rules that apply in a project.

    Args:
        id: Ids of the rules, as proposals cite them.
        scheme: Scheme of grades.
        detectors, thresholds: Number of each.
        sectors: The sector libraries, those without a public rule too.
    """

    id: str
    scheme: str
    detectors: int
    thresholds: int
    sectors: tuple[SectorLibrary, ...]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward grade rules --json`.

        Returns:
            sectors: Each with `id, sector, edition, source, certainty, rules, unrecognised`.
        """
        return {**fields_of(self), "sectors": [fields_of(library) for library in self.sectors]}


def rules_in_force(settings: Settings) -> RulesInForce:
    """The rules that apply in the project.

    Raises:
        DefinitionError: A catalogue was edited in place, or the project's rules are not valid.
    """
    found = workspace_rules(open_workspace(settings))
    return RulesInForce(
        id=found.rules.id,
        scheme=found.rules.scheme,
        detectors=len(found.rules.detectors),
        thresholds=len(found.rules.thresholds),
        sectors=found.libraries,
    )
