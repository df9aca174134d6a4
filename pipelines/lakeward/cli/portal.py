"""The command that opens the portal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward.cli.render import print_message, settings_of

if TYPE_CHECKING:
    from lakeward.flows import Portal


def portal(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option("--host", help="Address to listen at · 监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0: any free one · 端口，0 为任意空闲端口")] = 8420,
    certificate: Annotated[Path | None, typer.Option("--certificate", help="File of the TLS certificate · TLS 证书文件")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="File of its private key · 证书私钥文件")] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A proxy ends TLS · 由代理终止 TLS")] = False,
    user_header: Annotated[
        str | None, typer.Option("--user-header", help="Header by which the proxy names the account · 代理注明账号的请求头")
    ] = None,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Answer /metrics for Prometheus · 提供 /metrics 供 Prometheus 采集")
    ] = False,
) -> None:
    from lakeward.portal.server import Door, serve_portal  # noqa: PLC0415 -- of an extra

    settings = settings_of(context)

    def show_address(opened: Portal, address: str) -> None:
        print_message(settings.lang, "portal_serves", project=opened.name, address=address)
        if opened.sign_ins is None and not opened.logins.has_passwords():
            print_message(settings.lang, "portal_first_account")
        sys.stdout.flush()

    door = Door(
        host=host,
        port=port,
        certificate=certificate,
        key=key,
        behind_proxy=behind_proxy,
        user_header=user_header,
        has_metrics=metrics,
    )
    serve_portal(settings, door, show_address)
