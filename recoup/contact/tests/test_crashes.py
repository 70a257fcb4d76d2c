"""The power goes at every step between the permit and the record; nothing is sent twice or lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recoup.synth import carriers as street

RUN = (
    "import django; django.setup(); from recoup.contact.tests import crashing; crashing.main('{}')"
)
DIED = 9


@pytest.mark.slow
def test_a_crash_at_any_step_sends_each_contact_exactly_once(tmp_path: Path) -> None:
    environment = {
        **os.environ, "RECOUP_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "recoup.site.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'crash.sqlite3'}",
    }  # fmt: skip

    def run(step: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", RUN.format(step)], env=environment, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip

    with street.start(home=tmp_path) as carriers:
        for step in ("reserved", "handing", "handed_over"):
            crashed = run(step)
            assert crashed.returncode == DIED, crashed.stderr[-2000:]
        recovered = run("recover")
        received = sorted(row.key for row in carriers.received())

    assert recovered.returncode == 0, recovered.stderr[-2000:]
    said = json.loads(recovered.stdout)
    assert said["before"] == ["reserved", "handing", "handing"]
    assert said["after"] == ["accepted"] * 3
    assert received == said["keys"]
