"""The entries of the access log as relations: all of them, and the reads without the log-ins to the portal."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from lakeward.core.names import Relation
from lakeward.core.sql import literal
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.serving.abandoned_entries import commit_abandoned_entries
from lakeward.flows.serving.entry_copies import EntryCopies
from lakeward.flows.serving.login_log import NO_ROLE
from lakeward.flows.serving.reader import access_log_folder

# Columns that an older lake lacks.
_OPTIONAL = (
    "purpose",
    "consumer",
    "versions",
    "columns",
    "bytes_out",
    "elapsed_us",
    "policy_version",
    "answer_digest",
    "principal",
    "verified",
    "query_hmac",
    "export_id",
    "event",
    "subject",
    "address",
)


@contextmanager
def open_log(workspace: Workspace) -> Iterator[Engine]:
    """An engine over the access log, with the entries that killed sessions left on disk."""
    with closing(open_engine("embedded", workspace.lake, workspace.settings.memory)) as engine:
        governance.check_schema_version(engine)
        commit_abandoned_entries(engine, access_log_folder(workspace), EntryCopies.of(workspace.lake))
        yield engine


def define_reads(engine: Engine) -> Relation | None:
    """The reads as a relation; None before the first entry. An older lake lacks columns."""
    stored = define_log(engine)
    if stored is None:
        return None
    reads = f"SELECT * FROM {stored} WHERE role <> {literal(NO_ROLE)}"
    return engine.define("entries", f"SELECT *, coalesce(principal, account) AS reader FROM ({reads})")


def define_log(engine: Engine) -> Relation | None:
    """Every entry, log-ins too, as a relation; None before the first. An older lake lacks columns."""
    spec = governance.table_spec("access_log")
    stored = engine.info(spec.name)
    if stored is None:
        return None
    present = {column.name for column in stored.columns}
    missing = ", ".join(f"NULL AS {name}" for name in _OPTIONAL if name not in present)
    return engine.define("stored_entries", f"SELECT *{', ' + missing if missing else ''} FROM {spec.name}")
