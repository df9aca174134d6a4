"""An estate of 10,000 datasets, of which nothing but contracts, logs and records is real: what people and schedulers call stays linear.

Figures are processor seconds and memory of commands in processes of their own, beyond what a project of 200 takes: other work changes them little.
"""

import json

import pytest

from support.command_line import run_command
from support.large_estates import make_large_estate
from support.measured_programs import COMMAND, PARSE, measured

FEW, MANY = 200, 10_000
PROGRAMS = {
    "idle run": (COMMAND, "run", "--json"),
    "status": (COMMAND, "status", "--json"),
    "dag parse": (PARSE,),
}
# Milliseconds of a core per dataset, and KiB: twice what was measured.
LIMITS = {"idle run": (7, 30), "status": (9, 40), "dag parse": (6, 40)}


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
def test_what_is_called_often_stays_linear(tmp_path):
    found = {}
    for datasets in (FEW, MANY):
        root = make_large_estate(tmp_path / f"plant{datasets}", datasets)
        found[datasets] = {name: measured(root, *program) for name, program in PROGRAMS.items()}
    for name, (milliseconds, kib) in LIMITS.items():
        few, many = found[FEW][name], found[MANY][name]
        assert 1000 * (many.seconds - few.seconds) / (MANY - FEW) < milliseconds, (name, found)
        assert 1024 * (many.mib - few.mib) / (MANY - FEW) < kib, (name, found)


def test_an_estate_of_copies_has_nothing_to_do(tmp_path, capsys):
    root = make_large_estate(tmp_path / "plant", 3)
    answer = run_command(capsys, root, "run", "--json")
    assert [(row["dataset"], row["batches"]) for row in json.loads(answer.out)] == [(f"line_{at:04}", 0) for at in range(3)]
