"""Lineage of a lake: inputs and outputs of each step as OpenLineage events in a durable outbox, and the lineage graph."""

from lakeward_lineage.columns import column_lineage
from lakeward_lineage.errors import LineageError, RefusedError
from lakeward_lineage.events import check_event, complete, fail, identify, start
from lakeward_lineage.graph import Direction, Edge, Field, Hop, HopEffect, edges, foreign_edges, walk
from lakeward_lineage.model import (
    PRODUCER,
    Assertion,
    AssertionOutcome,
    ColumnLineage,
    Dataset,
    Origin,
    Owner,
    Parent,
    Processor,
    SchemaField,
    Statistics,
    Step,
    Tag,
    TransformationKind,
    event_id,
    run_id,
)
from lakeward_lineage.outbox import DeliveryReport, Outbox
from lakeward_lineage.receiver_queue import ReceiverQueue
from lakeward_lineage.transport import FileTransport, HttpTransport, Transport

__all__ = [
    "PRODUCER",
    "Assertion",
    "AssertionOutcome",
    "ColumnLineage",
    "Dataset",
    "DeliveryReport",
    "Direction",
    "Edge",
    "Field",
    "FileTransport",
    "Hop",
    "HopEffect",
    "HttpTransport",
    "LineageError",
    "Origin",
    "Outbox",
    "Owner",
    "Parent",
    "Processor",
    "ReceiverQueue",
    "RefusedError",
    "SchemaField",
    "Statistics",
    "Step",
    "Tag",
    "TransformationKind",
    "Transport",
    "check_event",
    "column_lineage",
    "complete",
    "edges",
    "event_id",
    "fail",
    "foreign_edges",
    "identify",
    "run_id",
    "start",
    "walk",
]
