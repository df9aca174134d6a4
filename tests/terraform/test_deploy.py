"""`deploy/`: what of it can be checked without a container service or a running systemd."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from lakeward.orchestration.installation_settings import wanted_settings
from support.terraform_tool import ROOT

DEPLOY = ROOT / "deploy"
UNITS = DEPLOY / "systemd"
PROCESSES = {"api-server", "scheduler", "dag-processor", "triggerer"}
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on the PATH")


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    """The units as they are, but with programs and users of this machine: those of the server are not here."""
    for file in UNITS.iterdir():
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(re.sub(r"(User|Group)=lakeward", r"\1=root", text), encoding="utf-8")
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--man=no",
            "--recursive-errors=no",
            tmp_path / "lakeward-airflow.target",
            tmp_path / "lakeward-airflow@.service",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    own = [line for line in done.stderr.splitlines() if "lakeward" in line]
    assert (own, done.returncode) == ([], 0)


@needs_systemd
def test_the_processes_are_closed_off(tmp_path):
    shutil.copy(UNITS / "lakeward-airflow@.service", tmp_path / "lakeward-airflow@x.service")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", tmp_path / "lakeward-airflow@x.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("process", sorted(PROCESSES))
def test_the_command_of_each_unit_listens_on_loopback_alone(process):
    """The shell line of the unit, run with a program that prints its words."""
    line = re.search(
        r"^ExecStart=/bin/sh -c '(.+)' airflow$", (UNITS / "lakeward-airflow@.service").read_text(encoding="utf-8"), re.MULTILINE
    )[1]
    script = line.replace("%i", process).replace("$$", "$").replace("/opt/lakeward/venv/bin/airflow", "echo")
    said = subprocess.run(["/bin/sh", "-c", script, "airflow"], capture_output=True, text=True, check=True).stdout.split()
    expected = {"api-server": ["--host", "127.0.0.1"], "scheduler": ["--skip-serve-logs"], "triggerer": ["--skip-serve-logs"]}
    assert said == [process, *expected.get(process, [])]


def test_the_target_starts_every_process():
    wanted = re.search(r"^Wants=(.+)$", (UNITS / "lakeward-airflow.target").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
    assert set(wanted) == {f"lakeward-airflow@{process}.service" for process in PROCESSES}


def test_containers_listen_on_loopback_alone_and_keep_secrets_in_files():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert set(services) == PROCESSES | {"postgres", "migrate"}
    assert [port for service in services.values() for port in service.get("ports", ())] == ["127.0.0.1:8080:8080"]
    assert {service["image"] for name, service in services.items() if name != "postgres"} == {"lakeward"}
    assert all(services[name]["read_only"] and services[name]["user"] == "10001" for name in PROCESSES)
    assert "PASSWORD" not in " ".join(services["postgres"]["environment"]).replace("POSTGRES_PASSWORD_FILE", "")


def test_what_the_image_is_made_of_is_there():
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for word in line.split()[:-1]]
    assert len(copied) > 5
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert "USER lakeward" in text
    uv = re.search(r"^UV := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert uv in text


def test_the_image_of_a_project_lets_a_task_write_where_terraform_mounts_its_volumes():
    text = (DEPLOY / "Containerfile.project").read_text(encoding="utf-8")
    volumes = json.loads(re.search(r"^VOLUME (.+)$", text, re.MULTILINE)[1])
    tasks = (ROOT / "terraform" / "modules" / "orchestration" / "main.tf").read_text(encoding="utf-8")
    plant = re.search(r'^  plant +=\s"(.+)"$', tasks, re.MULTILINE)[1]
    mounted = re.findall(r'= "([^"]+)"', re.search(r"^  scratch = (.+)$", tasks, re.MULTILINE)[1])
    assert {path.replace("${local.plant}", plant) for path in mounted} == set(volumes)
    copied = re.findall(r"^COPY --chown=\S+ (\S+) (\S+)$", text, re.MULTILINE)
    assert copied == [("expectations", f"{plant}/expectations"), ("dags", f"{plant}/dags")]


def test_the_tasks_of_terraform_have_the_settings_that_airflow_needs():
    """Those that `lakeward airflow config` prints; secrets come from the store of secrets."""
    tasks = (ROOT / "terraform" / "modules" / "orchestration" / "main.tf").read_text(encoding="utf-8")
    said = dict(re.findall(r'^    (\w+) += (?:"(.*)"|jsonencode.+|local.+)$', tasks, re.MULTILINE))
    for setting in wanted_settings(ROOT):
        if setting.value and "BUNDLE" not in setting.variable:
            assert said[setting.variable] == setting.value, setting.variable
