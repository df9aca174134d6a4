"""The page of capacity: what machines hold, computed from the unit costs that `tests/bench/capacity.py` measured."""

import json
from collections.abc import Mapping
from pathlib import Path

from generate.markdown import page, table

DATA = Path(__file__).with_name("capacity.json")
# Share of the cores at work; the rest is for readers, peaks and the system.
SHARE = 0.5
DAY, WEEK_OF_HOURS, YEAR_OF_HOURS = 86_400, 168, 8_760
# Cores and GiB.
MACHINES = ((2, 8), (8, 32), (32, 128))
# Seconds that Airflow gives the parse of a DAG file, and what of it is planned with.
PARSE_SECONDS, PARSE_SHARE = 30, 0.5
# A batch that costs a quarter more is time to compact.
WORSE = 0.25
INTRODUCTION = """\
What a machine holds, where the first limit is, when to compact, when a cluster pays, and how many gateways serve readers. Every figure is computed
from unit costs that a program measured ({on}; {cores} cores, {memory_gib} GiB, Python {python}, DuckDB {duckdb}, deltalake {deltalake}): processor
time, memory, bytes and requests, not wall time. The load average was {load}: on an idle machine the same work takes less time of the processor. Your rules and columns cost other amounts: `lakeward cost` counts those of your own batches, and
`tests/bench/capacity.py` measures a machine."""
# Name of the measure -> what it is, its unit, and how many of the unit are one of the measured ones.
COSTS: Mapping[str, tuple[str, str, float]] = {
    "parquet_cpu_per_million_rows": ("A million rows of Parquet, 6 columns, 20 rules", "s of a core", 1),
    "csv_cpu_per_million_rows": ("The same as CSV", "s of a core", 1),
    "parquet_mib": ("Memory of a batch of 10 million rows of Parquet", "MiB", 1),
    "csv_mib": ("Memory of a batch of 3 million rows of CSV", "MiB", 1),
    "parquet_bytes_per_row": ("Stored per row of Parquet, in landing, bronze and silver", "B", 1),
    "csv_bytes_per_row": ("The same per row of CSV", "B", 1),
    "batch_cpu": ("A batch of 1,000 rows in a command of its own", "s of a core", 1),
    "shared_batch_cpu": ("A batch of 200 rows among others in one `lakeward run`", "s of a core", 1),
    "batch_files": ("Files of a batch", "files", 1),
    "batch_governance_bytes": ("Records of a batch: verdicts, scores, edges, costs, the run", "kB", 1e-3),
    "batch_log_bytes": ("Logs of tables, per batch", "kB", 1e-3),
    "batch_lineage_bytes": ("Lineage events, per batch", "kB", 1e-3),
    "maintained_governance_bytes": ("Records of a batch after `lakeward maintain`, older versions included", "kB", 1e-3),
    "batch_requests": ("Requests of a batch to an object store", "requests", 1),
    "idle_requests": ("Requests of a run that finds nothing new", "requests", 1),
    "idle_run_cpu_per_dataset": ("A dataset in an idle `lakeward run`", "ms of a core", 1e3),
    "idle_run_mib_per_dataset": ("Memory of a dataset in an idle `lakeward run`", "KiB", 1024),
    "status_cpu_per_dataset": ("A dataset in `lakeward status`", "ms of a core", 1e3),
    "status_mib_per_dataset": ("Memory of a dataset in `lakeward status`", "KiB", 1024),
    "dag_parse_cpu_per_dataset": ("A dataset in a parse by Airflow", "ms of a core", 1e3),
    "dag_parse_mib_per_dataset": ("Memory of a dataset in a parse by Airflow", "KiB", 1024),
    "query_cpu": ("A small masked query through the server", "ms of a core", 1e3),
    "gateway_mib": ("A gateway", "MiB", 1),
    "worker_mib": ("Its worker, one per set of answers at work", "MiB", 1),
}


def capacity() -> str:
    """The page, in Markdown."""
    stored = json.loads(DATA.read_text(encoding="utf-8"))
    costs, measured = stored["costs"], stored["measured"]
    facts = {**measured, **measured["libraries"]}
    return page(
        "Capacity",
        "`docs/generate/capacity.json`, which `tests/bench/capacity.py` writes",
        INTRODUCTION.format(**facts),
        "## Unit costs",
        table(
            ("what", "cost", "of"), [(what, number(costs[name] * factor), unit) for name, (what, unit, factor) in COSTS.items()]
        ),
        "## What one machine holds",
        f"With {SHARE:.0%} of its cores at work all day. A batch costs more for each one since its tables were compacted: the lines of datasets say for which state "
        "they hold.",
        machines(costs),
        "## The first limits",
        limits(costs),
        "## When to compact",
        compaction(costs),
        "## When Spark",
        spark(costs),
        "## How many gateways",
        gateways(costs),
    )


