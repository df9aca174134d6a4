"""Keys of `project.yaml`, with their defaults."""

from collections.abc import Mapping

from lakeward.core.keys import KeyDoc

# Days: evidence of the last month can be reproduced; Delta's default for the commits of a table.
RETENTION_DAYS = 30
# A week: a plant that delivers at least weekly is watched without a word in its contracts.
DEFAULT_LATENCY_DAYS = 7
# Rows; a smaller count could point at one person or machine. Usual thresholds of statistics are 3 to 10.
MIN_GROUP_SIZE = 10
KEYS: Mapping[str, KeyDoc] = {
    "name": KeyDoc(
        "text",
        "Name of the project: letters, digits, `_` and `-`, at most 63. Lineage and Airflow's assets carry it.",
        required=True,
    ),
    "id": KeyDoc(
        "text",
        "Tells projects of one name apart: letters, digits, `_` and `-`, at most 63. `lakeward init` draws one. A lake belongs to one name and id.",
        "none: a lake belongs to a name alone",
    ),
    "timezone": KeyDoc("IANA zone", "Zone of the plant, such as `Asia/Shanghai`.", required=True),
    "languages": KeyDoc("list of texts", "Languages of the plant: `en`, `zh`.", "`[en, zh]`"),
    "domains": KeyDoc(
        "mapping",
        "Business domain of contracts -> its title by language: `production: {en: Production, zh: 生产}`. Pages show the title.",
        "none: pages show the domain's name in contracts",
    ),
    "lake": KeyDoc(
        "folder or URL",
        "Where the tables lie: a folder, relative to the project or absolute, `s3://bucket/prefix`, or `az://container/prefix`. `LAKEWARD_LAKE` wins.",
        "`lake`",
    ),
    "roots": KeyDoc("list of folders", "Folders outside the project that a contract's drop folder may lie in.", "none"),
    "engine": KeyDoc("`embedded` or `spark`", "Engine of all datasets whose contract names none.", "`embedded`"),
    "highest_grade": KeyDoc(
        "`core`, `important` or `general`",
        "Highest grade of what this lake is fit to hold. A dataset with a column above it is not run, and such a column is served to nobody.",
        "`core`: every grade",
    ),
    "default_role": KeyDoc(
        "text",
        "Role of the serving policy in which `query`, `check`, `explain` and `suggest` read if neither `--as` nor a token names one.",
        "none: such a read is refused",
    ),
    "latency_days": KeyDoc(
        "whole number",
        "Days after its last run from which a dataset is late whose contract has no `latency` among `slaProperties`.",
        f"{DEFAULT_LATENCY_DAYS}",
    ),
    "min_group_size": KeyDoc(
        "whole number",
        "Smallest count, at least 2, that `check` shows of a column which the reader may not see in clear.",
        f"{MIN_GROUP_SIZE}",
    ),
    "oidc": KeyDoc(
        "file",
        "Identity provider whose tokens `LAKEWARD_TOKEN` takes too (extra `oidc`), relative to the project.",
        "none: only tokens of `lakeward account`",
    ),
    "checkpoints": KeyDoc("mapping", "Where checkpoints of the logs go: mapping of the keys below.", "none"),
    "maintain": KeyDoc("mapping", "Mapping of the keys below.", "none"),
    "lineage_receiver": KeyDoc("mapping", "Where events of lineage are sent over HTTP: mapping of the keys below.", "none"),
    "storage": KeyDoc("mapping", "How the object store of a lake at a URL is reached: mapping of the keys below.", "none"),
    "quotas": KeyDoc("mapping", "Rows that each account may read: mapping of the keys below.", "none"),
    "lineage_door": KeyDoc("mapping", "Where other programs send OpenLineage events: mapping of the keys below.", "none"),
    "portal_login": KeyDoc(
        "mapping",
        "Identity provider at which people log in to the portal, beside their passwords (extra `portal-oidc`): mapping of the keys below.",
        "none: passwords alone",
    ),
    "server": KeyDoc("mapping", "Limits of `lakeward serve`: mapping of the keys below.", "the limits below"),
}
MAINTAIN_KEYS: Mapping[str, KeyDoc] = {
    "retention_days": KeyDoc(
        "whole number",
        "Days that an earlier version of a table can be read; `lakeward maintain` removes older ones.",
        f"{RETENTION_DAYS}",
    ),
}
# The grades, the highest first, as `grading.grade` has them.
GRADE_NAMES = ("core", "important", "general")
