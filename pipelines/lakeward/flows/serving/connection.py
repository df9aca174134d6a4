"""Serves the lake to one principal: its policy, the grades, a locked session, and a log of every query.

In process, so it is not a security boundary: a user with access to the lake's files can read them directly.
"""

import weakref
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self

from lakeward.core.errors import LakewardError
from lakeward.core.names import TableName
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.display_zone import display_zone
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import GradeLookup, current_grades
from lakeward.flows.serving.abandoned_entries import commit_abandoned_entries
from lakeward.flows.serving.access import AccessLog, LoggedRead, log_verdict
from lakeward.flows.serving.answer_limits import AnswerLimits
from lakeward.flows.serving.catalogue import CatalogueTable, catalogue_rows
from lakeward.flows.serving.entry_copies import EntryCopies
from lakeward.flows.serving.explanation import MaskExplanation
from lakeward.flows.serving.metering import TableVersions, column_facts, needs_digest
from lakeward.flows.serving.reader import Reader, access_log_folder, resolve_reader
from lakeward.flows.serving.reading_purpose import SessionWatch
from lakeward.flows.serving.views import ServedViews, make_views
from lakeward.serving.answer import Answer
from lakeward.serving.database import SessionResources
from lakeward.serving.row_charge import rows_charged
from lakeward.serving.rows import Rows
from lakeward.serving.session import CheckedQuery, Parameters, ServingSession


