"""An event is kept once, sent in order, and leaves only when a receiver has it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lakeward_lineage import LineageError, Outbox, RefusedError, complete, identify, start


class Receiver:
    """Takes everything, but for what it is told to refuse or miss."""

    def __init__(self, *, down=False, refuses=()):
        self.down, self.refuses, self.got = down, refuses, []

    def send(self, event):
        if self.down:
            raise LineageError("not_delivered", host="here", reason="down")
        if event["job"]["name"] in self.refuses:
            raise RefusedError("refused", status=422)
        self.got.append(event)


@pytest.fixture
def outbox(tmp_path):
    return Outbox(tmp_path / "outbox")


def test_an_empty_outbox_delivers_nothing_and_needs_no_folder(outbox):
    receiver = Receiver()
    assert outbox.deliver(receiver).sent == 0
    assert list(outbox.events()) == []


def test_events_arrive_unchanged_in_the_order_of_their_times(outbox, step, at):
    later = complete(replace(step, job="b"), at + timedelta(microseconds=1))
    earlier = complete(replace(step, job="a"), at)
    outbox.append(later)
    outbox.append(earlier)
    receiver = Receiver()
    assert outbox.deliver(receiver).sent == 2
    assert receiver.got == [earlier, later]


def test_a_start_goes_before_the_end_of_the_same_instant(outbox, step, at):
    outbox.append(complete(step, at))
    outbox.append(start(step, at))
    receiver = Receiver()
    outbox.deliver(receiver)
    assert [event["eventType"] for event in receiver.got] == ["START", "COMPLETE"]


def test_an_event_of_the_same_id_is_kept_once(outbox, step, at):
    assert outbox.append(complete(step, at)) is True
    assert outbox.append(complete(step, at + timedelta(hours=1))) is False
    assert len(outbox.pending()) == 1


def test_an_event_that_was_sent_is_not_kept_again(outbox, step, at):
    outbox.append(complete(step, at))
    outbox.deliver(Receiver())
    assert outbox.append(complete(step, at + timedelta(hours=1))) is False
    assert outbox.pending() == ()


def test_a_receiver_that_is_down_leaves_everything_waiting(outbox, step, at):
    outbox.append(complete(step, at))
    with pytest.raises(LineageError):
        outbox.deliver(Receiver(down=True))
    assert len(outbox.pending()) == 1


def test_a_refused_event_is_set_aside_and_the_rest_goes_on(outbox, step, at):
    for job in ("a", "bad", "c"):
        outbox.append(complete(replace(step, job=job), at))
    receiver = Receiver(refuses=("bad",))
    delivery = outbox.deliver(receiver)
    assert (delivery.sent, delivery.refused) == (2, 1)
    assert outbox.append(complete(replace(step, job="bad"), at)) is False


def test_a_file_that_is_no_event_does_not_stop_the_rest(outbox, step, at, tmp_path):
    outbox.append(complete(step, at))
    (tmp_path / "outbox" / "20000101T000000000000Z.0-x.json").write_bytes(b'{"torn')
    delivery = outbox.deliver(Receiver())
    assert (delivery.sent, delivery.refused) == (1, 1)


def test_what_a_killed_writer_left_half_done_is_never_sent(outbox, step, at, tmp_path):
    outbox.append(complete(step, at))
    (tmp_path / "outbox" / ".half.tmp").write_bytes(b'{"half')
    assert outbox.deliver(Receiver()).sent == 1


def test_all_events_can_be_read_back_wherever_they_are(outbox, step, at):
    waiting, sent, refused = (complete(replace(step, job=job), at) for job in ("waiting", "sent", "bad"))
    outbox.append(sent)
    outbox.append(refused)
    outbox.deliver(Receiver(refuses=("bad",)))
    outbox.append(waiting)
    assert sorted(map(identify, outbox.events())) == sorted(map(identify, (waiting, sent, refused)))


def test_what_is_no_event_is_not_kept(outbox):
    for thing in ({}, {"run": {"runId": "x"}, "eventType": "START", "eventTime": "2026-01-01T00:00:00Z"}):
        with pytest.raises(LineageError):
            outbox.append(thing)


def test_a_second_outbox_may_deliver_beside_the_first(outbox, step, at, tmp_path):
    for job in ("a", "b"):
        outbox.append(complete(replace(step, job=job), at))

    class Nested(Receiver):
        def send(self, event):
            super().send(event)
            if len(self.got) == 1:
                Outbox(tmp_path / "outbox").deliver(self)

    receiver = Nested()
    outbox.deliver(receiver)
    assert {identify(event) for event in receiver.got} == {identify(event) for event in outbox.events()}
    assert outbox.pending() == ()
