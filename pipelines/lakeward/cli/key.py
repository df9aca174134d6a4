"""Commands for keys. No key is printed, and none is an argument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of

By = Annotated[str, typer.Option("--by", help="Who; default: the token's account · 经办人，默认为令牌账号")]
Reason = Annotated[str, typer.Option("--reason", help="Why · 原因")]
COLUMNS = ("key_id", "column", "algorithm", "generation", "state", "wrapping_key_id", "changed_by", "reason", "changed_at")


def new(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="New file, outside the lake · 新文件，位于湖外")],
    *,
    scheme: Annotated[str, typer.Option("--scheme", help="sm4-cmac, hmac-sha256, key-wrap, sm2")] = "sm4-cmac",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    made = flows.create_key_file(file, scheme)
    if as_json:
        print_json(made)
    else:
        print_message(settings.lang, "key_file_created", file=made.file, key=made.key_id, scheme=made.scheme)


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_keys(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_keys", found, COLUMNS)
    else:
        print_message(settings.lang, "keys_none")


def rotate(
    context: typer.Context,
    column: Annotated[str, typer.Argument(help="layer.table.column · 层.表.列")],
    *,
    algorithm: Annotated[str, typer.Option("--algorithm", help="sm4, aes")] = "sm4",
    by: By = "",
    reason: Reason = "",
) -> None:
    settings = settings_of(context)
    made = flows.rotate_key(settings, column, algorithm, flows.KeyAuthor(by=by, reason=reason))
    print_message(settings.lang, "key_rotated", key=made.key_id, column=made.column, generation=made.generation)


def rewrap(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File of the new wrapping key · 新封装密钥文件")],
    *,
    by: By = "",
    reason: Reason = "",
) -> None:
    settings = settings_of(context)
    changed = flows.rewrap_keys(settings, file, flows.KeyAuthor(by=by, reason=reason))
    print_message(settings.lang, "keys_rewrapped", count=len(changed), file=file)


def destroy(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="Id of the key · 密钥标识")],
    *,
    reason: Reason = "",
    by: By = "",
) -> None:
    settings = settings_of(context)
    gone = flows.destroy_key(settings, key_id, flows.KeyAuthor(by=by, reason=reason))
    print_message(settings.lang, "key_destroyed", key=gone.key_id, column=gone.column, by=gone.changed_by)


def approve(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Id of a key, sm4-cmac or hmac-sha256 · 密钥标识、sm4-cmac 或 hmac-sha256")],
    *,
    reason: Reason = "",
) -> None:
    settings = settings_of(context)
    print_message(settings.lang, "key_approved", key=name, by=flows.approve_key_change(settings, name, reason))


def scheme(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="sm4-cmac, hmac-sha256")],
    *,
    reason: Reason = "",
    by: By = "",
) -> None:
    settings = settings_of(context)
    before = flows.decide_token_scheme(settings, name, flows.KeyAuthor(by=by, reason=reason))
    print_message(settings.lang, "key_scheme_decided", scheme=name, before=before or "-")
