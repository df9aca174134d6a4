"""What a notice says: of which dataset, what happened, and where the evidence is. It never has a value of the data."""

from dataclasses import dataclass
from enum import StrEnum

from lakeward.core.dataset_names import NameHistory
from lakeward.core.messages import Lang, text
from lakeward.core.names import sha256
from lakeward.flows.base.answers import Notice


class NoticeKind(StrEnum):
    """What happened to a dataset."""

    FAILURE = "failure"
    LATE = "late"
    HALT = "halt"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetNotice:
    """One thing that happened to a dataset.

    Args:
        dataset: Name of the dataset.
        kind: What happened.
        occasion: The same text for the same event, so that it is sent once: a batch, a time, a day.
        said: The message, with names, numbers and times as facts.
        link: Address of the evidence, such as a page of the portal or a log of Airflow; None for none.
    """

    dataset: str
    kind: NoticeKind
    occasion: str
    said: Notice
    link: str | None = None

    def id(self, subscription: int, names: NameHistory) -> str:
        """Id of this notice to one subscriber: the same when the dataset is renamed."""
        return sha256(f"{subscription}\n{names.stored_name(self.dataset)}\n{self.kind}\n{self.occasion}".encode())

    def title(self, lang: Lang, project: str) -> str:
        """One line: what happened to what."""
        return text("notice_title", lang, project=project, dataset=self.dataset, kind=text(f"noticed_{self.kind}", lang))

    def body(self, lang: Lang) -> str:
        """What happened, with the command and the address that show why."""
        lines = [text(self.said.code, lang, **self.said.facts)]
        if self.link:
            lines.append(text("notice_link", lang, link=self.link))
        return "\n".join(lines)
