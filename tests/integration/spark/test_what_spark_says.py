"""Spark and its Java talk before any setting of theirs holds: nothing of that reaches a person unless asked for."""

import os

import pytest

from support.command_line import run_in_subprocess
from support.plant import make_plant

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(600)]


def test_the_error_stream_is_quiet_unless_asked(tmp_path):
    plant = make_plant(tmp_path / "plant")
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "JAVA_HOME")}  # noqa: TID251
    quiet = run_in_subprocess(plant.root, "status", LAKEWARD_ENGINE="spark", **environment)
    talking = run_in_subprocess(plant.root, "-v", "status", LAKEWARD_ENGINE="spark", **environment)
    assert (quiet.code, quiet.err) == (0, "")
    assert (talking.code, "WARN" in talking.err) == (0, True)
    assert quiet.out == talking.out
