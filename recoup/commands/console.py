"""What the commands share: starting Django, finding the book, saying what went wrong."""

from __future__ import annotations

import sys
import time as wall
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from recoup.kernel import clock
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid, RecoupError, Refused

# Piped output has no width: tables must not be cut at the 80 columns that would be guessed.
PIPED = 160
MOST_PROBLEMS = 50
OLDEST = 1990  # the year before which no book of ours can be of
LATEST = 2200  # and one after which none will be


class Day(click.DateTime):
    """A day that a book can have, so that the midnights around it exist."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The day. Fails with a line for one that is far from ours."""
        day: datetime = super().convert(value, param, ctx)
        if not OLDEST <= day.year <= LATEST:
            self.fail(f"{value} is no day between {OLDEST} and {LATEST}.", param, ctx)
        return day


DAY = Day()
out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED)


@contextmanager
def plainly() -> Iterator[None]:
    """
    Turn whatever may go wrong with an operator's input or machine into a line, a hint and a code.

    2 for input that is wrong (`Invalid`, a file that cannot be read), 1 for everything else that
    was anticipated. A bug shows its traceback.
    """
    try:
        yield
    except RecoupError as anticipated:
        wrong = isinstance(anticipated, Invalid)
        problems = anticipated.problems if isinstance(anticipated, Invalid) else ()
        _complain(anticipated.message, anticipated.hint, [str(each) for each in problems])
        raise click.exceptions.Exit(2 if wrong else 1) from None
    except UnicodeError as undecodable:
        _complain(
            f"A text is not {getattr(undecodable, 'encoding', 'UTF-8').upper()}.",
            "Save the file as UTF-8 and try again.",
        )
        raise click.exceptions.Exit(2) from None
    except BrokenPipeError:
        raise  # whoever read our output has seen enough: click ends quietly
    except OSError as broken:
        named = f"{broken.filename}: " if broken.filename else ""
        reason = broken.strerror or type(broken).__name__
        _complain(f"{named}{reason}.", "Check the path, and that you may read and write there.")
        raise click.exceptions.Exit(2) from None
    except Exception as error:
        # Told by its name: Django is not loaded where only help is asked for.
        if (
            type(error).__module__ != "django.db.utils"
            or type(error).__name__ != "OperationalError"
        ):
            raise
        said = str(error).strip().splitlines() or ["it does not say why"]
        _complain(
            f"The database does not answer as it should: {said[0]}.",
            "Look at DATABASE_URL, at the disk, and at `recoup doctor`.",
        )
        raise click.exceptions.Exit(1) from None


def _complain(message: str, hint: str, problems: list[str] | None = None) -> None:
    click.secho(f"{message} {hint}".strip(), fg="red", err=True)
    listed = problems or []
    for problem in listed[:MOST_PROBLEMS]:
        click.echo(f"  {problem}", err=True)
    if len(listed) > MOST_PROBLEMS:
        click.echo(f"  ... and {len(listed) - MOST_PROBLEMS} more", err=True)


def say(text: str) -> None:
    """Print a line as it is: never wrapped, no markup, so that it can be piped and copied."""
    out.print(text, soft_wrap=True, markup=False)


def text_of(path: Path) -> str:
    """
    The text of a small file that a person wrote.

    :raises Invalid: if it is a folder, no text, or not in UTF-8
    """
    if path.is_dir():
        raise Invalid(f"{path} is a folder.", hint="Name a file in it.")
    if not path.exists():
        raise Invalid(f"There is no file {path}.", hint="Check the path.")
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            f"{path} is not UTF-8 text.", hint="Open it in a text editor and save it as UTF-8."
        ) from None
    if "\x00" in text:
        raise Invalid(f"{path} is not text.", hint="Name a text file in UTF-8.")
    return text.replace("\r\n", "\n")


def start(*, migrate: bool = True) -> None:
    """
    Start Django; bring the embedded database up to date.

    :raises Invalid: if a database server is behind: migrating it is an operator's decision
    """
    import django
    from django.utils import translation

    django.setup()
    # The terminal speaks one language, whatever the screens speak.
    translation.activate("en")
    if not migrate:
        return
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not pending:
        return
    if connection.vendor == "sqlite" or not executor.loader.applied_migrations:
        call_command("migrate", verbosity=0, interactive=False)
        return
    raise Invalid(
        f"The database is {len(pending)} migrations behind.",
        hint="Make a backup, then run `recoup migrate`.",
    )


