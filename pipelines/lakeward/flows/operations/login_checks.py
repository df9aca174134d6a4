"""The identity provider of the portal's log-ins: whether this machine has what they need, and whether the provider answers."""

from collections.abc import Iterator

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.login_provider import EXTRA, lacks_extra, login_provider
from lakeward.flows.base.workspace import open_workspace

# What is checked, what was found, and the message of what is wrong; one of the two is empty.
LoginCheck = tuple[str, str, str]


def check_login_provider(settings: Settings) -> Iterator[LoginCheck]:
    """The extra, the secret, and what the provider says of itself; nothing where the project names no provider."""
    try:
        workspace = open_workspace(settings)
    except LakewardError:  # reported by the check of the project
        return
    login = workspace.project.portal_login
    if login is None:
        return
    name = f"portal_login {login.provider}"
    try:
        provider = login_provider(workspace)
        assert provider is not None
        yield name, f"{login.issuer}, {provider.description().method}, {len(provider.public_keys())} JWK", ""
    except LakewardError as error:
        yield name, "", error.render(settings.lang)


def login_warnings(settings: Settings) -> list[Notice]:
    """What `contract lint` says of the provider: that this machine lacks the extra. It asks no one.

    Raises:
        UsageError: There is no project.
        SettingsError: `project.yaml` is not valid.
    """
    login = open_workspace(settings).project.portal_login
    return [Notice("sign_in_lint_extra", {"extra": EXTRA})] if login and lacks_extra() else []
