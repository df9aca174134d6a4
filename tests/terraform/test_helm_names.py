"""Names that the chart of `deploy/helm` gives, or takes: a cluster takes each of them, and none is read as a number or as YAML."""

import re

import pytest

from support.helm_chart import EXAMPLES, needs_helm, plain_environment, pods, refused, rendered

FOLDER, STORE = EXAMPLES
SERVICE = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
LONG = "a-very-long-name-of-a-release-of-a-plant-in-the-north"


@needs_helm
@pytest.mark.parametrize("release", ["plant", "lakeward", LONG, "plant.north", "true", "null", "a----------------------------b"])
def test_names_of_a_release_are_those_that_a_cluster_takes(release):
    collector = "collectors[0].name=a_collector_of_24_letter"
    found = rendered(FOLDER, "--set", f"{collector},collectors[0].datasets[0]=line3,collectors[0].port=8500", release=release)
    names = [each["metadata"]["name"] for each in found if each["kind"] in {"Service", "Deployment", "Job", "ServiceAccount"}]
    assert any(name.endswith("collect-a-collector-of-24-letter") for name in names)
    assert [name for name in names if not SERVICE.fullmatch(name)] == []
    assert {each["metadata"]["labels"]["app.kubernetes.io/instance"] for each in found} == {release}


@needs_helm
def test_a_release_begins_with_a_letter():
    assert 'expected a name that begins with a letter, as a Service does, found "3north"' in refused(release="3north")


@needs_helm
def test_names_of_digits_stay_names():
    given = (
        "storage.className",
        "secrets.airflow",
        "secrets.environment[0]",
        "secrets.keys",
        "portal.tlsSecret",
        "serviceAccount.name",
    )
    words = ",".join(f"{name}={number}" for number, name in enumerate(given, 101))
    found = rendered(FOLDER, "--set-string", words, "--set", "secrets.keyFiles[0]=token.key")
    [claim] = [each for each in found if each["kind"] == "PersistentVolumeClaim"]
    assert claim["spec"]["storageClassName"] == "101"
    scheduler = pods(found)["scheduler"]
    assert scheduler["serviceAccountName"] == "106"
    assert [each["secretRef"]["name"] for each in scheduler["containers"][0]["envFrom"]] == ["102", "103"]
    secrets = {each["secret"]["secretName"] for pod in pods(found).values() for each in pod["volumes"] if "secret" in each}
    assert secrets == {"104", "105"}
    taken = pods(rendered(FOLDER, "--set-string", "storage.existingClaim=0107"))["portal"]["volumes"]
    assert [each["persistentVolumeClaim"]["claimName"] for each in taken if each["name"] == "claim"] == ["0107"]


@needs_helm
@pytest.mark.parametrize("project", ["/srv/plant, north", "/srv/plant #1", "/srv/一号工厂"])
def test_a_project_s_folder_is_mounted_by_its_name(project):
    found = pods(rendered(FOLDER, "--set-string", f"project={project.replace(',', chr(92) + ',')}"))
    for pod in found.values():
        [container] = pod["containers"]
        assert plain_environment(container)["LAKEWARD_PROJECT"] == project
        assert f"{project}/.lakeward" in {each["mountPath"] for each in container["volumeMounts"]}


@needs_helm
@pytest.mark.parametrize(
    "project", ["plant", "/", "/srv/plant/", "/srv//plant", "/srv/plant: 1", "/srv/../plant", "/srv/$(HOME)", "/srv/a\nb"]
)
def test_a_project_s_folder_is_one_that_can_be_mounted(project):
    assert "/project" in refused("--set-string", f"project={project}")


@needs_helm
@pytest.mark.parametrize("name", ["line3-", "line3_", "3line", "Line3", "a_collector_of_25_letters"])
def test_a_collector_s_name_ends_in_a_name_of_the_cluster(name):
    assert "/collectors/0/name" in refused("--set", f"collectors[0].name={name},collectors[0].datasets[0]=line3")


@needs_helm
def test_two_collectors_are_two_deployments():
    two = ",".join(f"collectors[{n}].name={name},collectors[{n}].datasets[0]=line3" for n, name in enumerate(("a_b", "a-b")))
    assert "collectors: a_b and a-b would be one deployment, collect-a-b" in refused("--set", two)


@needs_helm
@pytest.mark.parametrize(
    "where", ["secrets.airflow", "secrets.environment[0]", "portal.tlsSecret", "storage.existingClaim", "serviceAccount.name"]
)
def test_a_secret_where_its_name_belongs_is_refused_and_not_shown(where):
    said = refused("--set-string", f"{where}=postgresql://me:secret@db/airflow")
    assert f"{where}: expected the name of a thing of the cluster" in said
    assert "me:secret" not in said
