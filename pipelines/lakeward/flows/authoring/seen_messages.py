"""Messages that a look has kept: their forms, and a segment of them that the product's own decoder reads."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.contracts.series_file import SERIES_FILE
from lakeward.core.errors import UsageError
from lakeward.profiling import DECODED, PayloadForm, SampledMessage, form_of
from lakeward.sources.segments import SegmentSource, SegmentStore, SegmentWriter, message_schema
from lakeward.sources.segments.writer import MESSAGE_SCHEMA

# Seconds by which times of source and receipt may differ without a word.
CLOCKS_AGREE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageForms:
    """The messages of a look by their form.

    Args:
        chosen: The form of most messages that a contract can name.
        by_topic: Topic -> form -> kept messages.
    """

    chosen: PayloadForm
    counts: Mapping[PayloadForm, int]
    by_topic: Mapping[str, Counter[PayloadForm]]

    @property
    def evidence(self) -> str:
        """How many messages have the form."""
        total = sum(self.counts.values())
        return f"{self.counts[self.chosen]:,} of {total:,} messages that were looked at have this form"


def sampled_message(row: tuple[object, ...]) -> SampledMessage:
    """The message in a row of a segment."""
    topic, payload = row[0], row[1]
    assert isinstance(topic, str)
    assert isinstance(payload, bytes)
    return SampledMessage(topic, payload)


def forms_of(messages: Sequence[tuple[object, ...]]) -> MessageForms:
    """The messages by their form.

    Raises:
        UsageError: None of them can be decoded.
    """
    by_topic: dict[str, Counter[PayloadForm]] = {}
    for message in map(sampled_message, messages):
        by_topic.setdefault(message.topic, Counter())[form_of(message)] += 1
    counts = sum(by_topic.values(), Counter())
    chosen = max(DECODED, key=lambda form: counts[form])
    if not counts[chosen]:
        raise UsageError("new_payload_unreadable", found=listed_forms(counts))
    return MessageForms(chosen=chosen, counts=counts, by_topic=by_topic)


def listed_forms(counts: Mapping[PayloadForm, int]) -> str:
    """The forms with their numbers of messages, as text."""
    return ", ".join(f"{form}: {count:,}" for form, count in counts.items())


def land_sample(scratch: Path, messages: Sequence[tuple[object, ...]], columns: Mapping[str, str] = MESSAGE_SCHEMA) -> BatchInput:
    """The messages as one segment, which the product's decoder reads.

    Args:
        columns: Columns of the rows, by name.
    """
    writer = SegmentWriter.open(SegmentStore.of_dataset(scratch, "look"), SegmentBounds(), message_schema(columns))
    for row in messages:
        writer.add(row, 0, 0.0)
    writer.land()
    writer.close()
    [landed] = SegmentSource(dataset="look", landing=scratch, format=FileFormat.MESSAGES).inputs(0, 1)
    return landed


def series_lines(addresses: int) -> Iterator[str]:
    """Lines of the contract that name the mapping."""
    if addresses:
        yield f"# CHECK {SERIES_FILE}: {addresses:,} addresses; series by the levels of the topic, units by the last level's name or the message,"
        yield "# interval by the longest step of at least ten readings. A new address is its own series until it has a line."


def clock_lines(offset: float | None) -> Iterator[str]:
    """Lines of the contract that name times which are far from their receipt."""
    if offset is not None and abs(offset) > CLOCKS_AGREE:
        yield f"# CHECK timezone: with it, times are {offset:,.0f} s behind their receipt (median; negative: ahead of it)"


def key_evidence(form: PayloadForm) -> str:
    """What speaks for series and time as key."""
    if form is PayloadForm.VALUE:
        return "the time is that of receipt, so that a message which is sent again has another"
    return "no two readings of the look have the same and other values; what is sent again becomes a duplicate"


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Make the folder with these files."""
    folder.mkdir(parents=True)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
