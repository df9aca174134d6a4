"""Whom the pages tell where the register of accounts lies: admins, and no one else."""

import pytest

from lakeward.core.errors import MachineError, ProtectionError
from lakeward.core.messages import Lang
from lakeward.flows import PortalUser
from lakeward.portal.faults import fault_status, fault_text
from lakeward.portal.page import Visit

PLACE = "/srv/plant/.lakeward/accounts.jsonl"
FAULTS = (
    MachineError("accounts_not_writable", file=PLACE, found="full"),
    ProtectionError("accounts_tampered", file=PLACE, line=3),
    ProtectionError("account_token_invalid", file=PLACE),
)


def visit(lang, *roles):
    user = PortalUser(account="a", person="A", roles=roles, form_token="t") if roles else None
    return Visit(portal=None, user=user, lang=lang, path="/", raw_path="/")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.code)
@pytest.mark.parametrize("lang", list(Lang))
def test_only_an_admin_reads_where_the_register_lies(fault, lang):
    shown = {
        roles: PLACE in fault_text(visit(lang, *roles), fault)
        for roles in ((), ("cdo",), ("steward", "auditor"), ("cdo", "admin"))
    }
    assert shown == {(): False, ("cdo",): False, ("steward", "auditor"): False, ("cdo", "admin"): True}
    assert fault_status(fault) == 503


def test_other_faults_say_what_they_say():
    fault = ProtectionError("login_closed", account="li.wei")
    assert "li.wei" in fault_text(visit(Lang.EN, "analyst"), fault)
    assert fault_status(fault) == 403
