"""Where the files lie that pages are made from."""

from importlib import resources
from pathlib import Path

# The shipped project, as it lies in the package.
SHIPPED = Path(str(resources.files("lakeward"))) / "expectations"
CATALOGUES = SHIPPED / "catalogues"
