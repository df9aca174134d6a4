"""The command that serves tables to other machines until it is stopped."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.interrupts import stop_event
from lakeward.cli.render import settings_of
from lakeward.core.errors import ExitCode
from lakeward.core.messages import text


def serve(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option("--host", help="Address to listen on · 监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port; 0 for a free one · 端口，0 为任一空闲端口")] = 31337,
    certificate: Annotated[Path | None, typer.Option("--cert", help="Certificate in PEM · PEM 格式的证书")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Its key in PEM, mode 0600 · PEM 格式的私钥，权限 0600")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Without TLS, for this machine alone · 不使用 TLS，仅限本机")
    ] = False,
) -> None:
    settings = settings_of(context)
    address = flows.ServerAddress(host=host, port=port, certificate=certificate, key=key, insecure=insecure)

    def show(code: str, facts: Mapping[str, object]) -> None:
        typer.echo(text(code, settings.lang, **facts))

    if not flows.serve(settings, address, stop_event(), show):
        sys.stdout.flush()
        os._exit(ExitCode.DONE)  # a client that reads no further holds up the end of its call
