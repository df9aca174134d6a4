"""What a command says beside its answer: nothing, or all that libraries and Lakeward log, for people or as lines of JSON for programs."""

import json
import logging
import sys
import warnings
from datetime import UTC, datetime

# Attributes that every record has; all others are facts of the event.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = "lakeward"


class JsonLines(logging.Formatter):
    """One line of JSON per record: `time, level, logger, event`, then its facts, such as `dataset` and `run_id`."""

    def format(self, record: logging.LogRecord) -> str:
        """See the base class. Of an error the name of its class, since its text could hold a value."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= {name: fact for name, fact in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up_log(*, verbose: bool, as_json: bool = False) -> None:
    """Let records and warnings of this process reach the error stream, or keep them from it: answers and errors are printed anyway.

    Args:
        as_json: As lines of JSON: of Lakeward what it did, of libraries their warnings.
    """
    if as_json:
        _log_json()
        return
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
        return
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _log_json() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(_OURS).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