def number(value: float) -> str:
    """Two digits that count, and thousands apart."""
    if value >= 100:
        digits = len(str(int(value))) - 2
        return f"{round(value / 10**digits) * 10**digits:,}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def machines(costs: Mapping[str, float]) -> str:
    """A column per machine."""
    head = ("", *(f"{cores} cores, {memory} GiB" for cores, memory in MACHINES))
    seconds = [cores * DAY * SHARE for cores, _ in MACHINES]
    week = WEEK_OF_HOURS * costs["batch_cpu_growth"]
    alone, shared = costs["batch_cpu"], costs["shared_batch_cpu"]
    each, together = (
        "Datasets with a batch an hour, a command each, as tasks of Airflow",
        "Datasets with a batch an hour in one `lakeward run`",
    )
    # Seconds of a core that one of them takes in a day.
    per_day = {
        "Billion rows a day, Parquet": costs["parquet_cpu_per_million_rows"] * 1e3,
        "Billion rows a day, CSV": costs["csv_cpu_per_million_rows"] * 1e3,
        f"{each}: tables just compacted": alone * 24,
        f"{each}: after a week without `lakeward maintain`": (alone + week) * 24,
        f"{together}: tables just compacted": shared * 24,
        f"{together}: after a week without `lakeward maintain`": (shared + week) * 24,
        "Small queries a second through a gateway": costs["query_cpu"] * DAY,
    }
    return table(head, [(what, *(number(all_day / one) for all_day in seconds)) for what, one in per_day.items()])


def limits(costs: Mapping[str, float]) -> str:
    """What an estate reaches first."""
    minute = (60 * SHARE - costs["idle_run_cpu_base"]) / costs["idle_run_cpu_per_dataset"]
    parse = (PARSE_SECONDS * PARSE_SHARE - costs["dag_parse_cpu_base"]) / costs["dag_parse_cpu_per_dataset"]
    memory = costs["idle_run_mib_base"] + 10_000 * costs["idle_run_mib_per_dataset"]
    status = costs["status_cpu_base"] + 10_000 * costs["status_cpu_per_dataset"]
    gib = YEAR_OF_HOURS * (costs["batch_governance_bytes"] + costs["batch_log_bytes"] + costs["batch_lineage_bytes"]) / 2**30
    return "\n".join(
        (
            f"- **Airflow parses one file** in {PARSE_SECONDS} s by default (`dagbag_import_timeout`): at half of it {number(parse)} datasets of a project. More want a longer time-out, or projects of their own.",
            f"- **An idle `lakeward run` every minute** looks at {number(minute)} datasets with half of a core; its memory is {number(memory)} MiB for 10,000.",
            f"- **`lakeward status`** of 10,000 datasets takes {number(status)} s of a core.",
            f"- **Records and logs** of one dataset with a batch an hour grow by {number(gib)} GiB a year if nothing is compacted, whatever the size of its batches.",
            f"- **An object store** gets {number(30 * 24 * costs['batch_requests'])} requests a month from a dataset with a batch an hour, and {number(30 * 1440 * costs['idle_requests'])} from a run each minute that finds nothing.",
        )
    )


def compaction(costs: Mapping[str, float]) -> str:
    """After how many batches."""
    growth, batch, shared = costs["batch_cpu_growth"], costs["batch_cpu"], costs["shared_batch_cpu"]
    week = WEEK_OF_HOURS * growth
    return (
        f"Each batch leaves {number(costs['batch_files'])} files. A batch costs {number(1e3 * growth)} ms more for each one before it that is not compacted: "
        f"after {number(WORSE * batch / growth)} batches one in a command of its own costs a quarter more, and after {number(WORSE * shared / growth)} one among others in "
        f"one `lakeward run`. `lakeward maintain` once a week, as its DAG does, lets a dataset with a batch an hour cost {number(100 * week / batch)} % more at the week's end "
        f"in a command each, and {number(100 * week / shared)} % more in one run. Run it every {number(WORSE * batch / growth / 24)} days where that is too much, and daily "
        f"for many datasets in one run ({number(100 * 24 * growth / shared)} % more at the day's end) and where "
        "batches come every few minutes. Readers gain first: they open all files."
    )


def spark(costs: Mapping[str, float]) -> str:
    """From which amount."""
    cores = MACHINES[-1][0]
    day = cores * DAY * SHARE / costs["parquet_cpu_per_million_rows"] / 1e3
    return (
        f"Not for rows below {number(day)} billion a day, which the largest machine above takes in, nor for many small datasets, whose batches cost a start each. "
        f"Nor for large batches alone: one of 10 million rows took {number(costs['parquet_mib'])} MiB, and DuckDB moves to disk what `LAKEWARD_MEMORY` does not hold. "
        "A cluster pays where all rows must be rebuilt sooner than one machine's cores allow, or where the lake is too large for one machine's disk and network; "
        "[run on Spark](../how-to/run-on-spark.md) has the rates that were measured."
    )


def gateways(costs: Mapping[str, float]) -> str:
    """For how many readers."""
    cores = MACHINES[0][0]
    readers = cores * SHARE * 10 / costs["query_cpu"]
    return (
        f"A gateway with its worker on {cores} cores answers {number(cores * SHARE / costs['query_cpu'])} small queries a second at half of its cores: {number(readers)} "
        f"people who ask one every ten seconds. It needs {number(costs['gateway_mib'])} MiB, and {number(costs['worker_mib'])} MiB for each set of answers (role, purpose and "
        "consumer) at work, before their own queries. Gateways hold no state: put a second one on another machine when that is not enough, or for the time that one is restarted."
    )
