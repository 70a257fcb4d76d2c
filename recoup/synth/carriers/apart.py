"""
The carriers in a process of their own, as in the world outside.

A demo sends through one core and receives on the other. The process ends when its standard input
closes, so it never outlives whoever started it, however that one ended.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from recoup.kernel.clock import now
from recoup.kernel.errors import Failed
from recoup.synth.carriers.log import Delivered, Log
from recoup.synth.carriers.print_house import PrintHouse
from recoup.synth.outside import READY


class Apart:
    """Carriers that run elsewhere on this machine; what they received is read from their log."""

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self.log = Log(self.home / "demo-carriers.sqlite3", now)
        self.letters = PrintHouse(self.log, self.home / "print-house")
        self._child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "recoup.synth.outside", str(self.home)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._child.stdout is not None
        if self._child.stdout.readline() != READY:
            self.stop()
            raise Failed("The simulated carriers did not start.", permanent=False)

    def received(self, since: int = 0) -> list[Delivered]:
        """What came after a number, in order; the last one's `number` resumes there."""
        self.letters.fetch()
        return self.log.since(since)

    def stop(self) -> None:
        """Close all doors."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(timeout=20)
        self.log.close()
