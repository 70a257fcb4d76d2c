"""Whole installations for tests that kill processes: a folder and a database, copied in a moment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
DRIVE = [sys.executable, "-m", "tests.journeys.drive"]


@dataclass
class House:
    """One installation: its data folder and its database."""

    home: Path
    url: str

    @classmethod
    def build(cls, home: Path) -> House:
        """An empty one, on the kind of database the tests run on."""
        home.mkdir(parents=True)
        server = os.environ.get("DATABASE_URL", "")
        if not server.startswith("postgres"):
            return cls(home, f"sqlite:///{home / 'recoup.sqlite3'}")
        return cls(home, _database(server, home.name, template=None))

    def copy(self, home: Path) -> House:
        """The same installation once more."""
        shutil.copytree(self.home, home)
        if self.url.startswith("sqlite"):
            return House(home, f"sqlite:///{home / 'recoup.sqlite3'}")
        return House(home, _database(self.url, home.name, template=urlsplit(self.url).path[1:]))

    def environment(self) -> dict[str, str]:
        """What a process needs to live here."""
        return {
            **os.environ, "RECOUP_HOME": str(self.home), "DATABASE_URL": self.url,
            "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1",
        }  # fmt: skip

    def run(self, *stretches: str) -> str:
        """Run stretches to their end; gives what they printed after `ready`."""
        done = subprocess.run(
            [*DRIVE, *stretches], env=self.environment(), cwd=ROOT, capture_output=True, text=True,
            check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.split("ready\n", 1)[1]

    def timed(self, stretch: str) -> float:
        """Run a stretch to its end; gives the seconds of the work itself."""
        child = self._start(stretch)
        began = time.monotonic()
        assert child.wait(timeout=300) == 0
        return time.monotonic() - began

    def kill(self, stretch: str, after: float) -> bool:
        """Start a stretch and kill -9 it; gives whether it was still at work."""
        child = self._start(stretch)
        time.sleep(after)
        working = child.poll() is None
        if working:
            child.send_signal(signal.SIGKILL)
        child.wait(timeout=60)
        return working

    def _start(self, stretch: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [*DRIVE, stretch], env=self.environment(), cwd=ROOT, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    def facts(self, *after: str) -> dict[str, Any]:
        """What there is now, or after running some stretches to their end."""
        loaded: dict[str, Any] = json.loads(self.run(*after, "facts").splitlines()[-1])
        return loaded


def _database(server: str, name: str, *, template: str | None) -> str:
    import psycopg

    fresh = f"recoup_{os.getpid()}_{name}".replace("-", "_").lower()
    parts = urlsplit(server)
    admin = parts._replace(path="/postgres").geturl()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{fresh}" WITH (FORCE)')
        source = f' TEMPLATE "{template}"' if template else ""
        connection.execute(f'CREATE DATABASE "{fresh}"{source}')
    return parts._replace(path=f"/{fresh}").geturl()
