"""Where data comes from: numbered, immutable inputs that can be read again. Never rows."""

from lakeward.sources.files import FileDrop
from lakeward.sources.opening import open_source
from lakeward.sources.protocols import BatchLimit, ReceiveResult, Source

__all__ = ["BatchLimit", "FileDrop", "ReceiveResult", "Source", "open_source"]
