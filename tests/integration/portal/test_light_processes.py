"""The portal and a reader hold in memory what they use: DuckDB imports pandas with the first value that a program binds, 250 MB."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, sys
from pathlib import Path
import lakeward
from integration.portal.test_pages import linked_pages
from lakeward.core.settings import Settings
from support.portal_site import LOGINS, log_in, open_site
plant = Settings(start=Path(sys.argv[1]))
with lakeward.connect(project=plant.start, role="steward") as con:
    table = con.catalogue()[0].table
    assert con.sql(f"FROM {table} LIMIT 3").fetchall()
    print(con.sql(f"FROM {table} LIMIT 3"))
login = json.loads((plant.start / LOGINS).read_text())["cdo"]
with open_site(plant) as (portal, _):
    pages = linked_pages(log_in(portal, "cdo", login["password"]))
assert len(pages) > 20, sorted(pages)
print("imported:", *sorted({"pandas", "pyspark", "airflow", "great_expectations"} & set(sys.modules)))
"""


def test_no_page_and_no_query_imports_what_it_does_not_use(plant):
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "LANG": "C.UTF-8"}
    words = (sys.executable, "-c", PROGRAM, plant.start)
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == ["imported:"]
