"""
Giving out and being killed in the middle: kill -9, no clean-up.

     file ─▶ cases moved, tasks moved ─✗ SIGKILL before commit
     again:  the same file ─▶ cases, tasks, event ─commit─▶
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings

from recoup.journal.queries import verify
from recoup.portfolio.models import Case
from recoup.portfolio.tests.test_killed import address
from recoup.strategy import operations
from recoup.strategy.models import Assignment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CHILD = """
import os, signal, sys
import django
django.setup()
from datetime import date, datetime, UTC
from pathlib import Path
from django.conf import settings
settings.DATA_DIR = Path(sys.argv[1])
from recoup.kernel.actors import Actor
from recoup.people import scopes
from recoup.people.models import Book
from recoup.strategy.assigning import operations

real = operations._tasks_follow

def die(moves):
    real(moves)
    os.kill(os.getpid(), signal.SIGKILL)

operations._tasks_follow = die
book = Book.objects.get()
with scopes.acting_for(book):
    operations.assign_cases(book=book, on=date(2026, 11, 23), by=Actor.system("child"),
                            at=datetime(2026, 11, 23, 2, tzinfo=UTC))
"""


def test_a_killed_night_gives_out_nothing_and_then_everything(book, crowd, hire, system, at, today):
    hire("lina"), hire("hao")
    environment = os.environ | {
        "DATABASE_URL": address(), "DJANGO_SETTINGS_MODULE": "recoup.site.settings",
        "RECOUP_VAULT_KEY": settings.VAULT_KEY,
    }  # fmt: skip

    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(settings.DATA_DIR)], env=environment,
        capture_output=True, check=False,
    )  # fmt: skip
    held = Case.objects.filter(collector__isnull=False).count()
    row = operations.assign_cases(book=book, on=today, by=system, at=at)

    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    assert (held, Assignment.objects.count()) == (0, 1)
    assert Case.objects.filter(collector__isnull=False).count() == row.given == 12
    assert verify().is_whole
