"""Noise of a cube's figures: charged to the budget of its dataset before any is drawn, and never given back."""

from decimal import Decimal

from lakeward.contracts.cube import Cube
from lakeward.contracts.noise import Noise
from lakeward.core.errors import ProtectionError, StoreConflictError
from lakeward.core.names import Relation
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.serving.cube_record import CHARGES, CubeRecord
from lakeward.protection.noise import draw_noise

# Consumer of a release: all readers get the same figures, so that putting their copies together tells no more.
EVERYONE = "all"


def spent_epsilon(engine: Engine, dataset: str) -> Decimal:
    """Privacy loss of a dataset's releases so far, under every definition of its cube."""
    return sum(_charges(engine, dataset), Decimal(0))


def _charges(engine: Engine, dataset: str) -> list[Decimal]:
    return [Decimal(row["epsilon"]) for row in governance.read_rows(engine, CHARGES, dataset=dataset)]


def add_noise(engine: Engine, cube: Cube, record: CubeRecord, cells: Relation) -> Relation:
    """The groups with noise on the figures that are of this release; figures of earlier ones keep theirs.

    Raises:
        ProtectionError: The budget has no room for the release.
        MachineError: OpenDP is not installed.
        StoreConflictError: Another release was charged at the same time.
    """
    assert cube.noise
    fresh = f"figures_of = {record.release} AND is_published"
    names = [row["cell"] for row in engine.fetch(f"SELECT cell FROM {cells} WHERE {fresh} ORDER BY cell")]
    if not names:
        return cells
    draw_noise(cube.noise.epsilon, 1, 0)  # where it can't be drawn, nothing is charged
    _charge(engine, cube.noise, record)
    noise = _draw(cube, len(names))
    rows = [[name, *(figures[at] for figures in noise)] for at, name in enumerate(names)]
    text, number = governance.TYPES["string"], governance.TYPES["bigint"]
    columns = {"noisy_cell": text} | {f"n{at}": number for at in range(len(noise))}
    drawn = engine.materialise("cube_noise", engine.literal_rows(columns, rows))
    query = f"""SELECT * EXCLUDE (noisy_cell, {", ".join(f"n{at}" for at in range(len(noise)))})
        REPLACE (units + coalesce(n0, 0) AS units, CASE WHEN noisy_cell IS NULL THEN sums ELSE {_noisy_sums(cube, cube.noise)} END AS sums)
      FROM {cells} LEFT JOIN {drawn} ON cell = noisy_cell AND {fresh}"""
    return engine.materialise("cube_noisy", query)


def _charge(engine: Engine, noise: Noise, record: CubeRecord) -> None:
    """Charge the release, before its figures exist. One that is killed after it is charged all the same.

    Charges of a dataset are numbered: of two at once, which each have room for themselves alone, one is refused.
    """
    charges = _charges(engine, record.dataset)
    spent = sum(charges, Decimal(0))
    if spent + noise.epsilon > noise.budget:
        facts = {"epsilon": noise.epsilon, "spent": spent, "budget": noise.budget}
        raise ProtectionError("cube_budget_spent", dataset=record.dataset, **facts)
    row = {
        "release_id": record.release_id,
        "dataset": record.dataset,
        "release": record.release,
        "consumer": EVERYONE,
        "epsilon": str(noise.epsilon),
        "budget": str(noise.budget),
        "charged_at": record.released_at,
    }
    if governance.append_rows(engine, CHARGES, [row], Txn(f"{CHARGES}/{record.dataset}", len(charges) + 1)) is None:
        raise StoreConflictError("cube_busy", dataset=record.dataset)


def _draw(cube: Cube, cells: int) -> list[list[int]]:
    """Noise of the units, then of each sum; each of these columns has an equal share of epsilon."""
    assert cube.noise
    noise = cube.noise
    steps = [1, *(noise.bounds[name].steps for name in cube.measures)]
    return [draw_noise(noise.epsilon / len(steps), noise.groups * step, cells) for step in steps]


def _noisy_sums(cube: Cube, noise: Noise) -> str:
    """SQL of the JSON list of sums: whole steps, which are no finer than the noise."""
    items = []
    for at, name in enumerate(cube.measures):
        steps = f"(CAST(json_extract_string(sums, {literal(f'$[{at}]')}) AS HUGEINT) + n{at + 1})"
        items.append(f"CAST({steps} / {10 ** noise.bounds[name].digits} AS VARCHAR)")
    return f"CAST(to_json(CAST([{', '.join(items)}] AS VARCHAR[])) AS VARCHAR)"
