"""A process beside the web server that flies what was asked for: a page must not wait for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from django.conf import settings

from recoup.kernel.clock import now
from recoup.strategy.flights import queries

COMMAND = ("-m", "recoup", "strategy", "fly", "--waiting")


def start() -> bool:
    """
    Start a child that flies whatever waits, unless one flies already or an operator's does; says
    whether it was started. What it prints is kept in `flights.log` under the data folder.
    """
    if settings.FLIGHTS != "child" or queries.is_any_in_the_air(at=now()):
        return False
    with (Path(settings.DATA_DIR) / "flights.log").open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [sys.executable, *COMMAND], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    # Somebody must wait for it, or it stays in the process table as long as the server runs.
    threading.Thread(target=child.wait, daemon=True).start()
    return True
