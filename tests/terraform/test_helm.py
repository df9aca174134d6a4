"""The chart of `deploy/helm`: rendered with several values, and its manifests looked at. No cluster has run it."""

import json
import os
import re
import stat
import subprocess

import pytest
import yaml

from lakeward import __version__
from lakeward.orchestration.installation_settings import DATABASE, SECRETS, variable, wanted_settings
from lakeward.orchestration.service_processes import PROCESSES
from support.helm_chart import (
    CHART,
    EXAMPLES,
    KUBERNETES,
    containers,
    helm,
    needs_helm,
    plain_environment,
    pods,
    rendered,
)
from support.terraform_tool import ROOT

FOLDER, STORE = EXAMPLES
SECRET_VARIABLES = {variable(*each) for each in (DATABASE, *SECRETS)}
# Root writes what nobody may write, until it gives that up.
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.geteuid() == 0 else ()
COMPONENTS = {"folder": {*PROCESSES, "portal", "migrate"}}
COMPONENTS["store"] = {*COMPONENTS["folder"], "server", "collect-line3", "collect-orders-door"}


@pytest.fixture(scope="module")
def manifests():
    return {"folder": rendered(FOLDER), "store": rendered(STORE)}


@pytest.fixture(params=["folder", "store"])
def lake(request):
    return request.param


def of_kind(manifests, kind):
    return [each for each in manifests if each["kind"] == kind]


@needs_helm
@pytest.mark.parametrize("values", EXAMPLES, ids=lambda path: path.stem)
def test_helm_finds_nothing_wrong(values):
    done = helm("lint", CHART, "--strict", *KUBERNETES, "-f", values)
    assert done.returncode == 0, done.stdout


def test_the_chart_is_of_this_version():
    assert yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"] == __version__


@needs_helm
def test_there_is_a_pod_for_each_process(manifests, lake):
    assert set(pods(manifests[lake])) == COMPONENTS[lake]


@needs_helm
def test_pods_may_nothing_and_say_what_they_need(manifests, lake):
    for pod in pods(manifests[lake]).values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]


@needs_helm
def test_services_of_the_namespace_are_no_variables_of_a_pod():
    """Of a release named `lakeward` they would begin with LAKEWARD_, and no process starts with a setting that it does not know."""
    found = pods(rendered(STORE, release="lakeward"))
    assert set(found) == COMPONENTS["store"]
    assert {pod["enableServiceLinks"] for pod in found.values()} == {False}


@needs_helm
def test_secrets_come_by_name_alone(manifests, lake):
    assert of_kind(manifests[lake], "Secret") == []
    found = pods(manifests[lake])
    for component in (*PROCESSES, "migrate"):
        [container] = found[component]["containers"]
        taken = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each}
        assert taken == {name: {"name": "airflow", "key": name} for name in SECRET_VARIABLES}


@needs_helm
def test_secrets_that_are_variables_reach_who_needs_them_and_no_one_else(manifests):
    """Those of Airflow its own processes; those of the project the processes that read or write rows."""
    given = {
        component: [each["secretRef"]["name"] for each in pod["containers"][0].get("envFrom", ())]
        for component, pod in pods(manifests["store"]).items()
    }
    airflow = {component: ["airflow"] for component in (*PROCESSES, "migrate")} | {"scheduler": ["airflow", "connections"]}
    rest = {component: ["connections"] for component in COMPONENTS["store"] - set(airflow)}
    assert given == airflow | rest


