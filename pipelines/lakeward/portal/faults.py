"""Errors as readers of pages see them. What is wrong with the register of accounts, and where it lies, is for admins alone."""

from collections.abc import Mapping

from lakeward.core.errors import ExitCode, LakewardError, MachineError
from lakeward.core.messages import page_text
from lakeward.portal.page import Visit

# Codes that name the file of the register: those with this beginning, and these.
REGISTER, REGISTER_CODES = "accounts_", frozenset({"account_token_invalid", "approver_account"})
ADMIN = "admin"
# HTTP status of an error, by its exit code.
STATUSES = {ExitCode.WRONG_USE: 404, ExitCode.REFUSED: 403}


def fault_text(visit: Visit, error: LakewardError) -> str:
    """The message for this reader, with its next step."""
    return refusal_text(visit, error.code, error.facts)


def refusal_text(visit: Visit, code: str, facts: Mapping[str, object]) -> str:
    """As `fault_text`, of an error that a flow lists."""
    is_admin = visit.user is not None and ADMIN in visit.user.roles
    if _names_register(code) and not is_admin:
        return MachineError("portal_without_register").render_page(visit.lang)
    return page_text(code, visit.lang, facts)


def fault_status(error: LakewardError) -> int:
    """HTTP status of a page that could not be answered."""
    return 503 if _names_register(error.code) else STATUSES.get(error.exit_code, 503)


def _names_register(code: str) -> bool:
    return code.startswith(REGISTER) or code in REGISTER_CODES
