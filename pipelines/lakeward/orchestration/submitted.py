"""The application of spark-submit: one run of one dataset, in the session of spark-submit. Never imports Airflow.

Prints its report as one line of JSON into the task's log; the exit code shows whether a retry can help.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from lakeward.core.errors import ExitCode, LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import SPARK, Settings
from lakeward.flows import RunReport, run_dataset, run_lines, summary_line


def main() -> int:
    """Run the dataset on Spark; a failed rule is reported by its verdict, not by the exit code."""
    parser = argparse.ArgumentParser(prog="spark-submit submitted.py")
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("name", metavar="DATASET")
    arguments = parser.parse_args()
    settings = replace(Settings.load(arguments.project), engine=SPARK)
    try:
        return print_report(run_dataset(settings, arguments.name), settings.lang)
    except LakewardError as error:
        sys.stderr.write(error.render(settings.lang) + "\n")
        return error.exit_code


def print_report(report: RunReport, lang: Lang) -> ExitCode:
    """Print the report. A halted batch and too many rejects are errors: a person must decide, and no retry helps."""
    sys.stdout.write(json.dumps(report.as_dict()) + "\n")
    for line in (summary_line(report, lang), *run_lines(report, lang)):
        sys.stderr.write(line + "\n")
    return ExitCode.REFUSED if report.halted or report.rejected else ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
