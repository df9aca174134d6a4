"""A leaked file is traced to its recipient: cut, re-ordered, without columns, as another format; no other recipient is named."""

from dataclasses import replace
from importlib.util import find_spec

import pytest

if any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")):
    pytest.skip("needs the extra protect", allow_module_level=True)

import duckdb

from lakeward.core.errors import LakewardError
from lakeward.flows import CopyForm, ExportRequest, export_table, rename_dataset, trace_copy
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.protection.keys import Scheme, key_text
from support.command_line import run_command
from support.exported_lake import NAME, TABLE, append_rows, grades_of, make_lake, rewrite_rows


def export(settings, target, to, **options):
    request = ExportRequest(
        table=TABLE, target=target, recipient=to, purpose="warranty", role="steward", recipient_role="partner", **options
    )
    return export_table(settings, request, grade_lookup=grades_of)


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """The settings, and a folder with the copies of two recipients."""
    folder = tmp_path_factory.mktemp("traces")
    settings = make_lake(folder / "plant")
    for recipient in ("acme", "bolt"):
        export(settings, folder / f"{recipient}.parquet", recipient)
    return settings, folder


def trace(settings, file, role="steward"):
    return trace_copy(settings, file, role, grade_lookup=grades_of)


def leak(folder, query, file, source="acme"):
    """Write a file that somebody made of a copy."""
    form = "FORMAT csv, HEADER" if file.suffix == ".csv" else "FORMAT parquet"
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'; SELECT setseed(0.5)")
        con.execute(f"COPY ({query.format(copy=folder / f'{source}.parquet')}) TO '{file}' ({form})")
    return file


