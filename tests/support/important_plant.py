"""A plant with planted important and core data: a recipe, a plant map with coordinates, and a case each of steel and of circuits."""

from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows import GradeChoice, decide_grade, grade_all, run_dataset
from lakeward.flows.authoring.important_demo import create_important_project
from support.accounts import OTHER_STEWARD, STEWARD, make_accounts, with_token

EXPECTATIONS = Path(__file__).parents[2] / "expectations"
# Dataset -> key, graded columns; as the shipped demo has them.
DATASETS = {
    "recipes": ("recipe_no", {"tapping_temp": "important", "nickel_share": "important"}),
    "plant_map": ("facility", {"longitude": "important", "latitude": "important"}),
    "rolling_steel": ("pass_no", {"roll_force": "important", "exit_speed": "general"}),
    "circuit_masks": ("layer", {"line_width": "core", "overlay": "core"}),
}
# Numbers that stand in no text of a catalogue by chance.
CANARY = 73.9181
TOKEN_FILE = "steward.token"
DECLARATIONS = Path("expectations/policies/catalogue.yaml")


def make_important_plant(root: Path) -> Path:
    """The project with a hundred rows in each dataset, run and graded; no grade is decided, nothing is declared."""
    project = create_important_project(root)
    (project / DECLARATIONS).unlink()
    file = project / "expectations" / "project.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "default_role: steward\n", encoding="utf-8")
    for name in DATASETS:
        deliver(project, name, 100)
    grade_all(Settings(start=project))
    return project


def deliver(root: Path, name: str, rows: int, first: int = 0) -> None:
    """Drop a file of so many rows, and run the dataset."""
    key, columns = DATASETS[name]
    lines = [",".join((key, *columns))]
    lines += [f"{key}{number:05},{','.join(str(CANARY + number) for _ in columns)}" for number in range(first, first + rows)]
    file = root / "inbox" / name / f"{first:05}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run_dataset(Settings(start=root), name)


def decide_all(root: Path) -> None:
    """Two stewards confirm each grade that is important or core, each by a token of their own."""
    owners = make_accounts(Settings(start=root), STEWARD, OTHER_STEWARD)
    for name, (_, columns) in DATASETS.items():
        for column in (column for column, grade in columns.items() if grade != "general"):
            for who in (STEWARD, OTHER_STEWARD):
                decide_grade(owners[who.name], f"{name}.{column}", GradeChoice("", "per the list of the plant"))
    (root / TOKEN_FILE).write_text(owners[STEWARD.name].token or "", encoding="ascii")


def steward(root: Path) -> Settings:
    """The settings of the steward who files."""
    return with_token(Settings(start=root), (root / TOKEN_FILE).read_text(encoding="ascii"))


def declare(root: Path, *, sharing: str = "[]", more: str = "") -> None:
    """Declare what no table says, as the demo does; `sharing` and `more` of the core dataset."""
    text = (EXPECTATIONS / "demos/important/policies/catalogue.yaml").read_text(encoding="utf-8")
    head, name, core = text.partition("  circuit_masks:\n")
    core = core.replace("sharing: []", f"sharing: {sharing}", 1)
    (root / DECLARATIONS).write_text(f"{head}{name}{more}{core}", encoding="utf-8")
