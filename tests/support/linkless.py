"""Processes for which no file system makes hard links, as FAT does not."""

import sys
from pathlib import Path

from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.flows import ingest_dataset
from lakeward_lineage import Outbox, ReceiverQueue


def refuse_links() -> None:
    """From now on every link of this process fails as there."""

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event == "os.link":
            raise PermissionError(1, "Operation not permitted")

    sys.addaudithook(refuse)


def ingest_without_links(root, pipe):
    """Run the dataset; tell the code of the error, and how many lines it has by language."""
    refuse_links()
    try:
        ingest_dataset(Settings(start=root), "press_line")
    except LakewardError as error:
        pipe.send((error.code, [len(error.render(lang).splitlines()) for lang in Lang]))


def queue_without_links(folder, event, pipe):
    """Queue an event twice; tell how many wait."""
    refuse_links()
    outbox, queue = Outbox(Path(folder)), ReceiverQueue(Path(folder) / "receiver")
    outbox.append(event)
    for _ in range(2):
        queue.add(outbox.pending())
    pipe.send(queue.waiting())