def actor(command: str) -> Actor:
    """The operator who typed the command, as the journal names them."""
    return Actor.system(f"recoup {command}")


def book_of(code: str | None) -> Any:
    """
    The book of a code, or the only one there is.

    :raises Invalid: if there is none of that code, or no code was given and there are several
    """
    from recoup.people.models import Book

    books = list(Book.objects.select_related("creditor").order_by("pk"))
    if code:
        found = [book for book in books if book.code == code]
    else:
        found = books if len(books) == 1 else []
    if found:
        return found[0]
    known = ", ".join(book.code for book in books) or "none yet"
    raise Invalid(
        f"There is no book {code!r}." if code else "Say which book with --book.",
        hint=f"Books: {known}. `recoup book open` opens one.",
    )


def signed_in(username: str, password: str) -> Any:
    """
    The viewer that a named person is, by their own password.

    :raises Refused: if the account is not there, was closed, or the password is another
    """
    from recoup.people import scopes
    from recoup.people.models import User

    user = User.objects.filter(username=username, is_active=True).first()
    if user is None or not user.check_password(password):
        raise Refused(
            f"{username} is not known here, or the password is another.", rules=("people.sign_in",),
            hint="An account is added with `recoup user add`.",
        )  # fmt: skip
    return scopes.viewer_of(user)


def day_of(value: datetime | None, book: Any) -> date:
    """
    The day that was given, else today at the book's place.

    :raises Invalid: for a day to come of a live book: its facts are not there yet
    """
    today = clock.local_day(clock.now(), book.time_zone)
    if value is None:
        return today
    if value.year < OLDEST:
        raise Invalid(f"{value.date()} is too long ago.", hint="Correct --at.")
    if value.date() > today and not book.is_demo:
        raise Invalid(
            f"{value.date()} is still to come; today is {today} at the place of {book.code}.",
            hint="Give today or an earlier day, or leave --at out.",
        )
    return value.date()


def instant(on: date, book: Any, *, given: bool, wall: time = time(2)) -> datetime:
    """Now for a day that was not given; else that day at an hour of the book's place."""
    return clock.at_local(on, wall, book.time_zone) if given else clock.now()


class Timings:
    """Where time went: wall and CPU seconds by stage."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens inside to a stage."""
        began, cpu = wall.perf_counter(), wall.process_time()
        try:
            yield
        finally:
            self.wall[name] = self.wall.get(name, 0.0) + wall.perf_counter() - began
            self.cpu[name] = self.cpu.get(name, 0.0) + wall.process_time() - cpu


@contextmanager
def progress() -> Iterator[Any]:
    """A bar for each stage of long work; a line now and then where there is no terminal."""
    bars = Bars(
        SpinnerColumn(), TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), console=out, transient=False,
    )  # fmt: skip
    tasks: dict[str, Any] = {}
    said: dict[str, float] = {}

    def report(stage: str, done: int, total: int | None = None) -> None:
        if not out.is_terminal:
            now = wall.monotonic()
            if (total and done >= total) or now - said.get(stage, now - 4) > 5:
                said[stage] = now
                out.print(f"{stage}: {done:,}" + (f" of {total:,}" if total else ""))
            return
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    if out.is_terminal:
        with bars:
            yield report
    else:
        yield report


def money(minor: int, currency: str) -> str:
    """An amount as people read it."""
    from recoup.kernel.money import Money

    return str(Money(int(minor), currency))


BOOK = click.option("--book", "code", metavar="CODE", help="The book; needed if there are several.")
ON = click.option(
    "--at", "on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="The day, as 2026-11-23; today if not given.",
)  # fmt: skip
WHO = click.option("--as", "username", required=True, metavar="USER", help="Who does it.")
PASSWORD = click.option(
    "--password", prompt="Password", hide_input=True, envvar="RECOUP_PASSWORD",
    help="That person's own; asked for if not given.",
)  # fmt: skip
