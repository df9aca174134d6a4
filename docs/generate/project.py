"""The page of a project: its folders and the keys of `project.yaml`."""

from generate.markdown import keys, page
from lakeward.contracts.checkpoint_targets import CHECKPOINT_KEYS
from lakeward.contracts.lake_storage import STORAGE_KEYS
from lakeward.contracts.lineage_door import LINEAGE_DOOR_KEYS
from lakeward.contracts.lineage_receiver import RECEIVER_KEYS
from lakeward.contracts.portal_login import PORTAL_LOGIN_KEYS
from lakeward.contracts.project_keys import KEYS, MAINTAIN_KEYS
from lakeward.contracts.quotas import QUOTA_KEYS
from lakeward.contracts.server_limits import SERVER_KEYS
from lakeward.flows.assets.prices import PRICE_KEYS

FOLDERS = """\
A project is a folder with `expectations/project.yaml` in it. `lakeward init plant` makes one:

```text
plant/
  expectations/project.yaml          the keys below
  expectations/datasets/<name>/      contract.odcs.yaml, suite.json; for gold also models/*.sql
  expectations/glossary.yaml         the plant's terms; may be missing
  expectations/policies/             serving.yaml, serving.tests.yaml, scoring.yaml, assessor.yaml; each may be missing
  dags/lakeward_dags.py              three lines; Airflow's dags folder points here
  inbox/<name>/                      files are dropped here
  lake/<layer>/<name>/               plain Delta tables: rejects, bronze, silver, quarantine, repairs, gold, governance
```

Commands work from any folder inside a project, or with `--project`."""
EXAMPLE = """\
```yaml
name: plant
timezone: Asia/Shanghai
roots: [/mnt/press_line]
maintain: {retention_days: 90}
```"""


PRICES = """\
What a unit costs, for `lakeward cost`. Without the file it shows amounts alone.

```yaml
currency: CNY
cpu_hour: 0.35
gib_month: 0.12
```"""


def project() -> str:
    """The page, in Markdown."""
    parts = (
        FOLDERS,
        "## `expectations/project.yaml`",
        keys(KEYS),
        "### `checkpoints`",
        keys(CHECKPOINT_KEYS),
        "### `lineage_door`",
        keys(LINEAGE_DOOR_KEYS),
        "### `lineage_receiver`",
        keys(RECEIVER_KEYS),
        "### `maintain`",
        keys(MAINTAIN_KEYS),
        "### `portal_login`",
        keys(PORTAL_LOGIN_KEYS),
        "### `quotas`",
        keys(QUOTA_KEYS),
        "### `storage`",
        keys(STORAGE_KEYS),
        "### `server`",
        keys(SERVER_KEYS),
        "### Example",
        EXAMPLE,
        "## `expectations/policies/prices.yaml`",
        PRICES,
        keys(PRICE_KEYS),
    )
    return page("Project", "`lakeward/contracts/project.py`", *parts)
