"""Creates a dataset from what edges of Sparkplug B send: their metrics with types and units, and values of a bounded time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lakeward.contracts.payload import SPARKPLUG_METRICS
from lakeward.contracts.source import MqttVersion
from lakeward.contracts.sparkplug import ENVELOPE, is_id
from lakeward.core.connections import parse_connection
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.sparkplug.payload import BD_SEQ
from lakeward.core.sparkplug.topics import ANY, NAMESPACE
from lakeward.core.sparkplug.types import SINGLE_TYPES, TYPE_NAMES
from lakeward.flows.authoring.new import SHOWN, DraftedDataset, SeenEdge, new_dataset_folder
from lakeward.flows.authoring.new_broker import read_watch
from lakeward.flows.authoring.new_readings import SeenReadings, draft_readings, series_name, ucum_code
from lakeward.flows.authoring.stored_connections import store_connection
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import open_workspace
from lakeward.profiling.layout_text import yaml_value

if TYPE_CHECKING:
    from lakeward.sources.collectors.sparkplug.look import EdgeLook

SCHEME = "sparkplug"
# Metrics of the protocol itself are no series of a plant.
_CONTROL = ("Node Control/", "Device Control/")


def is_address_of_edges(url: str) -> bool:
    """Whether the address is one of edges: its own scheme, or a topic of Sparkplug B at a broker."""
    scheme, _, rest = url.partition("://")
    return scheme.lower() == SCHEME or rest.partition("/")[2].startswith(f"{NAMESPACE}/")


def draft_from_edges(settings: Settings, name: str, url: str, watch: str, stop: Event, *, ask: bool) -> DraftedDataset:
    """Write `expectations/datasets/<name>/` from what edges send, and the broker's connection into the project's file of connections.

    Args:
        url: `mqtt://user:password@host:port/spBv1.0/GROUP/#`, `…/spBv1.0/GROUP/+/EDGE/#`, or `sparkplug://host/GROUP/EDGE`.
        watch: How long to watch, such as `30s` or `5min`.
        stop: Ends the watch when it is set.
        ask: Whether edges are asked for their births; else nothing is sent to them.

    Raises:
        UsageError: The name is invalid or already used, the address names no edges, or no birth came.
        MachineError: The broker can't be reached, or refuses the connection or the subscription; or the extra is missing.
    """
    workspace = open_workspace(settings)
    new_dataset_folder(workspace, name)
    address, ids = _split_ids(url)
    connection = parse_connection("from", address, "--from", workspace.project.root)
    from lakeward.sources.collectors.sparkplug.look import look_at_edges  # noqa: PLC0415 -- imports an extra
    from lakeward.sources.sparkplug.segments import SCHEMA  # noqa: PLC0415 -- as above

    look = look_at_edges(connection, ids, read_watch(watch), stop, workspace.clock, ask=ask)
    if not look.births:
        facts = {"messages": sum(look.counts.values()), "seconds": round(look.seconds), "hosts": _hosts(look) or "-"}
        raise UsageError("new_edges_silent", **facts)
    stored = store_connection(workspace, address, "broker")
    edges = tuple(_edges(look))
    seen = SeenReadings(
        rows=look.rows,
        schema=SCHEMA,
        envelope=ENVELOPE,
        what=f"{len(edges):,} edges and devices of Sparkplug B, watched for {look.seconds:.0f} s",
        source=tuple(_source(look, name, stored, ids)),
        series=list(_series(look)),
        payload=SPARKPLUG_METRICS,
    )
    folder, _ = draft_readings(workspace, name, seen, {})
    return DraftedDataset(folder=folder, notes=tuple(_notes(look, stored)), edges=edges)


def _split_ids(url: str) -> tuple[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The URL of the connection, and the groups and edges that its path names; `#` in it is no mark of a URL."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    path, mark, query = path.partition("?")
    levels = [unquote(level) for level in path.removeprefix(f"{NAMESPACE}/").split("/") if level and level != "#"]
    if scheme.lower() != SCHEME and len(levels) > 1:  # between group and edge a topic has its kind
        del levels[1]
    ids = [() if level == ANY else (level,) for level in levels]
    if len(ids) > 2 or not all(is_id(text) for one in ids for text in one):
        host = urlsplit(f"{scheme}://{authority}").hostname or "-"
        raise UsageError("new_without_edges", address=host)
    groups, edges = (*ids, (), ())[:2]
    address = f"{'mqtt' if scheme.lower() == SCHEME else scheme}://{authority}{mark}{query}"
    return address, (groups, edges)


def _source(look: "EdgeLook", name: str, connection: str, ids: tuple[Sequence[str], Sequence[str]]) -> Iterator[str]:
    rate = sum(look.counts.values()) / max(look.seconds, 1)
    yield "kind: sparkplug"
    yield f"connection: {connection}      # its URL is in .lakeward/connections.yaml, which only you can read"
    for key, values in zip(("groups", "edges"), ids, strict=True):
        if values:
            yield f"{key}: [{', '.join(map(yaml_value, values))}]"
    yield f"hostId: lakeward-{name}      # CHECK {len(look.counts):,} edges and devices sent {rate:,.1f} messages a second; those that wait for a host need its id"
    if look.version is not MqttVersion.V5:
        yield f"protocolVersion: {yaml_value(look.version)}      # the broker refuses version 5"


def _edges(look: "EdgeLook") -> Iterator[SeenEdge]:
    for sender in sorted({*look.counts, *look.births}):
        born = look.births.get(sender)
        count = look.counts.get(sender, 0)
        types = {TYPE_NAMES.get(one.datatype, "Unknown") for one in born or ()}
        yield SeenEdge(
            group=sender[0],
            edge=sender[1],
            device=sender[2],
            metrics=None if born is None else len(born),
            types=tuple(sorted(types)),
            units=tuple(sorted({one.unit for one in born or () if one.unit})),
            messages=count,
            rate=round(count / max(look.seconds, 1), 2),
        )


def _series(look: "EdgeLook") -> Iterator[dict[str, str]]:
    """A line per metric that is a reading; of those that would have one name, each keeps its address."""
    found = {
        "/".join((*sender, metric.name)): (series_name([level for level in (*sender, *metric.name.split("/")) if level]), metric)
        for sender, metrics in look.births.items()
        for metric in metrics
        if metric.datatype in SINGLE_TYPES and metric.name != BD_SEQ and not metric.name.startswith(_CONTROL)
    }
    counts = Counter(series for series, _ in found.values())
    for address, (series, metric) in found.items():
        yield {
            "address": address,
            "series": series if counts[series] == 1 else address,
            "unit": ucum_code(metric.unit),
            "type": SINGLE_TYPES[metric.datatype],
        }


def _hosts(look: "EdgeLook") -> str:
    return ", ".join(f"{host} ({'online' if online else 'offline'})" for host, online in sorted(look.hosts.items())[:SHOWN])


def _notes(look: "EdgeLook", connection: str) -> Iterator[Notice]:
    yield Notice("new_connection_stored", {"connection": connection})
    edges = {sender[:2] for sender in look.counts}
    metrics = sum(len(one) for one in look.births.values())
    rate = f"{sum(look.counts.values()) / max(look.seconds, 1):.1f}"
    yield Notice(
        "new_edges_seen",
        {"edges": len(edges), "devices": sum(1 for sender in look.counts if sender[2]), "metrics": metrics, "rate": rate},
    )
    unborn = sorted({"/".join(filter(None, sender)) for sender in look.counts if sender not in look.births})
    if unborn:
        yield Notice("new_edges_unborn", {"count": len(unborn), "edges": ", ".join(unborn[:SHOWN])})
    if look.waiting:
        yield Notice("new_edges_waiting", {"edges": ", ".join(look.waiting[:SHOWN])})
    if look.hosts:
        yield Notice("new_edges_hosts", {"hosts": _hosts(look)})
    found = [metric for metrics in look.births.values() for metric in metrics]
    others = {TYPE_NAMES.get(one.datatype, "Unknown") for one in found if one.datatype not in SINGLE_TYPES}
    if others:
        yield Notice("new_edges_types", {"types": ", ".join(sorted(others))})
    unknown = {one.unit for one in found if one.unit and not ucum_code(one.unit)}
    if unknown:
        yield Notice("new_units_unknown", {"units": ", ".join(sorted(unknown)[:SHOWN])})
