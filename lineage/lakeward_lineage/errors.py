"""Errors of lineage: codes and facts with an English text.

This package knows neither the errors nor the languages of its caller, which translates them by `code` and `facts`.
Facts are names, places, counts and states: never data values, so never the text of a statement or the body of a response.
"""

from typing import Final

TEXTS: Final = {
    "time_without_zone": "The time of a {type} event has no time zone; give an aware datetime.",
    "origin_not_an_input": "Column lineage of {output} names {table}, which is not an input of {job}; add it to the step's inputs.",
    "not_one_query": "Column lineage needs exactly one query, found {found}; split the text or remove statements other than SELECT.",
    "not_parsed": "The query does not parse as {dialect} near line {line}, column {column}; correct it there.",
    "not_resolved": "A name in the query does not resolve against the given tables: {reason}; correct the name or give the table.",
    "unknown_table": "The query reads {table}, whose columns are unknown; pass its schema.",
    "unknown_column": "The query reads column {column} of {table}, which does not exist; correct the name or the schema.",
    "not_followed": "Column lineage does not follow {construct}; write it with joins, CTEs, unions or subqueries.",
    "output_twice": "The query has two columns named {column}; rename one with AS.",
    "output_without_name": "An output column of the query ({found}) has no name; give it one with AS.",
    "mixed_names": "Table names of the schema have different numbers of parts ({parts}); name all of them in the same way.",
    "not_an_event": "Expected a lineage event, found {type}; an event has run.runId, eventType and eventTime.",
    "event_not_valid": "The event is not one of OpenLineage: {place} is {found}; expected {expected}.",
    "event_not_json": "The event is not JSON ({reason}).",
    "event_of_project": "The event is of {namespace}, but none of the project's runs sent it; only its own runs write its lineage.",
    "unreadable": "{file} in the outbox is not a lineage event and was moved to `refused/`; create it again from the commit.",
    "refused": "The receiver rejected the event with status {status}; it was moved to `refused/`, see the receiver's log.",
    "not_delivered": "The receiver at {host} did not accept the event ({reason}); it stays in the outbox and will be sent again.",
    "no_answer_yet": "The receiver did not answer within {seconds} s; its events are sent in the background, or later.",
    "queue_not_usable": "The events that wait for the receiver can't be sent ({reason}); check the disk, and the rights to the folder.",
    "bad_receiver": "The receiver's address is not an http(s) URL with a host; correct it.",
    "unknown_start": "There is no lineage of {start}; give a table or TABLE.COLUMN that a step has read or written.",
}


class LineageError(Exception):
    """Lineage could not be derived, stored or sent.

    Args:
        code: Key of `TEXTS`.
        facts: Values named in that text; never data values.
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(TEXTS[code].format(**facts))


class RefusedError(LineageError):
    """The receiver rejected the event permanently; a retry does not help."""
