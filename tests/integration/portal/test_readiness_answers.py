"""An assessor's answers and documents on the portal's page of an item: signed, kept in the project's file, refused without a loss."""

import hashlib
import io
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from lakeward.core.errors import ProtectionError
from lakeward.flows import (
    Portal,
    answer_item,
    assess_readiness,
    export_maturity,
    find_answer,
    import_answers,
    list_decisions,
    seal_logs,
    set_password,
    show_maturity,
    verify_logs,
)
from lakeward.portal.security import SESSION_COOKIE
from lakeward.portal.uploads import LARGEST_UPLOAD
from support.accounts import ANALYST, make_accounts
from support.plant import Plant, csv_line, ingest, make_plant
from support.policies import POLICY_2, write_policy
from support.portal_site import SAME_SITE, Visitor, new_client, open_site

CDO = replace(ANALYST, name="qian.yi", person="Qian Yi", roles=("cdo",))
AUDITOR = replace(ANALYST, name="sun.li", person="Sun Li", roles=("auditor",))
ITEM = "/readiness/6.1"
LEVELS = {
    "conformity_1": "100, 100",
    "conformity_2": "100, 70, 70",
    "conformity_3": "50",
    "conformity_4": "0",
    "conformity_5": "0",
}
FIELDS = {"reason": "the board approved it", "documents": "minutes | 2026-01-14 | 3", **LEVELS}
PDF = b"%PDF-1.7\n<script>alert(1)</script>\n%%EOF\n"
MB = 1024 * 1024


def office_file(main: str, *more: str) -> bytes:
    held = io.BytesIO()
    with ZipFile(held, "w") as archive:
        for name in ("[Content_Types].xml", main, *more):
            archive.writestr(name, "<x/>")
    return held.getvalue()


GOOD = {
    "strategy.pdf": PDF,
    "战略 2026.PDF": PDF + b"2",
    "scan.jpeg": b"\xff\xd8\xff\xe0scan",
    "scan.png": b"\x89PNG\r\n\x1a\nscan",
    "plan.docx": office_file("word/document.xml"),
}
BAD = {
    "../../etc/passwd.pdf": (PDF, "no plain name"),
    "<img src=x onerror=alert(1)>.pdf": (PDF, "no plain name"),
    "a|b.pdf": (PDF, "no plain name"),
    ".pdf": (PDF, "no plain name"),
    f"{'x' * 200}.pdf": (PDF, "no plain name"),
    "empty.pdf": (b"", "is empty"),
    "page.html": (b"<html><script>alert(1)</script></html>", "accepted type"),
    "page.pdf": (b"<html><script>alert(1)</script></html>", "accepted type"),
    "polyglot.html": (PDF, "accepted type"),
    "program.pdf": (b"MZ\x90\x00", "accepted type"),
    "archive.docx": (office_file("readme.txt"), "accepted type"),
    "broken.xlsx": (office_file("xl/workbook.xml")[:-20], "accepted type"),
    "macros.xlsx": (office_file("xl/workbook.xml", "xl/vbaProject.bin"), "accepted type"),
    "large.pdf": (PDF + bytes(10 * MB), "too large"),
}


@dataclass
class Office:
    """A portal over an assessed lake, with people."""

    portal: Portal
    plant: Plant
    owners: dict
    people: dict[str, Visitor]

    def send(self, *files: tuple[str, bytes], name: str = "qian.yi", **changed: str):
        person = self.people[name]
        page = person.page(ITEM).inputs
        fields = {"form_token": page["form_token"], "seen": page["seen"], **FIELDS, **changed}
        sent = [("files", (file, content)) for file, content in files] or [("files", ("", b""))]
        return person.client.post(ITEM, data=fields, files=sent, headers=SAME_SITE, follow_redirects=False)

    @property
    def file(self) -> Path:
        return self.plant.root / "expectations" / "policies" / "assessor.yaml"

    def kept(self) -> set[str]:
        return {path.name for path in (self.plant.root / "expectations" / "documents").glob("*")}


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    plant = make_plant(tmp_path_factory.mktemp("office") / "plant")
    write_policy(plant.root, POLICY_2.replace("  cdo:", "  auditor: {en: Auditor, zh: 审计员}\n  cdo:", 1))
    plant.drop("day.csv", *(csv_line("press01", minute, 20) for minute in range(5)))
    ingest(plant.root)
    assess_readiness(plant.settings)
    owners = make_accounts(plant.settings, CDO, AUDITOR, ANALYST)
    with open_site(plant.settings) as (portal, _):
        people = {}
        for name, owner in owners.items():
            people[name] = Visitor(new_client(portal))
            people[name].client.headers["accept-language"] = "en"
            password = set_password(owner, name).password
            assert people[name].post("/login", account=name, password=password, next="/").status_code == 303
        yield Office(portal, plant, owners, people)


