"""The variables of the environment that are Lakeward's own."""

from collections.abc import Mapping

from lakeward.core.keys import KeyDoc

# Name of a variable, without the prefix -> its meaning.
VARIABLES: Mapping[str, KeyDoc] = {
    "PROJECT": KeyDoc("folder", "The project, or a folder inside it; `--project` wins.", "the working folder"),
    "LAKE": KeyDoc("folder or URL", "Where the tables lie.", "`lake` in `project.yaml`"),
    "LANG": KeyDoc("text", "Language of messages: Chinese where it starts with `zh`; `--lang` wins.", "`LC_ALL`, then `LANG`"),
    "UTC": KeyDoc("`1`", "Show times in UTC; `--utc` does the same.", "the project's zone"),
    "ENGINE": KeyDoc("`embedded` or `spark`", "The engine of this call.", "`engine` in the contract, then in `project.yaml`"),
    "MEMORY": KeyDoc("size", "Memory that DuckDB may use, such as `4GiB`.", "DuckDB's own: 80 % of the machine's"),
    "TOKEN": KeyDoc(
        "text",
        "Access token of your account: name and roles come from it. One that is not valid is an error.",
        "none: nothing proves who you are",
    ),
    "PURPOSE": KeyDoc("text", "Purpose of the serving policy that every read of this environment is for.", "none"),
    "ACCOUNTS": KeyDoc(
        "file",
        "Register of accounts: outside the lake, readable by its owner alone (mode 0600).",
        "`.lakeward/accounts.jsonl` in the project",
    ),
    "TOKEN_KEY": KeyDoc(
        "text",
        "Secret of tokens, at least 32 bytes, with or without a line that names its scheme. Without a secret no reader sees a tokenised column.",
        "none",
    ),
    "TOKEN_KEY_FILE": KeyDoc(
        "file", "File that holds this secret: outside the lake, readable by its owner alone (mode 0600).", "none"
    ),
    "SEAL_KEY_FILE": KeyDoc(
        "file",
        "File that holds the secret which signs the checkpoints of the logs: outside the lake, readable by its owner alone (mode 0600).",
        "none: checkpoints are not signed",
    ),
    "WRAPPING_KEY": KeyDoc(
        "text", "Secret that the keys of encrypted columns lie under, as `lakeward key new` writes it.", "none"
    ),
    "WRAPPING_KEY_FILE": KeyDoc(
        "file", "File that holds this secret: outside the lake, readable by its owner alone (mode 0600).", "none"
    ),
    "SECRET_NAME": KeyDoc("text", "Secret that `project.yaml` calls NAME, such as the password of a mail server.", "none"),
    "CONN_NAME": KeyDoc(
        "URL",
        "Connection that contracts call `name`: `scheme://user:password@host:port/path?ca=FILE&certificate=FILE&key=FILE`.",
        "Airflow's connection of this name, then `.lakeward/connections.yaml`",
    ),
    "SPARK_MASTER": KeyDoc(
        "URL", "Spark's master: `local[4]`, `spark://HOST:PORT`, `yarn`, `k8s://…`.", "`local[*]`; under spark-submit its own"
    ),
    "SPARK_JARS": KeyDoc(
        "folder or `cluster`",
        "Delta's jars; `cluster`: the cluster has them.",
        "`~/.cache/lakeward/spark`; under spark-submit `cluster`",
    ),
    "SPARK_CONF": KeyDoc("`name=value;name=value`", "Settings of Spark; they win over Lakeward's.", "none"),
    "LOG": KeyDoc(
        "`json`",
        "Write what is done to the error stream as lines of JSON, with `dataset` and `run_id`, and warnings of libraries.",
        "nothing is logged",
    ),
    "VERBOSE": KeyDoc("`1`", "Show what Spark, Java and the log say; `-v` does the same.", "only Lakeward's own answers"),
    "APPROVERS": KeyDoc(
        "`user=account;user=account`",
        "Whose decisions in Airflow's required actions count: a user of Airflow, and the account of the register that this person has.",
        "no user of Airflow decides",
    ),
    "PORTAL_URL": KeyDoc("URL", "Address of the portal as readers reach it, for links in notices.", "notices name a command"),
    "AIRFLOW_SERVICES": KeyDoc(
        "`1`",
        "Airflow runs as services: runs have deadlines, people are asked and notified, and tasks of one dataset share a pool that `lakeward airflow pools` makes.",
        "DAGs that need no service",
    ),
    "SPARK_SUBMIT": KeyDoc(
        "connection", "Airflow's connection by which tasks of Spark datasets are submitted.", "a task runs Spark's driver itself"
    ),
}
