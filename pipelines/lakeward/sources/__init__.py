"""Sources of data: numbered, immutable inputs that can be read again. They read no rows."""

from lakeward.sources.files import FileDrop
from lakeward.sources.opening import open_source
from lakeward.sources.protocols import BatchLimit, ReceiveResult, Source

__all__ = ["BatchLimit", "FileDrop", "ReceiveResult", "Source", "open_source"]