def answers(office):
    return [each for each in list_decisions(office.plant.settings) if each.kind == "readiness"]


def test_an_answer_with_files_is_signed_counts_at_once_and_stays_signed(office):
    answer = office.send(*GOOD.items())
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ITEM}?done=answered")

    (item,) = show_maturity(office.plant.settings, "6.1")
    assert (item.assessor, item.score, item.who) == (Decimal("2.30"), Decimal("2.30"), "qian.yi")
    assert item.documents == ("minutes", *GOOD)
    digests = [hashlib.sha256(content).hexdigest() for content in GOOD.values()]
    assert [each.sha256 for each in item.document_facts] == [None, *digests]
    assert office.kept() == {f"{digest}.{end}" for digest, end in zip(digests, ("pdf", "pdf", "jpg", "png", "docx"), strict=True)}

    assess_readiness(office.plant.settings)
    (decision,) = [each for each in answers(office) if each.subject == "6.1"]
    assert (decision.by, decision.verified, decision.reason) == ("qian.yi", True, FIELDS["reason"])
    assert "maturity" in {seal.log for seal in seal_logs(office.plant.settings)}
    assert verify_logs(office.plant.settings).faults == ()

    page = office.people["sun.li"].page(f"{ITEM}?done=answered")
    assert "recorded" in page.text
    saved = [office.people["sun.li"].get(link) for link in page.links if "/documents/" in link]
    assert [each.content for each in saved] == [*GOOD.values()]
    for each in saved:
        assert each.headers["content-disposition"].startswith("attachment; filename")
        assert each.headers["x-content-type-options"] == "nosniff"
        assert "html" not in each.headers["content-type"]
    assert "filename*=UTF-8''%E6%88%98%E7%95%A5%202026.PDF" in saved[1].headers["content-disposition"]


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_refused_loses_neither_the_text_nor_the_files_beside_it(office, name):
    content, words = BAD[name]
    before, kept = office.file.read_bytes() if office.file.exists() else b"", office.kept()
    good = PDF + name.encode()
    answer = office.send((name, content), ("good.pdf", good), reason="a long thought")
    assert answer.status_code == 409
    assert words in answer.text
    assert "a long thought" in answer.text
    assert "100, 70, 70" in answer.text
    assert name not in answer.text or not set(name) & set("<>")
    digest = hashlib.sha256(good).hexdigest()
    assert f"good.pdf |  |  | {digest}" in answer.text
    assert office.kept() - kept == {f"{digest}.pdf"}
    assert (office.file.read_bytes() if office.file.exists() else b"") == before


def test_too_many_files_and_too_much_together_are_refused(office):
    kept = office.kept()
    answer = office.send(*((f"{number}.pdf", PDF + bytes([number])) for number in range(6)))
    assert answer.status_code == 409
    assert "6 files in one form" in answer.text
    assert office.kept() == kept
    together = office.send(*((f"{number}.pdf", PDF + bytes(9 * MB + number)) for number in range(3)))
    assert together.status_code == 409
    assert "too large" in together.text
    assert len(office.kept() - kept) == 2
    token = office.people["qian.yi"].form_token()
    endless = office.send(("a.pdf", bytes(LARGEST_UPLOAD)), form_token=token)
    assert endless.status_code == 413


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"conformity_3": "a lot"}, "whole numbers"),
        ({"conformity_3": "99"}, "conformity"),
        ({"documents": ""}, "documents"),
        ({"reason": " "}, "reason"),
        ({"reason": "a\x07b"}, "control"),
        ({"documents": "x | tomorrow"}, "documents"),
        ({"seen": "0" * 64}, "changed since"),
    ],
)
def test_an_answer_that_is_not_valid_changes_nothing_and_loses_no_text(office, changed, words):
    before = office.file.read_bytes() if office.file.exists() else b""
    answer = office.send(**{"reason": "a long thought", **changed})
    assert answer.status_code == 409
    assert words in answer.text
    assert changed.get("reason", "a long thought").strip()[:1] in answer.text
    assert changed.get("conformity_3", "50") in answer.text
    assert (office.file.read_bytes() if office.file.exists() else b"") == before


def test_the_second_of_two_tabs_answers_nothing(office):
    seen = office.people["sun.li"].page(ITEM).inputs["seen"]
    assert office.send(name="qian.yi", reason="the first tab").status_code == 303
    answer = office.send(name="sun.li", reason="the second tab", seen=seen)
    assert answer.status_code == 409
    assert "the second tab" in answer.text
    assert find_answer(office.plant.settings, "6.1").reason == "the first tab"


