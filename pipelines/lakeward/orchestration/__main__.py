"""Runs the DAGs of a project in a separate process: `python -m lakeward.orchestration --project DIR [DATASET …]`.

Airflow takes over signals, logging and the environment, so it needs a separate process. One JSON object per DAG run
is printed as soon as it ends; failures are printed on the error stream.
"""

import argparse
import json
import sys
from pathlib import Path

from lakeward.core.errors import ExitCode, LakewardError
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings
from lakeward.orchestration.local import LocalRun, run_local


def main() -> int:
    """Run the DAGs of the named datasets, or all DAGs; the exit code is that of the worst run."""
    parser = argparse.ArgumentParser(prog="python -m lakeward.orchestration")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--lang", type=Lang, default=Lang.EN)
    parser.add_argument("names", nargs="*", metavar="DATASET")
    arguments = parser.parse_args()
    try:
        settings = Settings.load(arguments.project, arguments.lang)
        runs = run_local(settings, arguments.names, lambda run: print_run(run, arguments.lang))
    except LakewardError as error:
        sys.stderr.write(error.render(arguments.lang) + "\n")
        return error.exit_code
    return max((exit_code(run) for run in runs), default=ExitCode.DONE)


def print_run(run: LocalRun, lang: Lang) -> None:
    """One line of JSON: `dag, dataset, state, seconds`, and after a success `run_id, batches`."""
    payload = {"dag": run.dag_id, "dataset": run.dataset, "state": run.state, "seconds": round(run.seconds, 1), **run.ids}
    sys.stdout.write(json.dumps(payload) + "\n")
    sys.stdout.flush()
    if run.state != "success":
        sys.stderr.write(f"{run.dag_id}: {failure_text(run, lang)}\n")


def failure_text(run: LocalRun, lang: Lang) -> str:
    """Why the run failed. The text of a foreign error can contain data values, so only its type is shown."""
    if isinstance(run.error, LakewardError):
        return run.error.render(lang)
    facts = {"dataset": run.dataset, "error": type(run.error).__name__}
    return f"{text('task_broke', lang, **facts)}\n{text('task_broke.next', lang, **facts)}"


def exit_code(run: LocalRun) -> ExitCode:
    """DONE after a success, else the exit code of the error."""
    if run.state == "success":
        return ExitCode.DONE
    return run.error.exit_code if isinstance(run.error, LakewardError) else ExitCode.JUDGED_FAILED


if __name__ == "__main__":
    raise SystemExit(main())
