"""Writes one plant-day into the drop folders. The only module of the simulator that touches the disk."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath

from lakeward.simulator import equipment, feed, orders, truth
from lakeward.simulator.feed import Feed
from lakeward.simulator.message_defects import MESSAGE_DEFECTS
from lakeward.simulator.physics import simulate
from lakeward.simulator.randomness import seeded_random
from lakeward.simulator.signal_defects import SIGNAL_DEFECTS, Mark
from lakeward.simulator.truth import InjectedDefect, Truth

INBOX = PurePosixPath("inbox")
TRUTH = PurePosixPath("truth/injected.csv")
# A column only of the gateways' replay file, which is in no contract.
EXTRA_COLUMN, EXTRA_VALUE = "gateway", "gw-02"

# Path, content and encoding of one file.
Written = tuple[PurePosixPath, str, str]


def write_plant_day(root: Path, *, seed: int, day: date) -> Truth:
    """Write the files of `day` below `root/inbox`, and their defects to `root/truth/injected.csv`.

    The same seed and day give the same bytes and names; an equal existing file is not rewritten.
    """
    faulty, injected = _telemetry(seed, day)
    exported, corrections, order_faults = orders.export(day, seeded_random(seed, day, "orders"))
    files = [
        *_telemetry_files(faulty, day),
        _file(f"maintenance_orders/orders_{day}.csv", orders.HEADER, exported, orders.ENCODING),
        _file(f"maintenance_orders/orders_{day}_corrections.csv", orders.HEADER, corrections, orders.ENCODING),
        _file("equipment/equipment.csv", equipment.HEADER, equipment.lines(), equipment.ENCODING),
    ]
    everything = (*injected, *order_faults)
    for path, content, encoding in (*files, (TRUTH, truth.as_csv(everything), "utf-8")):
        _write(root / path, content.encode(encoding))
    return Truth(everything, tuple((path, content.count("\n") - 1) for path, content, _ in files))


def _telemetry(seed: int, day: date) -> tuple[Feed, list[InjectedDefect]]:
    signals = simulate(seed, day)
    marks: list[Mark] = []
    for spoil in SIGNAL_DEFECTS:
        marks += spoil(signals, seeded_random(seed, day, spoil.__name__))
    messages = Feed.of(day, signals)
    for disturb in MESSAGE_DEFECTS:
        marks += disturb(messages, seeded_random(seed, day, disturb.__name__))
    injected = [messages.make_injected(*mark) for mark in marks]
    replay = range(len(messages.stamps))
    return messages, [*injected, messages.make_injected(_replay_name(day), replay, "extra_column", EXTRA_COLUMN)]


def _telemetry_files(messages: Feed, day: date) -> Iterator[Written]:
    for hour, lines in enumerate(messages.hours()):
        yield _file(f"plant_telemetry/{day}T{hour:02d}.csv", feed.HEADER, lines)
    replayed = [f"{line},{EXTRA_VALUE}" for line in messages.replayed]
    yield _file(f"plant_telemetry/{_replay_name(day)}", f"{feed.HEADER},{EXTRA_COLUMN}", replayed)


def _replay_name(day: date) -> str:
    # Sorts behind the hours of its day.
    return f"{day}T24_replay.csv"


def _file(name: str, header: str, lines: list[str], encoding: str = "utf-8") -> Written:
    return INBOX / name, "\n".join((header, *lines)) + "\n", encoding


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renamed into place, so that readers of the folder never see a partial file.
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
