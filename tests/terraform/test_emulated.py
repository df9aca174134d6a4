"""L2 and L3: the dev environment is applied to moto, planned again without a change, evaluated and destroyed.

moto applies a Deny without its conditions and checks no credentials, so the bucket policies are off here (`emulated`), and who may do what is
shown by evaluating the rendered policies, persona by grade by action, never by a refusal of moto.
"""

import json
import subprocess

import pytest
import yaml

from support.deployment import ACCOUNT
from support.iam_evaluator import Request, is_allowed, is_key_use_allowed
from support.moto_server import HAS_TOOLS, NO_TOOLS, TOOLS
from support.terraform_tool import TREE, needs_terraform

pytestmark = [pytest.mark.exhaustive, needs_terraform(), pytest.mark.skipif(not HAS_TOOLS, reason=NO_TOOLS)]
GRADES = ("core", "important", "general")


def test_a_second_plan_changes_nothing_but_what_moto_does_not_echo(deployment):
    known = yaml.safe_load((TREE / "emulator.yaml").read_text(encoding="utf-8"))["unechoed"]
    allowed = {(entry["type"], attribute) for entry in known for attribute in entry["attributes"]}
    found = set()
    for change in deployment.second_plan():
        assert change["change"]["actions"] == ["update"], change["address"]
        before, after = change["change"]["before"], change["change"]["after"]
        found |= {(change["type"], name) for name in after if before.get(name) != after.get(name)}
    assert sorted(found - allowed) == []


def test_every_resource_type_is_listed_with_its_level(deployment):
    resources = [resource for resource in deployment.resources() if resource["mode"] == "managed"]
    types = {resource["type"] for resource in resources}
    listed = yaml.safe_load((TREE / "emulator.yaml").read_text(encoding="utf-8"))
    assert sorted(types ^ {*listed["L2"], *listed["L3"]}) == []
    assert len(resources) > 100


def test_a_bucket_has_the_key_of_its_grade(deployment):
    resources = {resource["address"]: resource["values"] for resource in deployment.resources()}
    for grade in GRADES:
        encryption = resources[
            f'module.lakehouse.module.storage.aws_s3_bucket_server_side_encryption_configuration.grade["{grade}"]'
        ]
        key = resources[f'module.lakehouse.module.keys.aws_kms_key.grade["{grade}"]']
        assert encryption["rule"][0]["apply_server_side_encryption_by_default"][0]["kms_master_key_id"] == key["arn"]


ROLES = ("analyst", "engineer", "steward", "cdo", "auditor")


@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize("role", ROLES)
def test_no_person_reads_or_writes_a_bucket_or_uses_its_key(deployment, role, grade):
    who = f"arn:aws:iam::{ACCOUNT}:role/lakeward-dev-{role}"
    policies = deployment.outputs["policies"]
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        request = request_of(deployment, who, action, grade)
        assert not is_allowed(
            request, [policies["identities"][role]], policies["buckets"][grade], policies["identities"]["boundary"]
        )
    for action in ("kms:Decrypt", "kms:GenerateDataKey", "kms:ReplicateKey", "kms:PutKeyPolicy"):
        assert not is_key_use_allowed(key_request(who, action), policies["keys"][grade])


@pytest.mark.parametrize("grade", GRADES)
def test_the_product_reads_and_writes_its_own_lake_alone_and_only_from_the_network(deployment, grade):
    who = deployment.outputs["roles"]["product"]
    policies = deployment.outputs["policies"]
    own = grade == "important"
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        request = request_of(deployment, who, action, grade)
        allowed = is_allowed(
            request, [policies["identities"]["product"]], policies["buckets"][grade], policies["identities"]["boundary"]
        )
        assert allowed is own
        for change in ({"aws:SourceVpce": "vpce-0000"}, {"aws:SecureTransport": "false"}, {"aws:RequestedRegion": "eu-west-1"}):
            other = Request(request.principal, request.action, request.resource, {**request.context, **change})
            assert not is_allowed(
                other, [policies["identities"]["product"]], policies["buckets"][grade], policies["identities"]["boundary"]
            )
    assert is_key_use_allowed(key_request(who, "kms:Decrypt"), policies["keys"][grade]) is own
    assert not is_key_use_allowed(Request(who, "kms:Decrypt", "*", {}), policies["keys"][grade])  # not through S3


def test_an_object_under_another_key_is_refused(deployment):
    policies, who = deployment.outputs["policies"], deployment.outputs["roles"]["product"]
    right = request_of(deployment, who, "s3:PutObject", "important")
    wrong = Request(
        who, right.action, right.resource, {**right.context, "s3:x-amz-server-side-encryption-aws-kms-key-id": "other"}
    )
    identity = [policies["identities"]["product"]]
    assert is_allowed(right, identity, policies["buckets"]["important"])
    assert not is_allowed(wrong, identity, policies["buckets"]["important"])


def test_parliament_finds_nothing_in_the_policies_of_roles(deployment):
    script = (
        "import json, sys, parliament\n"
        "found = {}\n"
        "for name, policy in json.load(sys.stdin).items():\n"
        "    analysed = parliament.analyze_policy_string(json.dumps(policy))\n"
        "    found[name] = [f'{f.issue} {f.detail}' for f in analysed.findings]\n"
        "print(json.dumps(found))\n"
    )
    identities = deployment.outputs["policies"]["identities"]
    done = subprocess.run(
        [TOOLS / "python", "-c", script], input=json.dumps(identities), capture_output=True, text=True, check=True
    )
    found = {name: findings for name, findings in json.loads(done.stdout).items() if name != "boundary"}
    assert found == {name: [] for name in identities if name != "boundary"}
    # A boundary gives nothing, so it may name every resource; its actions must be real.
    assert [finding for finding in json.loads(done.stdout)["boundary"] if not finding.startswith("RESOURCE_STAR")] == []


def request_of(deployment, who, action, grade):
    """The call as the product makes it: by TLS, in the region, through the network's endpoint, under the bucket's default key."""
    statements = deployment.outputs["policies"]["buckets"][grade]["Statement"]
    endpoint = next(
        (s["Condition"]["StringNotEqualsIfExists"]["aws:SourceVpce"] for s in statements if s["Sid"].startswith("DenyFromOut")),
        None,
    )
    context = {
        "aws:SecureTransport": "true",
        "aws:RequestedRegion": "eu-central-1",
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
        **({"aws:SourceVpce": endpoint} if endpoint else {}),
    }
    return Request(who, action, f"arn:aws:s3:::lakeward-dev-{grade}-{ACCOUNT}/silver/press_line/part.parquet", context)


def key_request(who, action):
    return Request(who, action, "*", {"kms:ViaService": "s3.eu-central-1.amazonaws.com"})
