"""A plant with planted important and core data: a recipe, a plant map with coordinates, and a case each of steel and of circuits."""

from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows import GradeChoice, create_project, decide_grade, grade_all, run_dataset
from support.accounts import OTHER_STEWARD, STEWARD, make_accounts, with_token

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{name}
name: {name}
version: 1.0.0
status: active
domain: {domain}
description: {{purpose: {about}}}
team: {{name: plant-data, members: [{{username: {owner}, role: owner}}]}}
schema:
  - name: {name}
    logicalType: object
    properties:
      - {{name: {key}, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}}
{columns}customProperties:
  - property: source
    value: {{path: inbox/{name}, pattern: "*.csv", format: csv, encoding: utf-8}}
  - {{property: dataClass, value: {kind}}}
"""
COLUMN = "      - {{name: {0}, logicalType: number, physicalType: double, classification: {1}}}\n"
# Dataset -> about, domain, class, owner, key, graded columns.
DATASETS = {
    "recipes": (
        "合金配方",
        "melting",
        "research",
        "li.wei",
        "recipe_no",
        {"tapping_temp": "important", "nickel_share": "important"},
    ),
    "plant_map": (
        "厂区设施位置",
        "site",
        "maintenance",
        "wang.fang",
        "facility",
        {"longitude": "important", "latitude": "important"},
    ),
    "rolling_steel": (
        "轧制工艺参数",
        "steel",
        "production",
        "li.wei",
        "pass_no",
        {"roll_force": "important", "exit_speed": "general"},
    ),
    "circuit_masks": ("光刻层参数", "circuits", "research", "chen.jie", "layer", {"line_width": "core", "overlay": "core"}),
}
# Numbers that stand in no text of a catalogue by chance.
CANARY = 73.9181
USCC = "91110000600037341L"
TOKEN_FILE = "steward.token"
PROCESSOR = f"""\
processor:
  name: 某特种材料有限公司
  uscc: {USCC}
  address: 示例路 1 号
  security_officer: 周敏
  security_body: 数据安全部
  contact: 010-12345678
datasets:
"""
DECLARATION = """\
  {name}:
    source: 自产，系统采集
    basis: 企业自行识别
    purpose: 生产与质量控制
    methods: [收集, 存储, 使用]
    sharing: {sharing}
    cross_border: []
    storage_place: 本厂机房
    storage_period: 三年
{more}"""


def make_important_plant(root: Path) -> Path:
    """The project with a hundred rows in each dataset, run and graded; no grade is decided, nothing is declared."""
    project = create_project(root)
    file = project / "expectations" / "project.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "default_role: steward\n", encoding="utf-8")
    for name, (about, domain, kind, owner, key, columns) in DATASETS.items():
        folder = project / "expectations" / "datasets" / name
        folder.mkdir(parents=True)
        lines = "".join(COLUMN.format(column, grade) for column, grade in columns.items())
        text = CONTRACT.format(name=name, about=about, domain=domain, kind=kind, owner=owner, key=key, columns=lines)
        (folder / "contract.odcs.yaml").write_text(text, encoding="utf-8")
        deliver(project, name, 100)
    grade_all(Settings(start=project))
    return project


def deliver(root: Path, name: str, rows: int, first: int = 0) -> None:
    """Drop a file of so many rows, and run the dataset."""
    *_, key, columns = DATASETS[name]
    lines = [",".join((key, *columns))]
    lines += [f"{key}{number:05},{','.join(str(CANARY + number) for _ in columns)}" for number in range(first, first + rows)]
    file = root / "inbox" / name / f"{first:05}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run_dataset(Settings(start=root), name)


def decide_all(root: Path) -> None:
    """Two stewards confirm each grade that is important or core, each by a token of their own."""
    owners = make_accounts(Settings(start=root), STEWARD, OTHER_STEWARD)
    for name, (*_, columns) in DATASETS.items():
        for column in (column for column, grade in columns.items() if grade != "general"):
            for who in (STEWARD, OTHER_STEWARD):
                decide_grade(owners[who.name], f"{name}.{column}", GradeChoice("", "per the list of the plant"))
    (root / TOKEN_FILE).write_text(owners[STEWARD.name].token or "", encoding="ascii")


def steward(root: Path) -> Settings:
    """The settings of the steward who files."""
    return with_token(Settings(start=root), (root / TOKEN_FILE).read_text(encoding="ascii"))


def declare(root: Path, *, sharing: str = "[]", more: str = "") -> None:
    """Declare what no table says; `sharing` and `more` of the core dataset."""
    parts = [
        DECLARATION.format(
            name=name, sharing=sharing if name == "circuit_masks" else "[]", more=more if name == "circuit_masks" else ""
        )
        for name in DATASETS
    ]
    file = root / "expectations" / "policies" / "catalogue.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PROCESSOR + "".join(parts), encoding="utf-8")
