"""Airflow as it is installed where this runs: the settings that Lakeward wants of it, and whether it has them and lives.

`python -m lakeward.orchestration.installation --project DIR [--check]` prints one JSON list.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from lakeward.contracts.project import find_project, load_project
from lakeward.core.errors import ExitCode, LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.orchestration.installation_checks import check_installation
from lakeward.orchestration.installation_settings import wanted_settings


def main() -> int:
    """Print the wanted settings, or with `--check` the checks, as one JSON list."""
    parser = argparse.ArgumentParser(prog="python -m lakeward.orchestration.installation")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--lang", type=Lang, default=Lang.EN)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    try:
        settings = Settings.load(arguments.project, arguments.lang)
        project = load_project(find_project(settings.start))
        found = check_installation(settings, project) if arguments.check else wanted_settings(project.root)
    except LakewardError as error:
        sys.stderr.write(error.render(arguments.lang) + "\n")
        return error.exit_code
    sys.stdout.write(json.dumps([asdict(row) for row in found], ensure_ascii=False) + "\n")
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
