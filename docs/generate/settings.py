"""The page of settings: the variables of the environment."""

from generate.markdown import keys, page
from lakeward.core.keys import KeyDoc
from lakeward.core.settings import PREFIX
from lakeward.core.telemetry_settings import TELEMETRY_VARIABLES
from lakeward.core.variables import VARIABLES

INTRODUCTION = """\
Lakeward reads these variables of the environment once, when a command starts. An option of the command line wins over its variable, and a
variable over `expectations/project.yaml` and contracts. An unknown `LAKEWARD_…` variable is refused with the name it may have meant."""
OTHERS = {
    "JAVA_HOME": KeyDoc("folder", "Where Java 17 lies, for Spark.", "the first `java` on the PATH"),
    "XDG_CACHE_HOME": KeyDoc("folder", "Below it lies `lakeward/spark`, the default folder of Delta's jars.", "`~/.cache`"),
    **TELEMETRY_VARIABLES,
}


def settings() -> str:
    """The page, in Markdown."""
    ours = {PREFIX + name: doc for name, doc in VARIABLES.items()}
    return page(
        "Settings",
        "`lakeward/core/variables.py`",
        INTRODUCTION,
        keys(ours),
        "Variables of others that Lakeward heeds:",
        keys(OTHERS),
    )
