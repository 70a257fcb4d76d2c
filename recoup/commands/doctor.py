"""`recoup doctor`: is everything here that running needs."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from recoup.commands import console

Finding = tuple[str, str, str]  # "ok", "warn" or "fail"; what; what to do


@click.command()
def command() -> None:
    """Look at the installation: what is there, what is missing, what to do."""
    worst = 0
    colour = {"ok": "green", "warn": "yellow", "fail": "red"}
    for check in (
        _settings,
        _database,
        _journal,
        _browser_files,
        _letters,
        _keys,
        _disk,
        _carriers,
    ):
        for state, what, advice in _guarded(check):
            console.out.print(
                f"[{colour[state]}]{state:<4}[/] {what}" + (f"  {advice}" if advice else "")
            )
            worst = max(worst, state == "fail")
    sys.exit(worst)


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    from recoup.kernel.errors import RecoupError

    try:
        yield from check()
    except RecoupError as error:
        yield "fail", error.message, error.hint
    except Exception as error:  # a doctor reports, it does not fall ill
        yield "fail", f"{check.__name__.strip('_')}: {type(error).__name__}: {error}", ""


def _settings() -> Iterator[Finding]:
    console.start(migrate=False)
    from django.conf import settings

    yield (
        "ok",
        f"Recoup {settings.VERSION}, Python {sys.version.split()[0]}, data in {settings.DATA_DIR}",
        "",
    )
    if settings.DEBUG:
        yield "warn", "RECOUP_DEBUG is on.", "Turn it off where anyone else can reach the server."
    if not settings.BEHIND_TLS and set(settings.ALLOWED_HOSTS) - {
        "127.0.0.1",
        "localhost",
        "[::1]",
    }:
        yield (
            "warn",
            "Served to others without TLS.",
            "Put a TLS proxy before it and set RECOUP_TLS=yes.",
        )


def _database() -> Iterator[Finding]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    version = ".".join(map(str, connection.get_database_version()))
    if pending:
        yield (
            "warn",
            f"{connection.vendor} {version} is {len(pending)} migrations behind.",
            "recoup migrate",
        )
    else:
        yield "ok", f"{connection.vendor} {version}, migrated", ""


def _journal() -> Iterator[Finding]:
    from django.db import connection

    if "journal_head" not in connection.introspection.table_names():
        return
    from recoup.journal import queries

    yield (
        "ok",
        f"journal at event {queries.position():,}",
        "recoup journal verify checks every byte",
    )


def _browser_files() -> Iterator[Finding]:
    from recoup.site import browser_files

    missing = browser_files.missing()
    if missing:
        yield "fail", f"browser files missing or changed: {', '.join(missing[:3])}", "make setup"
    else:
        yield "ok", "browser files and fonts, hashes checked", ""


def _letters() -> Iterator[Finding]:
    try:
        import weasyprint  # noqa: F401
    except OSError:
        yield (
            "warn",
            "letters cannot be laid out: libpango is missing",
            "apt-get install libpango-1.0-0",
        )
    else:
        yield "ok", "letters can be laid out", ""


def _keys() -> Iterator[Finding]:
    from django.conf import settings

    from recoup.people import operations

    operations.check_key()
    for path in sorted((Path(settings.DATA_DIR) / "keys").glob("*")):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield "fail", f"{path} can be read by others.", f"chmod 600 {path}"
    yield "ok", "vault key in place", "keep a copy apart from the backups"


def _disk() -> Iterator[Finding]:
    from django.conf import settings

    free = shutil.disk_usage(settings.DATA_DIR).free / 1e9
    yield ("ok" if free > 5 else "warn"), f"{free:,.0f} GB free", "" if free > 5 else "Make room."


def _carriers() -> Iterator[Finding]:
    from django.conf import settings

    for channel, setting, value in (
        ("sms", "RECOUP_SMS_CARRIER", settings.SMS_CARRIER),
        ("email", "RECOUP_SMTP_URL", settings.SMTP_URL),
        ("letter", "RECOUP_LETTER_FOLDER", settings.LETTER_FOLDER),
    ):
        if value:
            yield "ok", f"{channel} carrier configured", ""
        else:
            yield "warn", f"no {channel} carrier: live books send no {channel}", f"Set {setting}."
