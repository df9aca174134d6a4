"""Measures the portal and the static scorecard over an estate of so many datasets, 100 rules each, 10 batches.

    PYTHONPATH=tests python tests/bench/portal.py [DATASETS [SECONDS]]

Every page is asked for by one reader, and then by eight at once without a pause, through HTTP, from the command `lakeward portal`. CPU
seconds of the server stand beside times of the clock, as the machine may be shared.
"""

import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

from lakeward.flows.base.workspace import open_workspace
from lakeward.portal.export import build_scorecard
from support.portal_site import account_name, make_logins
from support.recorded_estate import append, make_recorded_estate

READERS = 8
PAGES = (
    *("/", "/work", "/datasets", "/datasets?domain=quality&dimension=accuracy", "/datasets?p=15"),
    *("/d/line_0042", "/d/line_0042/columns", "/d/line_0042/runs", "/d/line_0042/quarantine", "/d/line_0042/r/rule_055"),
    *(
        "/run/line_0042-10",
        "/evidence/totals/score",
        "/evidence/rules/line_0042/rule_055/failed",
        "/search?q=wendu",
        "/search?q=line_07",
    ),
    *("/glossary", "/lineage", "/lineage?c=silver.line_0008", "/lineage?c=gold.line_0009.c5", "/impact?c=bronze.line_0008.c5"),
    *(
        "/impact?c=bronze.line_0008",
        "/grades",
        "/important",
        "/readiness",
        "/readiness/11.2",
        "/access",
        "/access/logins",
        "/help",
    ),
)
OF_STEWARD = ("/quarantine", "/quarantine/line_0042", "/grades/line_0042/c5")
PROGRAM = "from lakeward.cli.main import main; main()"
WORDS = [sys.executable, "-c", PROGRAM, "portal", "--port", "0", "--project"]


class Reader:
    """A browser without a screen: one connection, logged in; or with the cookie of a log-in."""

    def __init__(self, port, role, password, cookie=""):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookie = cookie or self._log_in(role, password)

    def _log_in(self, role, password):
        fields = urlencode({"account": account_name(role), "password": password, "next": "/"})
        head = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        self.connection.request("POST", "/login", fields, head)
        answer = self.connection.getresponse()
        answer.read()
        return answer.headers["set-cookie"].partition(";")[0]

    def get(self, address):
        """Seconds and compressed bytes of a page."""
        began = time.perf_counter()
        self.connection.request("GET", address, headers={"cookie": self.cookie, "accept-encoding": "gzip"})
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (address, answer.status)
        return time.perf_counter() - began, len(body if answer.headers["content-encoding"] == "gzip" else gzip.compress(body))


class Served:
    """The command `lakeward portal` of a project."""

    def __init__(self, root):
        began = time.perf_counter()
        self.process = subprocess.Popen([*WORDS, str(root)], stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline())[1])
        while not self._answers():
            time.sleep(0.02)
        self.started = time.perf_counter() - began

    def _answers(self):
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, name="VmHWM"):
        """MiB; at most, by default."""
        found = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)


def measure_pages(served, passwords, seconds):
    for role, pages in (("cdo", PAGES), ("steward", OF_STEWARD)):
        reader = Reader(served.port, role, passwords[role])
        for address in pages:
            before = served.cpu()
            found = [reader.get(address) for _ in range(21)][1:]
            cpu = (served.cpu() - before) / 21
            times = sorted(1000 * each for each, _ in found)
            print(
                f"{address:45} p50 {times[10]:6.0f} ms  p95 {times[18]:6.0f} ms  CPU {1000 * cpu:5.0f} ms  {found[0][1] / 1000:6.1f} kB",
                flush=True,
            )
    print(f"memory after one reader: {served.memory():.0f} MiB at most, {served.memory('VmRSS'):.0f} MiB now")
    measure_many(served, passwords["cdo"], seconds)


def measure_many(served, password, seconds):
    """Eight readers, each through all pages in an order of its own, without a pause; one log-in, as an account has a limit of tries."""
    cookie = Reader(served.port, "cdo", password).cookie
    times = {address: [] for address in PAGES}
    stop, lock = time.monotonic() + seconds, threading.Lock()

    def read(number):
        reader = Reader(served.port, "cdo", password, cookie)
        at = number * 5
        while time.monotonic() < stop:
            address = PAGES[at % len(PAGES)]
            took, _ = reader.get(address)
            with lock:
                times[address].append(1000 * took)
            at += 1

    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = sorted(each for found in times.values() for each in found)
    for address, found in times.items():
        found.sort()
        print(
            f"{READERS} readers {address:45} n {len(found):4}  p50 {quantile(found, 0.5):6.0f} ms  p95 {quantile(found, 0.95):6.0f} ms"
        )
    print(
        f"{READERS} readers, all pages: {len(every) / seconds:.0f} a second, p50 {quantile(every, 0.5):.0f} ms, p95 {quantile(every, 0.95):.0f} ms"
    )
    print(f"memory after {READERS} readers: {served.memory():.0f} MiB at most, {served.memory('VmRSS'):.0f} MiB now")


def quantile(found, share):
    return found[min(int(share * len(found)), len(found) - 1)] if found else float("nan")


def measure_step(settings, served, passwords):
    """Until a page shows one dataset's new batch, but for the wait of the follower; and the CPU of it."""
    reader = Reader(served.port, "cdo", passwords["cdo"])
    reader.get("/d/line_0042/runs")
    before = served.cpu()
    with open_workspace(settings).engine() as engine:
        append(engine, "verdicts", 1, range(11, 12), 100, first=42)
        append(engine, "runs", 1, range(11, 12), 1, first=42)
    began = time.monotonic()
    while time.monotonic() - began < 30:
        time.sleep(0.5)
        reader.connection.request("GET", "/run/line_0042-11", headers={"cookie": reader.cookie})
        answer = reader.connection.getresponse()
        answer.read()
        if answer.status == 200:
            break
    print(
        f"one step: {served.cpu() - before:.2f} CPU s, seen after {time.monotonic() - began:.1f} s (the lake is looked at every 5 s)"
    )


def measure_export(settings, folder):
    began, cpu = time.perf_counter(), time.process_time()
    file = build_scorecard(settings, folder)
    pages = [len(each.read_bytes()) / 1e6 for each in sorted(folder.glob("*.html"))]
    print(f"static scorecard: {time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} CPU s, {pages} MB, {file}")


def main():
    datasets = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    with tempfile.TemporaryDirectory() as folder:
        settings = make_recorded_estate(Path(folder) / "plant", datasets)
        measure_export(settings, Path(folder) / "out")
        passwords = make_logins(settings)
        served = Served(settings.start)
        print(f"first start, full build: {served.started:.1f} s, {served.cpu():.1f} CPU s, {served.memory():.0f} MiB at most")
        served.stop()
        served = Served(settings.start)
        print(f"start on the read model: {served.started:.2f} s, {served.cpu():.2f} CPU s, {served.memory():.0f} MiB")
        try:
            measure_pages(served, passwords, seconds)
            measure_step(settings, served, passwords)
        finally:
            served.stop()


if __name__ == "__main__":
    main()
