"""Segments of Sparkplug B, and what staging makes of them."""

import duckdb

from lakeward.contracts.load import parse_contract
from lakeward.core.sparkplug.sessions import write_events
from lakeward.engines.embedded.staging import stage
from lakeward.sources.segments import SegmentStore
from lakeward.sources.sparkplug.segments import session_events
from support.segments import segment_input
from support.sparkplug_bytes import bd_seq, payload
from support.sparkplug_segments import CONTRACT, T0, Connection

NBIRTH, NDATA, NDEATH = (f"spBv1.0/G/{kind}/E" for kind in ("NBIRTH", "NDATA", "NDEATH"))
DBIRTH, DDATA, DDEATH = (f"spBv1.0/G/{kind}/E/D" for kind in ("DBIRTH", "DDATA", "DDEATH"))


class Plant:
    """Segments, and what staging makes of them."""

    def __init__(self, folder):
        self.folder, self.store = folder, SegmentStore.of_dataset(folder / "landing", "line")
        self.connection = Connection(self.store)
        self.con = duckdb.connect()

    def land(self, *messages):
        self.connection.land(messages)

    def stage(self, first=1, columns=""):
        """Read the segments from `first` on, with the births of all."""
        contract = parse_contract(CONTRACT.replace("customProperties:\n", f"{columns}customProperties:\n", 1), "line")
        landed = list(self.store.segments(0, self.store.newest()))
        births = write_events(session_events([segment_input(one) for one in landed]), self.folder / "births.jsonl")
        inputs = [segment_input(one, births=births) for one in landed[first - 1 :]]
        (self.folder / "scratch").mkdir(exist_ok=True)
        reports = stage(self.con, inputs, contract.record_format, contract.columns, self.folder / "scratch")
        rejects = self.con.execute("SELECT count(*) FROM staged_rejects").fetchone()[0]
        assert sum(report.records for report in reports) == len(self.rows("1")) + rejects

    def rows(self, select="series, value, value_text", where="true"):
        return self.con.execute(f"SELECT {select} FROM staged_rows WHERE {where} ORDER BY _file_seq, _row").fetchall()

    def data(self, select="series, value"):
        return self.rows(select, "message IN ('NDATA', 'DDATA')")

    def rejects(self, select="_file_seq, _row, reason"):
        return self.con.execute(f"SELECT {select} FROM staged_rejects ORDER BY _file_seq, _row").fetchall()


def birth(*metrics, session=0, ts=T0):
    return NBIRTH, payload(*metrics, bd_seq(session), ts=ts, seq=0)
