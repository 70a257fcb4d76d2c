"""
A live book from nothing to sent contacts, by the commands that docs/live.md tells of.

The carriers are local servers; only the last step is given an instant, because the wall clock of a
test may be outside the hours in which contact is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from recoup import path
from recoup.commands.tests.conftest import PASSWORD, Run
from recoup.contact.models import Attempt
from recoup.intake.tests.files import account, csv_file
from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel import clock
from recoup.kernel.actors import Actor
from recoup.people import scopes
from recoup.people.models import Book
from recoup.synth.carriers.street import Carriers
from recoup.synth.trial import settings_of

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def carriers(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Iterator[Carriers]:
    """Local carriers, set as a live book's own are: by the settings that the trial prints."""
    played = Carriers(tmp_path_factory.mktemp("carriers"))
    played.start()
    lines = [line.removeprefix("export RECOUP_").split("=", 1) for line in settings_of(played)]
    for name, value in lines:
        setattr(settings, name, value.strip("'"))
    settings.SMS_HTTP_TEMPLATES = {"*": "SMS_TRIAL"}
    yield played
    played.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Thirty accounts 20 days overdue, and one whose principal is no amount."""
    today = clock.local_day(clock.now(), "Asia/Shanghai")
    due = str(today - timedelta(days=20))
    rows = [
        account(n, overdue_since=due, issued_on=str(today - timedelta(days=300)),
                identity_number=f"1101011990030{n:05d}", phone=f"138123{n:05d}",
                email=f"c{n}@example.com", name=f"王{n}")
        for n in range(1, 31)
    ]  # fmt: skip
    return csv_file(tmp_path / "accounts.csv", [*rows, account(99, principal="x")])


def done(run: Run, *words: object) -> str:
    """Type a command that must go well."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def prepare(run: Run, file: Path) -> None:
    """From nothing to a book with texts, senders and a strategy."""
    done(run, "book", "open", "--code", "first", "--name", "一号账本", "--creditor", "lender",
         "--creditor-name", "某某消费金融", "--complaint-phone", "400-123-4567")  # fmt: skip
    for name, role in (("wu", "compliance"), ("sun", "analyst")):
        done(run, "user", "add", name, "--name", name, "--role", role, "--creditor", "lender",
             "--password", PASSWORD)  # fmt: skip
    done(run, "key", "add", "core", "--creditor", "lender", "--may", "placements")
    done(run, "accept", file, "--mapping", "recoup", "--book", "first")
    done(run, "template", "install", "--book", "first")


def test_a_live_book_goes_from_nothing_to_sent_contacts_by_commands(
    run: Run,
    carriers: Carriers,
    file: Path,
    tmp_path: Path,
) -> None:
    prepare(run, file)
    lacking = done(run, "doctor")
    for code in ("cn-sms-reminder", "cn-sms-plan", "cn-email-reminder", "cn-email-plan",
                 "cn-letter-notice"):  # fmt: skip
        done(run, "template", "approve", code, "--as", "wu", "--password", PASSWORD)
    for channel, address in (("sms", "10690001"), ("email", "service@lender.example.com"),
                             ("letter", "某某消费金融")):  # fmt: skip
        done(run, "sender", "add", channel, address, "--creditor", "lender")
    for paper in ("retention_policy", "impact_assessment"):
        done(run, "paper", "add", paper, "--creditor", "lender", "--source", "合规部文件",
             "--since", "2026-01-01")  # fmt: skip
    source = tmp_path / "strategy.yaml"
    source.write_text(done(run, "strategy", "show"))
    done(run, "strategy", "add", source)
    done(run, "strategy", "activate", "default-cn@1")
    whole = done(run, "doctor")
    book = Book.objects.select_related("creditor").get(code="first")
    today = clock.local_day(clock.now(), book.time_zone)
    planned = done(run, "night", "--at", today)

    with scopes.acting_for(book):
        for hour in (9, 11, 14, 17, 19):
            path.tick(book=book, at=clock.at_local(today, time(hour, 30), book.time_zone),
                      by=Actor.system("test"))  # fmt: skip

        assert Attempt.objects.filter(state="accepted").count() > 10
        assert set(Attempt.objects.values_list("state", flat=True)) == {"accepted"}
        received = carriers.received()
        assert len(received) == Attempt.objects.count()
    assert any("某某消费金融" in one.text for one in received)
    assert "book first: no strategy is in force" in lacking
    assert "book first: sms: no approved text in zh-hans" in lacking
    assert "book first: texts approved, senders registered, default-cn v1" in whole
    assert re.search(r"一号账本 \d{4}-\d\d-\d\d: 30 cases, [1-9]\d* actions chosen", planned)
    assert done(run, "day")
    assert journal.verify().is_whole
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"gate.template_approved", "gate.sender_registered", "strategy.activated"} <= kinds


def test_without_a_persons_approval_nothing_is_sent_and_the_night_says_why(
    run: Run,
    carriers: Carriers,
    file: Path,
) -> None:
    prepare(run, file)
    book = Book.objects.select_related("creditor").get(code="first")
    today = clock.local_day(clock.now(), book.time_zone)

    planned = done(run, "night", "--at", today)
    with scopes.acting_for(book):
        path.tick(book=book, at=clock.at_local(today, time(10, 30), book.time_zone),
                  by=Actor.system("test"))  # fmt: skip
        assert Attempt.objects.count() == 0

    assert carriers.received() == []
    assert "the text cn-sms-reminder, which the strategy sends, is not approved" in planned
    assert "no sender is registered" in planned
    assert "Refuse any number that is not in the registry" in planned


def test_a_night_before_the_last_one_is_refused_and_the_day_is_named(
    run: Run,
    carriers: Carriers,
    file: Path,
) -> None:
    prepare(run, file)
    today = clock.local_day(clock.now(), "Asia/Shanghai")
    done(run, "night", "--at", today)

    result = run("night", "--at", today - timedelta(days=2))

    assert result.exit_code == 2
    assert f"The last night of first was for {today}" in result.output


def test_every_command_of_the_page_is_one_that_there_is() -> None:
    """Each `recoup ...` line of docs/live.md names a command and options that exist."""
    import click

    from recoup.commands import recoup

    page = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
    lines = re.findall(r"(?m)^\.venv/bin/recoup (.+)$", page)
    assert len(lines) > 12
    for line in lines:
        words = line.split("#")[0].split()
        command: Any = recoup
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words.pop(0))
            assert command is not None, line
        known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, line
