"""Topics of Sparkplug B (specification 3.0.0, chapter 4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NAMESPACE = "spBv1.0"
NODE_BIRTH, NODE_DATA, NODE_DEATH = "NBIRTH", "NDATA", "NDEATH"
DEVICE_BIRTH, DEVICE_DATA, DEVICE_DEATH = "DBIRTH", "DDATA", "DDEATH"
# What edges send: of themselves, and of the devices behind them.
NODE_KINDS = (NODE_BIRTH, NODE_DATA, NODE_DEATH)
DEVICE_KINDS = (DEVICE_BIRTH, DEVICE_DATA, DEVICE_DEATH)
# What a host sends.
NODE_COMMAND = "NCMD"
# All groups or edges, as a topic filter has it.
ANY = "+"


@dataclass(frozen=True, slots=True)
class EdgeTopic:
    """The topic of a message of an edge.

    Args:
        kind: One of `NODE_KINDS` and `DEVICE_KINDS`.
        device: The device behind the edge; empty: the edge itself.
    """

    kind: str
    group: str
    edge: str
    device: str


def parse_topic(topic: str) -> EdgeTopic | None:
    """The parts of a topic; None for one that no edge sends to."""
    namespace, *parts = topic.split("/")
    if namespace != NAMESPACE or not all(parts):
        return None
    match parts:
        case [group, kind, edge] if kind in NODE_KINDS:
            return EdgeTopic(kind, group, edge, "")
        case [group, kind, edge, device] if kind in DEVICE_KINDS:
            return EdgeTopic(kind, group, edge, device)
        case _:
            return None


def edge_filters(groups: Sequence[str], edges: Sequence[str]) -> Iterator[str]:
    """Topic filters of all that these edges send; without groups or edges of all. Commands and states of hosts are none of it."""
    for group in groups or (ANY,):
        for edge in edges or (ANY,):
            for kind in NODE_KINDS:
                yield f"{NAMESPACE}/{group}/{kind}/{edge}"
            for kind in DEVICE_KINDS:
                yield f"{NAMESPACE}/{group}/{kind}/{edge}/{ANY}"


def command_topic(group: str, edge: str) -> str:
    """Topic of commands to an edge."""
    return f"{NAMESPACE}/{group}/{NODE_COMMAND}/{edge}"


def state_topic(host: str) -> str:
    """Topic of a host's own state."""
    return f"{NAMESPACE}/STATE/{host}"