LEAKS = {
    "as sent": ("FROM '{copy}'", "leak.parquet", 70),
    "as text": ("FROM '{copy}'", "leak.csv", 70),
    "cut to a tenth": ("FROM '{copy}' WHERE hash(ts, machine) % 10 = 0", "leak.csv", 18),
    "one machine": ("FROM '{copy}' WHERE machine = 'M3'", "leak.parquet", 18),
    "in another order": ("FROM '{copy}' ORDER BY hash(temp, machine)", "leak.csv", 70),
    "without columns": ("SELECT ts, machine, temp FROM '{copy}'", "leak.csv", 45),
    "without the machine": ("SELECT ts, temp, force, cycles FROM '{copy}' ORDER BY random()", "leak.csv", 30),
    "with another column": ("SELECT *, 'x' AS extra FROM '{copy}'", "leak.csv", 70),
    "names in capitals": ("SELECT machine AS MACHINE, ts AS TS, temp AS Temp FROM '{copy}'", "leak.parquet", 45),
    "rounded": ("SELECT machine, ts, round(temp, 1) AS temp, force FROM '{copy}'", "leak.csv", 40),
    "in Fahrenheit": ("SELECT machine, ts, round(temp * 1.8 + 32, 3) AS temp FROM '{copy}'", "leak.csv", 40),
    "rows twice": ("FROM '{copy}' UNION ALL FROM '{copy}'", "leak.parquet", 70),
    "half replaced": (
        "SELECT * REPLACE (CASE WHEN random() < 0.5 THEN temp + 3 ELSE temp END AS temp) FROM '{copy}'",
        "leak.parquet",
        30,
    ),
    "cut, sorted, rounded, a tenth replaced": (
        """SELECT machine, ts, round(CASE WHEN random() < 0.1 THEN temp + random() ELSE temp END, 1) AS temp, round(force, 0) AS force
        FROM '{copy}' WHERE random() < 0.5 ORDER BY random()""",
        "leak.csv",
        8,
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_its_recipients(plant, tmp_path, name):
    settings, folder = plant
    query, file, least = LEAKS[name]
    found = trace(settings, leak(folder, query, tmp_path / file))
    assert [each.recipient for each in found.identified] == ["acme"]
    assert found.identified[0].z > least
    assert found.identified[0].log10_p < -6
    assert (found.tested, found.untested, found.unmarked) == (2, 0, 0)
    assert abs(found.highest_other_z) < 5


def test_both_of_two_mixed_copies_are_named(plant, tmp_path):
    settings, folder = plant
    query = f"SELECT a.machine, a.ts, (a.temp + b.temp) / 2 AS temp FROM '{{copy}}' AS a JOIN '{folder / 'bolt.parquet'}' AS b USING (machine, ts)"
    found = trace(settings, leak(folder, query, tmp_path / "leak.parquet"))
    assert {each.recipient for each in found.identified} == {"acme", "bolt"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT machine, ts, temp FROM '{copy}' LIMIT 5",
        "SELECT machine, ts, 20.0 AS temp FROM '{copy}'",
        "SELECT machine, ts, random() * 50 AS temp FROM '{copy}'",
    ],
)
def test_no_guess_is_made_of_too_little(plant, tmp_path, query):
    settings, folder = plant
    found = trace(settings, leak(folder, query, tmp_path / "leak.csv"))
    assert found.identified == ()
    assert found.highest_other_z < 6


def test_the_table_itself_is_nobodys_copy(plant, tmp_path):
    settings, _ = plant
    export(settings, tmp_path / "clean.parquet", "bolt", marked=False)
    found = trace(settings, tmp_path / "clean.parquet")
    assert (found.identified, found.highest_other_z) == ((), 0.0)


def test_a_delta_copy_is_read(plant, tmp_path):
    settings, _ = plant
    export(settings, tmp_path / "copy", "bolt", form=CopyForm.DELTA)
    assert [each.recipient for each in trace(settings, tmp_path / "copy").identified] == ["bolt"]


def test_a_file_of_other_columns_is_refused(plant, tmp_path):
    settings, folder = plant
    with pytest.raises(LakewardError) as refused:
        trace(settings, leak(folder, "SELECT operator, cost FROM '{copy}'", tmp_path / "leak.csv"))
    assert refused.value.code == "trace_no_export"


def test_a_role_that_does_not_see_the_values_compares_nothing(plant, tmp_path):
    settings, folder = plant
    hidden = {name: grade for name, grade in grades_of(None, type("C", (), {"name": NAME})).items() if name != "temp"}
    with pytest.raises(LakewardError) as refused:
        trace_copy(settings, folder / "acme.parquet", "steward", grade_lookup=lambda *_: hidden)
    assert refused.value.code == "query_column_hidden"
    with open_workspace(settings).engine() as engine:
        entry = governance.read_rows(engine, "access_log", order="asked_at")[-1]
    assert (entry["verdict"], entry["code"], entry["role"]) == ("failed", "query_column_hidden", "steward")


def test_another_key_tests_nothing_and_says_so(plant, tmp_path):
    settings, folder = plant
    file = tmp_path / "other.key"
    file.write_text(key_text(bytes.fromhex("b4c1f00d" * 7 + "0a1b2c3d"), Scheme.CMAC), encoding="ascii")
    file.chmod(0o600)
    found = trace(replace(settings, token_key_file=file), folder / "acme.parquet")
    assert (found.identified, found.tested, found.untested, found.highest_other_z) == ((), 0, 2, None)


def test_later_rows_and_a_lost_original_do_not_hide_the_recipient(tmp_path):
    settings = make_lake(tmp_path / "plant", 200)
    export(settings, tmp_path / "acme.parquet", "acme")
    append_rows(settings.start, f"SELECT * REPLACE ('N' || machine AS machine) FROM {TABLE}", 2)
    found = trace(settings, tmp_path / "acme.parquet")
    assert [(each.table, each.version, each.original_kept) for each in found.compared] == [(TABLE, 0, True)]
    assert [each.recipient for each in found.identified] == ["acme"]
    table = settings.start / "lake" / "silver" / NAME
    before = set(table.glob("*.parquet"))
    rewrite_rows(settings.start)
    for file in before:  # as `lakeward maintain` does after the retention
        file.unlink()
    found = trace(settings, tmp_path / "acme.parquet")
    assert [(each.version, each.original_kept, each.rows) for each in found.compared] == [(0, False, 2000)]
    assert [each.recipient for each in found.identified] == ["acme"]


def test_the_command_names_the_recipient_and_what_it_can_not_see(plant, tmp_path, capsys):
    settings, folder = plant
    refused = run_command(capsys, settings.start, "trace", str(folder / "acme.parquet"))
    assert refused.code == 2
    assert "role" in refused.err


def test_a_copy_of_before_a_renaming_is_still_its_recipients(tmp_path):
    settings = make_lake(tmp_path / "plant")
    grades = grades_of(None, open_workspace(settings).project.contract(NAME))
    for recipient in ("acme", "bolt"):
        export(settings, tmp_path / f"{recipient}.parquet", recipient)
    before = trace(settings, tmp_path / "acme.parquet")
    rename_dataset(settings, NAME, "sensors_b")
    after = trace_copy(settings, tmp_path / "acme.parquet", "steward", grade_lookup=lambda *_: grades)
    assert [(each.recipient, each.z) for each in after.identified] == [(each.recipient, each.z) for each in before.identified]
    assert [each.recipient for each in after.identified] == ["acme"]