class Connection:
    """A connection of one role to the served tables; tables, grades and policy are those at the time of opening."""

    def __init__(self, workspace: Workspace, engine: Engine, reader: Reader, views: ServedViews) -> None:
        principal, tables = reader.principal, views.tables
        self._workspace, self._engine = workspace, engine
        self._watch = SessionWatch(workspace, engine, reader.identity, reader.purpose)
        self._next_change = principal.policy.next_change(principal.request)
        self._views, self._tables = views, {str(table.name): table for table in tables}
        self._log = reader.open_log(workspace, engine)
        self._versions = TableVersions(tables, engine)
        resources = SessionResources(
            memory=workspace.settings.memory, lake=workspace.lake, zone=str(display_zone(workspace.settings))
        )
        self._session = ServingSession(tables, views.functions, engine.scratch / "serving", resources, reader.filter_values)
        self._end = weakref.finalize(self, _close_session, self._session, self._log, engine)

    def sql(self, query: str, parameters: Parameters | None = None) -> Rows:
        """The rows of one SELECT over `con.catalogue()`'s tables, or of DESCRIBE, SUMMARIZE or SHOW TABLES.

        Without parameters nothing is read before rows are taken out.

        Args:
            parameters: Values of `?` and `$1` in order, or of `$name` by name. The access log does not keep them.

        Raises:
            ProtectionError: The guard or the policy refuses it, a parameter has no value, or the token is no longer valid; that is
                logged too.

        Examples:
            >>> import lakeward
            >>> con = lakeward.connect(role="analyst")
            >>> con.sql("SELECT count(*) FROM silver.press_line").fetchone()
            (3,)
            >>> con.sql("SELECT count(*) FROM silver.press_line WHERE machine = $machine", {"machine": "M1"}).fetchone()
            (2,)
            >>> con.sql("DELETE FROM silver.press_line")
            Traceback (most recent call last):
            lakeward.core.errors.ProtectionError: ...
            >>> con.close()
        """
        asked_at = self._workspace.clock.now()
        with self._logged_failure(query, asked_at):
            self._watch.check(asked_at, self._next_change)
            checked = self._session.check(query, parameters)
            columns = self._views.columns_read(self._session, checked)
        self._log.check_quota(query, checked.objects, rows=1 if parameters else 0)
        with self._logged_failure(query, asked_at, checked.objects if parameters else ()):
            relation = self._session.relation(checked)
        read = LoggedRead(
            text=query, asked_at=asked_at, verdict="allowed", objects=checked.objects, columns=column_facts(columns)
        )

        limits = AnswerLimits(self._workspace.project.server, lambda: self._session.interrupt(0))

        def check() -> None:
            self._check_session(query)
            self._log.check_quota(query, checked.objects)
            self._session.refresh(checked)
            limits.start()

        def report(answer: Answer, error: LakewardError | None) -> None:
            past = limits.end(answer, error)
            if past:
                answer = Answer(elapsed_us=answer.elapsed_us)
            charged = self._rows_charged(checked, answer.rows)
            self._log.record(
                replace(self._measured_rows(read, answer, past, has_digest=needs_digest(columns)), rows_charged=charged)
            )
            if past is not error and past:
                raise past

        return Rows(relation, check, report, self._views.aggregated_columns(checked), self._session.display(checked))

    @contextmanager
    def _logged_failure(self, query: str, asked_at: datetime, objects: Collection[str] = ()) -> Iterator[None]:
        """Write the entry of a statement that fails in the block, whatever the failure; `objects` are tables that are read there."""
        verdict, code, is_done = "failed", None, False
        try:
            yield
            is_done = True
        except LakewardError as error:
            error.__context__ = None  # DuckDB's error, which can quote a value
            verdict, code = "failed" if objects else "refused", error.code
            if code == "query_table_refused":
                self._check_contract(str(error.facts["table"]))
            raise
        finally:
            if not is_done:
                self._log.write(query, asked_at, objects, verdict=verdict, code=code)

    def _check_session(self, query: str) -> None:
        """Check that token, purpose and policy still hold: the rows of a query may be fetched long after it, and again."""
        now = self._workspace.clock.now()
        try:
            self._watch.check(now, self._next_change)
        except LakewardError as error:
            self._log.write(query, now, (), verdict="refused", code=error.code)
            raise

    def _rows_charged(self, query: CheckedQuery, rows: int) -> int | None:
        """Rows that an answer counts as for a quota; None for its own number, or without a quota."""
        if not self._workspace.project.quotas:
            return None
        found = (self._engine.info(TableName.parse(name)) for name in query.objects)
        charged = rows_charged(query.tree, rows, sum(info.rows for info in found if info))
        return None if charged == rows else charged

    def _measured_rows(self, read: LoggedRead, answer: Answer, error: LakewardError | None, *, has_digest: bool) -> LoggedRead:
        return replace(
            read,
            verdict=log_verdict(error),
            code=error.code if error else None,
            rows=answer.rows,
            bytes_out=answer.bytes_out(),
            elapsed_us=answer.elapsed_us,
            versions=self._versions.of(read.objects),
            answer_digest=answer.digest() if has_digest and error is None else None,
        )

    def _check_contract(self, table: str) -> None:
        """Read the contract of a table that is not served: one that is not valid keeps its own table from being served.

        Raises:
            ContractError: It is not valid.
            UsageError: The dataset was renamed.
        """
        name = table.rpartition(".")[2]
        project = self._workspace.project
        if name in project.datasets() or name in project.names.former():
            project.contract(name)

    def catalogue(self) -> list[CatalogueTable]:
        """The served tables."""
        return catalogue_rows(self._workspace, self._engine, self._views.tables)

    def explain_mask(self, column: str) -> MaskExplanation:
        """Explain what this role sees of `layer.table.column`, by which rule and grade, and who can grant more access.

        Raises:
            UsageError: The column does not exist.
        """
        return self._views.explain(column, self._workspace.settings.lang)

    def close(self) -> None:
        """End the session."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(role: str | None = None, project: str | Path | None = None, purpose: str | None = None) -> Connection:
    """Open the lake of the project at or above `project` (default: the current folder) as `role` (default: the account's only one).

    Args:
        purpose: Purpose of the policy that is read for; None for `LAKEWARD_PURPOSE`, or none.

    Raises:
        UsageError: The project, the role or the purpose does not exist, or no role is named and there are several.
        PolicyError: The policy is not valid.
        ProtectionError: `LAKEWARD_TOKEN` is not valid, its account does not have the role or the purpose, or the register of accounts or the
            token key is missing or not stored safely.
    """
    return open_connection(Settings.load(Path(project) if project else None), role, purpose=purpose)


def open_connection(
    settings: Settings, role: str | None, grade_lookup: GradeLookup = current_grades, purpose: str | None = None
) -> Connection:
    """See `connect`; `grade_lookup` returns the grades of a contract's columns."""
    workspace = open_workspace(settings)
    reader, key = resolve_reader(workspace, role, purpose)
    with ExitStack() as undo:
        # DuckDB serves the tables of every engine.
        engine = open_engine("embedded", workspace.lake, memory=settings.memory)
        undo.callback(engine.close)
        governance.check_schema_version(engine)
        views = make_views(workspace, engine, reader.principal, key, grade_lookup)
        commit_abandoned_entries(engine, access_log_folder(workspace), EntryCopies.of(workspace.lake))
        connection = Connection(workspace, engine, replace(reader, principal=views.principal), views)
        undo.pop_all()
    return connection


def _close_session(session: ServingSession, log: AccessLog, engine: Engine) -> None:
    session.close()
    try:
        log.close()
    finally:
        engine.close()