def test_only_who_may_answer_does_and_only_by_a_form_of_their_session(office):
    before, kept, admin = office.file.read_bytes() if office.file.exists() else b"", office.kept(), office.people["zhou.min"]
    for name in ("li.wei", "zhou.min"):
        person = office.people[name]
        token = person.form_token()
        files = [("files", ("a.pdf", PDF + b"no"))]
        assert person.get(ITEM).status_code == 403
        assert person.get(f"{ITEM}/documents/{'0' * 64}").status_code == 403
        sent = person.client.post(ITEM, data={"form_token": token, **FIELDS}, files=files, headers=SAME_SITE)
        assert sent.status_code == 403
    assert office.send(("a.pdf", PDF + b"no"), form_token=admin.form_token()).status_code == 403
    foreign = office.people["qian.yi"].client.post(ITEM, data=FIELDS, files=files, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403
    broken = {"content-type": "multipart/form-data; boundary=x", **SAME_SITE}
    assert office.people["qian.yi"].client.post(ITEM, content=b"--x\r\nhalf", headers=broken).status_code == 400
    elsewhere = office.people["qian.yi"].client.post("/grades", data=FIELDS, files=files, headers=SAME_SITE)
    assert elsewhere.status_code == 415
    draft = replace(find_answer(office.plant.settings, "6.1"), reason="x")
    with pytest.raises(ProtectionError) as caught:
        answer_item(office.owners["li.wei"], draft)
    assert caught.value.code == "decision_role"
    assert (office.kept(), office.file.read_bytes() if office.file.exists() else b"") == (kept, before)


def test_a_session_that_ends_in_a_half_filled_form_loses_no_text(office):
    auditor = office.people["sun.li"]
    session = auditor.client.cookies[SESSION_COOKIE]
    inputs = auditor.page(ITEM).inputs
    office.portal.logins.log_out(session)
    fields = {"form_token": inputs["form_token"], "seen": inputs["seen"], **FIELDS, "reason": "a long thought"}
    sent = auditor.client.post(ITEM, data=fields, files=[("files", ("a.pdf", PDF + b"late"))], headers=SAME_SITE)
    assert sent.status_code == 403
    assert "a long thought" in sent.text
    assert "100, 70, 70" in sent.text


def test_documents_of_other_items_and_changed_ones_are_not_given(office):
    assert office.send(("kept.pdf", PDF + b"kept")).status_code == 303
    digest = hashlib.sha256(PDF + b"kept").hexdigest()
    cdo, path = office.people["qian.yi"], office.plant.root / "expectations" / "documents" / f"{digest}.pdf"
    assert cdo.get(f"{ITEM}/documents/{digest}").status_code == 200
    for address in (
        f"/readiness/7.1/documents/{digest}",
        f"{ITEM}/documents/{'0' * 64}",
        f"{ITEM}/documents/..%2F..%2Fproject.yaml",
    ):
        assert cdo.get(address).status_code == 404, address
    path.write_bytes(PDF + b"other")
    changed = cdo.get(f"{ITEM}/documents/{digest}")
    assert changed.status_code != 200
    assert b"%PDF" not in changed.content


@pytest.mark.exhaustive
def test_an_answer_by_hand_or_by_workbook_is_not_taken_for_signed(office, tmp_path):
    assert office.send(reason="signed").status_code == 303
    content = yaml.safe_load(office.file.read_text(encoding="utf-8"))
    content["answers"][0]["reason"] = "by hand"
    office.file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assess_readiness(office.plant.settings)
    newest = answers(office)[0]
    assert (newest.reason, newest.verified) == ("by hand", False)
    export_maturity(office.plant.settings, tmp_path / "readiness.json")
    with pytest.raises(ProtectionError):
        import_answers(office.owners["li.wei"], tmp_path / "readiness.json")
    assert import_answers(office.owners["qian.yi"], tmp_path / "readiness.json").items == 1


def test_a_file_of_answers_that_is_not_valid_is_named_and_stays_as_it_is(office):
    before = office.file.read_bytes() if office.file.exists() else b""
    try:
        office.file.write_text("edition: of no year\n", encoding="utf-8")
        page = office.people["qian.yi"].page(ITEM)
        assert "assessor.yaml" in office.people["qian.yi"].get(ITEM).text
        assert "Answer this item" in page.text
        answer = office.send(reason="a long thought")
        assert answer.status_code == 409
        assert "a long thought" in answer.text
        assert office.file.read_text(encoding="utf-8") == "edition: of no year\n"
    finally:
        office.file.write_bytes(before or b"edition: GB/T 36073-2025\nanswers: []\n")
