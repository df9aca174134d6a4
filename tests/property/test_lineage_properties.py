"""Up is the inverse of down; and whatever is killed or down, every event arrives, first arrivals in order."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward_lineage import Direction, Edge, Field, FileTransport, LineageError, Outbox, Step, complete, identify, walk
from support.examples import examples

FIELDS = [Field(table, column) for table in "ABC" for column in ("", "x", "y")]
EDGES = st.lists(st.builds(Edge, st.sampled_from(FIELDS), st.sampled_from(FIELDS), st.just("job")), min_size=1, max_size=12)


@given(EDGES)
def test_up_is_the_inverse_of_down_by_column_or_by_the_whole_table(graph):
    known = {field for edge in graph for field in (edge.source, edge.target) if field.column}
    down = {(field, hop.field) for field in known for hop in walk(graph, str(field), Direction.DOWN)}
    up = {(hop.field, field) for field in known for hop in walk(graph, str(field), Direction.UP)}
    assert {pair for pair in down if pair[1].column} <= up
    # Who decides about a table decides about each of its columns: down this is said once, of the table.
    assert all((start, end) in down or (start, Field(end.table)) in down for start, end in up if start.column)


@given(EDGES, st.randoms())
def test_a_walk_does_not_depend_on_the_order_of_the_edges(graph, random):
    shuffled = random.sample(graph, len(graph))
    start = str(graph[0].source)
    assert walk(graph, start, Direction.DOWN) == walk(shuffled, start, Direction.DOWN)


class Killed(BaseException):
    """Ends a process at once: nothing catches it but the test."""


class Unsteady:
    """A receiver that fails or kills the sender, before or after it has the event, as its script says."""

    def __init__(self, script):
        self.script, self.got = list(script), []

    def send(self, event):
        act = self.script.pop(0) if self.script else "take"
        if act == "kill before":
            raise Killed
        if act == "away":
            raise LineageError("not_delivered", host="here", reason="away")
        self.got.append(identify(event))
        if act == "kill after":
            raise Killed


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.lists(st.sampled_from(["take", "kill before", "kill after", "away"]), max_size=12),
)
@settings(max_examples=examples(60), deadline=None)
def test_every_event_arrives_at_least_once_and_first_in_order(batches, script):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    events = [complete(Step(project="p", job="job", batch=str(batch)), begin + timedelta(seconds=batch)) for batch in batches]
    receiver = Unsteady(script)
    with TemporaryDirectory() as folder:
        for event in events:
            Outbox(Path(folder)).append(event)
        while Outbox(Path(folder)).pending():
            with suppress(Killed, LineageError):
                Outbox(Path(folder)).deliver(receiver)
    assert list(dict.fromkeys(receiver.got)) == list(dict.fromkeys(identify(events[batches.index(b)]) for b in sorted(batches)))


class KilledAfterwards:
    """Writes to a file, and kills the sender after each event that the script marks."""

    def __init__(self, path, kills):
        self.file, self.kills = FileTransport(path), list(kills)

    def send(self, event):
        self.file.send(event)
        if self.kills and self.kills.pop(0):
            raise Killed


@given(st.lists(st.booleans(), max_size=10))
@settings(max_examples=examples(30), deadline=None)
def test_a_file_has_each_event_once_whenever_the_sender_is_killed(kills):
    with TemporaryDirectory() as folder:
        outbox, path = Outbox(Path(folder) / "outbox"), Path(folder) / "events.jsonl"
        for batch in range(4):
            outbox.append(complete(Step(project="p", job="job", batch=str(batch)), datetime(2026, 1, 1, tzinfo=UTC)))
        transport = KilledAfterwards(path, kills)
        while outbox.pending():
            with suppress(Killed):
                outbox.deliver(transport)
        assert len(path.read_text().splitlines()) == 4
