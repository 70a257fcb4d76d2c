"""
Opening a placement and being killed in the middle: kill -9, no clean-up.

     batch 1 ─commit─▶ batch 2 ─✗ SIGKILL before commit
     again:            batch 2 ─commit─▶ batch 3 ─commit─▶ opened
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date

import pytest
from django.conf import settings
from django.db import connection

from recoup.intake import operations as intake
from recoup.intake.tests.files import account, csv_file
from recoup.people.models import Sealed
from recoup.portfolio import operations
from recoup.portfolio.models import Borrower, Case, Entry, Loan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CHILD = """
import os, signal, sys
import django
django.setup()
from datetime import datetime, UTC
from pathlib import Path
from django.conf import settings
settings.DATA_DIR = Path(sys.argv[2])
from recoup.intake.models import Placement
from recoup.kernel.actors import Actor
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio.operations import accounts, opening

opening.BATCH = 2
book = Book.objects.get()
real, calls = accounts.age_cases, []

def die(**given):
    real(**given)
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

accounts.age_cases = die
with scopes.acting_for(book):
    opening.open_placement(placement=Placement.objects.get(pk=int(sys.argv[1])),
                           by=Actor.system("child"), at=datetime(2026, 11, 23, 2, tzinfo=UTC))
"""


def address() -> str:
    """The test database, as the child's DATABASE_URL."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    host = (values.get("OPTIONS") or {}).get("host") or values["HOST"]
    return f"postgresql://{values['USER']}@/{values['NAME']}?host={host}"


def test_a_killed_opening_leaves_whole_batches_and_goes_on(book, system, at, tmp_path):
    path = csv_file(tmp_path / "accounts.csv", [account(n) for n in range(1, 6)])
    placement = intake.accept(
        book=book, path=path, mapping="recoup", as_of=date(2026, 11, 23), by=system, at=at
    )
    environment = os.environ | {
        "DATABASE_URL": address(), "DJANGO_SETTINGS_MODULE": "recoup.site.settings",
        "RECOUP_VAULT_KEY": settings.VAULT_KEY,
    }  # fmt: skip

    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(placement.pk), str(settings.DATA_DIR)],
        env=environment, capture_output=True, check=False,
    )  # fmt: skip
    placement.refresh_from_db()
    held = [model.objects.count() for model in (Borrower, Case, Loan, Entry)]
    operations.open_placement(placement=placement, by=system, at=at)

    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    assert held == [2, 2, 2, 2]
    assert [model.objects.count() for model in (Borrower, Case, Loan, Entry)] == [5, 5, 5, 5]
    assert Sealed.objects.filter(kind="name").count() == 5
    assert (placement.state, placement.rows_opened) == ("opened", 5)
