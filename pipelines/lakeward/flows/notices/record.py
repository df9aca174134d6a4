"""The record of notices: which were sent, and which wait because they could not be."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.notices.notice import DatasetNotice, NoticeKind

TABLE = APP = "notices"
# A notice that could not be sent for so long is old news.
KEPT = timedelta(days=2)


def notice_states(engine: Engine) -> dict[str, bool]:
    """Id of each notice that was made -> whether it was sent."""
    found: dict[str, bool] = {}
    for row in governance.read_rows(engine, TABLE):
        found[row["notice"]] = found.get(row["notice"], False) or row["is_sent"]
    return found


def waiting_notices(workspace: Workspace, engine: Engine) -> list[DatasetNotice]:
    """The notices that could not be sent, each once; who has had one gets it no second time."""
    states, since = notice_states(engine), workspace.clock.now() - KEPT
    rows = [row for row in governance.read_rows(engine, TABLE) if not states[row["notice"]] and row["recorded_at"] > since]
    return list({(row["dataset"], row["kind"], row["occasion"]): _from_row(row) for row in rows}.values())


def record_notice(workspace: Workspace, engine: Engine, subscription: int, notice: DatasetNotice, *, is_sent: bool) -> None:
    """Record that the notice was sent to a subscriber, or that it waits."""
    table = governance.table_spec(TABLE).name
    row = {
        "notice": notice.id(subscription, workspace.lake.names),
        "subscription": subscription,
        "dataset": notice.dataset,
        "kind": notice.kind,
        "occasion": notice.occasion,
        "said": json.dumps(notice.said.as_dict(), ensure_ascii=False, default=str),
        "link": notice.link,
        "is_sent": is_sent,
        "recorded_at": workspace.clock.now(),
    }
    while not governance.append_rows(engine, TABLE, [row], Txn(APP, engine.txn(table, APP) + 1)):
        pass


def _from_row(row: Mapping[str, Any]) -> DatasetNotice:
    said = json.loads(row["said"])
    return DatasetNotice(
        dataset=row["dataset"],
        kind=NoticeKind(row["kind"]),
        occasion=row["occasion"],
        said=Notice(said["code"], said["facts"]),
        link=row["link"],
    )
