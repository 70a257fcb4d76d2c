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
        _live_books,
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
    from django.conf import settings

    from recoup.site import browser_files

    wrong = browser_files.wrong(Path(settings.BROWSER_FILES))
    if wrong:
        named = ", ".join(wrong[:3]) + (" ..." if len(wrong) > 3 else "")
        yield "fail", f"{len(wrong)} browser files missing or changed: {named}", "make setup"
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
    from recoup.contact import carriers
    from recoup.people.models import Book

    # A book that is not kept: only its mode is asked for.
    unset = carriers.unset_channels(Book(mode=Book.Mode.LIVE))
    for channel in carriers.CHANNELS:
        if channel in unset:
            without = f"no {channel} carrier: live books send no {channel}"
            yield "warn", without, unset[channel].hint
        else:
            yield "ok", f"{channel} carrier configured", ""


def _live_books() -> Iterator[Finding]:
    """For each live book, what is lacking before it can send."""
    from django.db import connection

    from recoup.gate import queries
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.people.models import Book
    from recoup.strategy import queries as strategy

    if "people_book" not in connection.introspection.table_names():
        return
    for book in Book.objects.select_related("creditor").filter(mode="live").order_by("pk"):
        on = clock.local_day(clock.now(), book.time_zone)
        with scopes.acting_for(book):
            found = [(gap.channel, gap.what, gap.advice) for gap in queries.gaps(book=book, on=on)]
            version = strategy.active(book=book)
        if version is None:
            found.insert(0, ("", "no strategy is in force", "recoup strategy add FILE --activate"))
        for channel, what, advice in found:
            yield "warn", f"book {book.code}: {channel + ': ' if channel else ''}{what}", advice
        if not found:
            yield "ok", f"book {book.code}: texts approved, senders registered, {version}", ""
