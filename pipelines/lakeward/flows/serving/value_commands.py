"""The commands that read stored values: in which role, with which entry in the access log, and how values are protected."""

from dataclasses import dataclass

# Texts of several rows.
_ROLE = "`--as`, else the token's only role, else `default_role`"
_IN_CLEAR = "Columns that the role does not see in clear can't be compared: refused."


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCommand:
    """One command, or one option of a command.

    Args:
        command: Words of the command line, or the call in Python.
        reads: What it reads of the lake.
        role: How it gets its role.
        entry: Which calls are in `governance.access_log`.
        mask: How values are protected.
    """

    command: str
    reads: str
    role: str
    entry: str
    mask: str


VALUE_COMMANDS = (
    ValueCommand(
        command="query",
        reads="Rows of the served tables.",
        role=_ROLE,
        entry="Each statement, also a refused one.",
        mask="The policy's action on each column; temporary files are encrypted or not written.",
    ),
    ValueCommand(
        command="lakeward.connect",
        reads="As `query`; in notebooks and programs.",
        role="`role=`, else as `query`",
        entry="Each statement, also a refused one, and each fetch of its rows.",
        mask="As `query`.",
    ),
    ValueCommand(
        command="serve",
        reads="As `query`; for clients on other machines.",
        role="the header `lakeward-role`, else the token's only role, else `default_role`",
        entry="Each statement, also a refused one; of an answer of several batches one before its first row and one after its last.",
        mask="As `query`.",
    ),
    ValueCommand(
        command="check TABLE",
        reads="Rows of a table of the lake, by a suite of the caller.",
        role=_ROLE,
        entry="Each call, `--explain` too.",
        mask="No value is shown. Columns not in clear are judged only by rules of the dataset's own suite and by rules without a value; "
        "their small counts and row places are hidden.",
    ),
    ValueCommand(
        command="explain",
        reads="Whether there are rows with the given values, and where they come from.",
        role=_ROLE,
        entry="Each call.",
        mask=_IN_CLEAR,
    ),
    ValueCommand(
        command="suggest",
        reads="Rows of a published table, to learn rules, and keys of other tables that it may refer to; `--accept` too.",
        role=_ROLE,
        entry="Each call.",
        mask="No rule holds values of a column that is not in clear.",
    ),
    ValueCommand(
        command="anonymity",
        reads="How many persons of a table share the values of some columns.",
        role=_ROLE,
        entry="Each call.",
        mask=_IN_CLEAR,
    ),
    ValueCommand(
        command="export",
        reads="Rows of a served table, which leave as a copy for a recipient.",
        role="`--as`, else as `query`; and the recipient's, `--recipient-role`",
        entry="Each call, before the copy leaves, with the id of the export.",
        mask="Of each column the stricter of what the policy shows the exporter and the recipient; values with a stated accuracy deviate within it.",
    ),
    ValueCommand(
        command="trace",
        reads="How the values of a file deviate from those of exported tables.",
        role=_ROLE,
        entry="Each call.",
        mask="No value is shown. Columns that the role does not see in clear are not compared: refused.",
    ),
    ValueCommand(
        command="cube release",
        reads="Rows of a table, of which it makes groups.",
        role="none",
        entry="none",
        mask="No value is shown; only groups of at least k units can be read, by the policy.",
    ),
    ValueCommand(
        command="flows.decrypt_values",
        reads="The texts of encrypted values that the caller holds.",
        role="`role=`, else as `query`",
        entry="Each call.",
        mask="Only of a column that the role sees in clear.",
    ),
    ValueCommand(
        command="quarantine show --values",
        reads="Received values of rows in quarantine.",
        role="`--role`, else the token's only role, else `default_role`",
        entry="Each call.",
        mask="The policy's action on each column; of a masked column that is no text nothing is shown.",
    ),
    ValueCommand(
        command="portal",
        reads="In its quarantine desk, as `quarantine show --values`, and as the commands below for repairs, replays, releases and expiries.",
        role="steward, of the account that is logged in",
        entry="Each sight of values, and each try of a repair.",
        mask="As these commands.",
    ),
    ValueCommand(
        command="quarantine repair --dry-run",
        reads="Received values of rows in quarantine, before and after a repair that changes nothing.",
        role="`--role`, else the token's only role, else `default_role`",
        entry="Each call.",
        mask="Columns that the role does not see in clear can be neither compared nor written: refused; rules that compare with a hidden column are left out.",
    ),
    ValueCommand(
        command="quarantine --where, --set, --value",
        reads="Which open rows of `repair`, `replay`, `release` and `expire` meet a condition; what an expression makes of them.",
        role="`--role`, else as `query`; needed where a graded column is read or written",
        entry="Each call that reads or writes a graded column.",
        mask="Columns that the role does not see in clear can be neither compared nor written: refused.",
    ),
    ValueCommand(
        command="quarantine show",
        reads="Places, reasons and states of rows in quarantine.",
        role="none",
        entry="none",
        mask="No value is shown. Repairs in the history are shown without their literals.",
    ),
    ValueCommand(
        command="verdicts",
        reads="Counts and aggregates that judging stored.",
        role="none",
        entry="none",
        mask="No value of a row is stored.",
    ),
    ValueCommand(
        command="score --open",
        reads="Counts that judging stored, and the queries behind them.",
        role="none",
        entry="none",
        mask="No value of a row is stored.",
    ),
    ValueCommand(
        command="scorecard",
        reads="Counts in governance tables.",
        role="none",
        entry="none",
        mask="No value of a row is stored.",
    ),
    ValueCommand(
        command="grade",
        reads="Shares of values that detectors match.",
        role="none",
        entry="none",
        mask="No value is shown.",
    ),
    ValueCommand(
        command="new, check FILE",
        reads="Files that the caller holds; files of a lake are refused.",
        role="none",
        entry="none",
        mask="None: the caller has the values.",
    ),
)