@needs_helm
def test_airflow_has_the_processes_and_settings_that_the_product_wants(manifests, lake):
    """Those that `lakeward airflow config` prints; in a cluster each process has an address of its own, so no host is named."""
    found = pods(manifests[lake])
    names = {each["metadata"]["name"] for each in of_kind(manifests[lake], "Service")}
    for process, options in PROCESSES.items():
        [container] = found[process]["containers"]
        assert container["command"] == ["airflow", process, *(each for each in options if each == "--skip-serve-logs")]
        said = plain_environment(container)
        for setting in wanted_settings(ROOT):
            if setting.value and "BUNDLE" not in setting.variable:
                assert said[setting.variable] == setting.value, setting.variable
        [bundle] = json.loads(said["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
        assert bundle["kwargs"] == {"path": "/srv/lakeward/plant/dags"}
        [host] = re.findall(r"^http://([^:]+):8080/execution/$", said["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"])
        assert host in names


@needs_helm
def test_every_process_is_asked_whether_it_lives_but_a_collector_without_a_port(manifests):
    for component, pod in pods(manifests["store"]).items():
        [container] = pod["containers"]
        assert ("livenessProbe" in container) == (component not in {"migrate", "collect-line3"}), component
        named = {each["name"] for each in container.get("ports", ())}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            [how] = [each for key, each in container.get(probe, {}).items() if isinstance(each, dict)] or [{}]
            assert how.get("port") in {*named, None}, component


@needs_helm
def test_commands_of_lakeward_have_options_that_it_knows(manifests):
    pages = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for pod in pods(manifests["store"]).values():
        [container] = pod["containers"]
        if container["command"][0] == "lakeward":
            _, command, *words = container["command"]
            [part] = re.findall(rf"^## `lakeward {command}`\n(.+?)(?=^## |\Z)", pages, re.MULTILINE | re.DOTALL)
            assert [word for word in words if word.startswith("--") and f"`{word} " not in part] == []


@needs_helm
def test_mounts_and_volumes_fit(manifests, lake):
    for component, pod in pods(manifests[lake]).items():
        mounted = {each["name"] for container in containers(pod) for each in container["volumeMounts"]}
        assert mounted == {each["name"] for each in pod["volumes"]}, component


@needs_helm
def test_a_lake_in_a_folder_is_mounted_where_rows_are_read_or_written_and_one_in_a_store_nowhere(manifests):
    def with_lake(found):
        mounts = {name: [each["mountPath"] for each in pod["containers"][0]["volumeMounts"]] for name, pod in found.items()}
        return {name for name, places in mounts.items() if "/srv/lakeward/lake" in places}

    assert with_lake(pods(manifests["folder"])) == {"scheduler", "portal"}
    assert with_lake(pods(manifests["store"])) == set()
    for pod in pods(manifests["store"]).values():
        assert plain_environment(pod["containers"][0])["LAKEWARD_LAKE"] == "s3://plant-lake/line1"


@needs_helm
def test_what_collectors_have_landed_outlives_them_and_is_no_one_else_s(manifests):
    places = {}
    for component, pod in pods(manifests["store"]).items():
        for each in pod["containers"][0]["volumeMounts"]:
            if each["mountPath"].endswith("/.lakeward/lakes"):
                places[component] = each.get("subPath")
    wanted = {name: f"landings/{name}" if name.startswith("collect") else None for name in COMPONENTS["store"] - {"migrate"}}
    assert places == wanted


@needs_helm
def test_keys_and_the_register_are_their_owner_s_alone(manifests, tmp_path):
    """
    The commands that prepare a pod, run in a folder, twice as after a restart of the pod's sandbox: Lakeward refuses a key, or a register, that others
    can read. A Secret's files can't be written, nor can a user without rights over others' files write what has that mode.
    """
    pod = pods(manifests["store"])["server"]
    [prepare] = pod["initContainers"]
    for part, name in (("keys", "token.key"), ("keys", "seal.key"), ("tls", "tls.crt"), ("tls", "tls.key")):
        given = tmp_path / "given" / part / name
        given.parent.mkdir(parents=True, exist_ok=True)
        given.write_text(name, encoding="utf-8")
        given.chmod(0o440)
    for name in ("claim", "private"):
        (tmp_path / name).mkdir(mode=0o777)
    program, options, script = prepare["command"]
    for _ in range(2):
        subprocess.run([*WITHOUT_RIGHTS, program, options, script.replace("/srv/lakeward", str(tmp_path))], check=True)
    made = {str(each.relative_to(tmp_path)): each for each in tmp_path.rglob("*") if "given" not in each.parts}
    modes = {name: oct(stat.S_IMODE(each.stat().st_mode)) for name, each in made.items() if name not in {"claim", "private"}}
    assert set(modes.values()) == {"0o600", "0o700"}
    keys = {each["value"] for each in pod["containers"][0]["env"] if each["name"].endswith("_KEY_FILE")}
    files = {*keys, *(word for word in pod["containers"][0]["command"] if "/private/" in word)}
    assert {each.removeprefix("/srv/lakeward/") for each in files} == {name for name in made if made[name].is_file()}


@needs_helm
def test_nothing_is_reached_but_what_is_open(manifests):
    rules = {each["metadata"]["name"]: each["spec"] for each in of_kind(manifests["store"], "NetworkPolicy")}
    assert rules["plant-lakeward"] == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "lakeward", "app.kubernetes.io/instance": "plant"}},
        "policyTypes": ["Ingress"],
    }
    opened = {
        name.removeprefix("plant-lakeward-"): each["ingress"][0]["ports"][0]["port"]
        for name, each in rules.items()
        if "ingress" in each
    }
    assert opened == {"api-server": 8080, "portal": 8443, "server": 31337, "collect-orders-door": 8500}
    assert len(rules["plant-lakeward-api-server"]["ingress"][0]["from"]) == 2
    assert {each["spec"]["type"] for each in of_kind(manifests["store"], "Service")} == {"ClusterIP"}


@needs_helm
def test_a_lake_outlives_its_release(manifests):
    [claim] = of_kind(manifests["folder"], "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert of_kind(rendered(FOLDER, "--set", "storage.existingClaim=lake"), "PersistentVolumeClaim") == []


@needs_helm
def test_a_portal_alone_needs_no_airflow():
    found = rendered(FOLDER, "--set", "airflow.enabled=false,secrets.airflow=")
    assert set(pods(found)) == {"portal"}
