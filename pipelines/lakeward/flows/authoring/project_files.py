"""The files that a new project begins with, each with comments that say what it is for."""

import json
from collections.abc import Mapping
from importlib import resources

import yaml

from lakeward.flows.base.policy_file import POLICY_FILE
from lakeward.flows.base.workspace import WEIGHTS_FILE
from lakeward.flows.scorecard.editions import ANSWERS_FILE
from lakeward.flows.serving.policy import TESTS_FILE
from lakeward.maturity.catalogue import default_catalogue

SAMPLE_FILE = "samples/press_line.csv"
DAGS_FILE_TEXT = '''"""Airflow DAGs of this project: one per contract, made by Lakeward."""

from lakeward.orchestration.factory import dags

globals().update(dags(__file__))
'''
PROJECT_TEMPLATE = """\
# The project: what its datasets have in common.
name: {name}
{id}timezone: Asia/Shanghai      # IANA zone of the plant: for naive times in files, the days of gold, and the times that commands show
languages: [zh, en]
domains:                     # titles of the business domains that contracts name
  production: {{en: Production, zh: 生产}}
lake: lake                   # where the tables lie: a folder (relative to this project), or an object-store URL
roots: []                    # folders outside the project that a contract's drop folder may lie in
# latency_days: 7                  # a dataset without a latency in its contract is late so many days after its last run
# default_role: analyst            # role in which query, check, explain and suggest read if none is named
# maintain: {{retention_days: 30}}   # how long versions of tables, and the evidence in them, can be read
"""
# The secrets in .lakeward are no one else's: the register of accounts, and the key of the access log.
GITIGNORE_TEXT = "/lake/\n/inbox/\n/scorecard/\n/.airflow/\n/.lakeward/\n"
TESTS_TEXT = """\
# Tests of the serving policy (serving.yaml): who sees what of which column, and by which rule. Run: lakeward policy test
# 服务策略的测试：谁能看到哪一列的什么内容，依据哪条规则。运行：lakeward policy test
# A column must be one of your datasets. Values are invented. Take the example out of its comment and correct it:
#   - {name: An analyst sees a part of a phone number, role: analyst, column: silver.press_line.operator_phone,
#      grade: general, category: personal.phone, expect: mask, value: "19900001234", shown: "199***1234"}
version: 1.0.0
tests: []
"""
WEIGHTS_TEXT = """\
# What counts how much in a score (lakeward score). Without an entry everything weighs 1.
# 各项在质量分中的权重，未列出的均为 1。
# dimensions: {accuracy: 2, timeliness: 0.5}
# datasets:
#   press_line:
#     weight: 3
#     rules: {temp_in_range: 2}
dimensions: {}
"""
ANSWERS_TEMPLATE = """\
# An assessor's answers to items of {edition}, for what telemetry can't know. lakeward assess takes them in.
# 评估人员对能力项的答复，用于遥测无法得知的内容；由 lakeward assess 采纳。
# answers:
#   - item: '6.1'                    # lakeward maturity show lists the items
#     who: li.wei
#     when: 2026-11-20
#     reason: the strategy of data was approved this year
#     documents: [https://intranet.plant.example/strategy]
#     conformity: {{'1': [100], '2': [100, 70], '3': [50], '4': [0], '5': [0]}}
edition: {edition}
answers: []
"""


def project_files(name: str, project_id: str = "") -> Mapping[str, str]:
    """Path within the project -> its text.

    Args:
        name: Name of the project.
        project_id: Tells it from others of that name; empty for none.
    """
    policy = resources.files("lakeward") / POLICY_FILE
    return {
        "expectations/project.yaml": PROJECT_TEMPLATE.format(
            name=_as_text(name), id=f"id: {project_id}   # tells it from other projects of that name\n" if project_id else ""
        ),
        "expectations/datasets/.gitkeep": "",
        str(POLICY_FILE): policy.read_text(encoding="utf-8"),
        str(TESTS_FILE): TESTS_TEXT,
        str(WEIGHTS_FILE): WEIGHTS_TEXT,
        ANSWERS_FILE: ANSWERS_TEMPLATE.format(edition=default_catalogue().edition),
        "dags/lakeward_dags.py": DAGS_FILE_TEXT,
        "inbox/.gitkeep": "",
        SAMPLE_FILE: "\n".join(_sample()) + "\n",
        ".gitignore": GITIGNORE_TEXT,
    }


def _as_text(name: str) -> str:
    """The name as YAML reads it back: `2026` and `on` are a number and a truth value there unless they are quoted."""
    return name if yaml.load(name, Loader=yaml.CSafeLoader) == name else json.dumps(name)


def _sample() -> list[str]:
    """An invented shift of two presses: a reading every ten minutes."""
    lines = ["ts,machine,temp_degc,pressure_bar,pieces,operator_phone"]
    for step in range(48):
        for press, phone in (("press01", "19900001234"), ("press02", "19900005678")):
            warmth, swing = (181 if press == "press01" else 179) + step % 5 / 10, step * 7 % 11
            time = f"2026-03-02 {6 + step // 6:02d}:{step % 6}0:00"
            lines.append(f"{time},{press},{warmth:.1f},{118 + swing / 5:.1f},{11 + swing % 3},{phone}")
    return lines
