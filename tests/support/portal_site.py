"""An open portal over a project, with accounts of each role, and browsers that are logged in to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html.parser import HTMLParser

from starlette.testclient import TestClient

from lakeward.core.settings import Settings
from lakeward.flows import NewAccount, Portal, open_portal, set_password
from lakeward.portal.app import make_app
from lakeward.portal.site import Site
from support.accounts import ADMIN, make_accounts

ROLES = ("analyst", "engineer", "steward", "cdo", "auditor")
ACCOUNTS = {role: NewAccount(name=f"{role}.one", person=f"{role} one", roles=(role,)) for role in ROLES}
# Passwords and tokens by role, in a project of `shared_lakes.portal_lake`.
LOGINS = "logins.json"
# What a browser sends with a form of a page of the same site.
SAME_SITE = {"sec-fetch-site": "same-origin"}


def make_owners(settings: Settings) -> dict[str, Settings]:
    """Accounts of each role and an admin; role -> the settings of its owner."""
    owners = make_accounts(settings, *ACCOUNTS.values())
    return {role: owners[account_name(role)] for role in (*ROLES, "admin")}


def set_passwords(owners: Mapping[str, Settings]) -> dict[str, str]:
    """A password for each of these; role -> password."""
    return {role: set_password(owner, account_name(role)).password for role, owner in owners.items()}


def make_logins(settings: Settings) -> dict[str, str]:
    """Accounts of each role and an admin; role -> password."""
    return set_passwords(make_owners(settings))


def account_name(role: str) -> str:
    return ADMIN.name if role == "admin" else ACCOUNTS[role].name


@dataclass(frozen=True)
class Visitor:
    """A browser without a screen."""

    client: TestClient

    def get(self, address: str, lang: str = "en", **headers: str):
        return self.client.get(address, headers={"accept-language": lang, **headers}, follow_redirects=False)

    def post(self, address: str, headers: dict[str, str] | None = None, **fields: str):
        sent = SAME_SITE if headers is None else headers
        return self.client.post(address, data=fields, headers=sent, follow_redirects=False)

    def page(self, address: str, lang: str = "en") -> "SeenPage":
        answer = self.get(address, lang)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[:500])
        return SeenPage.of(answer.text)

    def form_token(self) -> str:
        return self.page("/").inputs["form_token"]


@contextmanager
def open_site(settings: Settings) -> Iterator[tuple[Portal, TestClient]]:
    """The portal of a project, refreshed once, and a browser that is not logged in."""
    portal = open_portal(replace(settings, token=None))
    try:
        portal.refresh()
        assert portal.fault is None
        yield portal, new_client(portal)
    finally:
        portal.close()


def new_client(portal: Portal) -> TestClient:
    return TestClient(make_app(Site(portal=portal)), base_url="http://127.0.0.1:8420")


def log_in(portal: Portal, role: str, password: str) -> Visitor:
    """A browser that is logged in."""
    visitor = Visitor(new_client(portal))
    answer = visitor.post("/login", account=account_name(role), password=password, next="/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return visitor


class SeenPage(HTMLParser):
    """What a page says: its words outside code, its links, and the fields of its forms."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.numbers: list[str] = []
        self.inputs: dict[str, str] = {}
        self.styles: list[str] = []
        self._inside: list[str] = []

    @classmethod
    def of(cls, html: str) -> "SeenPage":
        page = cls()
        page.feed(html)
        return page

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.styles += [given["style"]] if "style" in given else []
        if tag == "a":
            self.links.append(given["href"])
            self.numbers += [given["href"]] if given.get("class") == "n" else []
        if tag == "input":
            self.inputs[given["name"]] = given.get("value", "")
            self.words += [given["placeholder"]] if "placeholder" in given else []
        if tag not in {"meta", "link", "input", "br"}:
            is_data = tag in {"code", "script", "style", "time", "title"} or ("lang" in given and tag != "html")
            self._inside.append("data" if is_data else "name" if given.get("class") in {"name", "who"} else "")

    def handle_endtag(self, _):
        if self._inside:
            self._inside.pop()

    def handle_data(self, data):
        if data.strip() and not any(self._inside):
            self.words.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(self.words)
