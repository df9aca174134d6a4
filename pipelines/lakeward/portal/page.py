"""What a page is: an address, who may see it, and a function that answers a visit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lakeward.core.messages import Lang
from lakeward.flows import GivenDocument, ModelReading, Portal, PortalUser

# Roles of a page that everyone who is logged in may see: it shows counts and names, no value of a row.
EVERYONE: frozenset[str] = frozenset({"*"})
# Roles of a page that needs no log-in.
PUBLIC: frozenset[str] = frozenset({"-"})
# Characters of a field of a form, by name; the fields of pages and the check of what is sent have the same. Of any other field: the last.
FIELD_LENGTHS: Mapping[str, int] = {
    "account": 63,
    **dict.fromkeys(("password", "old", "new", "again"), 256),
    **dict.fromkeys(("reason", "where", "expression", "value"), 2_000),
    **dict.fromkeys(("rows", "next", "documents"), 4_000),
    "category": 100,
    "recipient": 254,
    "days": 4,
    "q": 200,
}
OTHER_LENGTH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request.

    Args:
        user: Who is logged in; None on public pages before the log-in.
        place: Parts of the address, by name; decoded.
        raw_path: The address as it was sent.
        query, form: Parameters of the address and fields of the form; of several of one name the last.
        files: Files of the form; only pages that take some get any.
        session_id: Id of the session; empty without one.
        address: Address of the client.
        origin: Scheme, host and port by which the portal was reached.
        browser: Secret of this browser from the begin of its log-in at the identity provider; empty without one.
    """

    portal: Portal
    user: PortalUser | None
    lang: Lang
    path: str
    raw_path: str
    place: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: tuple[GivenDocument, ...] = ()
    session_id: str = field(default="", repr=False)
    address: str = ""
    origin: str = ""
    browser: str = field(default="", repr=False)

    def page_number(self) -> int:
        """The page of a list, from 1; anything else is the first."""
        text = self.query.get("p", "1")
        return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 7 else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that a page gives, to be saved and never shown in its place.

    Args:
        name: Name of the file.
        content: Its bytes.
        media_type: Type of its content.
    """

    name: str
    content: bytes
    media_type: str = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswer:
    """What a visit gets.

    Args:
        template: Name of the template; empty for a redirection.
        facts: Values that the template shows.
        status: HTTP status.
        to: Address of the redirection.
        session_id: Id of a session to begin; empty to end one; None to keep it.
        browser: Secret of this browser, to be shown again at the end of a log-in; empty to keep what it has.
        download: A file in place of a page; None for a page.
    """

    template: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    to: str = ""
    session_id: str | None = None
    browser: str = field(default="", repr=False)
    download: Download | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page.

    Args:
        path: Its address; `{name}` is a part, and `{name:path}` the rest.
        roles: Roles that may see it, one of them is enough.
        show: Answers a visit by GET, with a reading of the read model.
        go: Answers a visit by GET that asks another machine, without a reading.
        act: Answers a form, by POST; None for a page without one.
        nav: Message code of its entry in the menu; None for no entry.
        typed: Fields of its form that a person types: they are shown again where the session ended meanwhile.
        takes_files: Whether its form has files.
    """

    path: str
    roles: frozenset[str]
    show: Callable[[Visit, ModelReading], PageAnswer] | None = None
    go: Callable[[Visit], PageAnswer] | None = None
    act: Callable[[Visit], PageAnswer] | None = None
    nav: str | None = None
    typed: tuple[str, ...] = ()
    takes_files: bool = False

    def admits(self, roles: tuple[str, ...]) -> bool:
        """Whether an account with these roles may see it."""
        return self.roles in (EVERYONE, PUBLIC) or bool(self.roles & set(roles))

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that it answers."""
        return (*(("GET",) if self.show or self.go else ()), *(("POST",) if self.act else ()))
