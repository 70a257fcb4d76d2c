"""The Gymnasium environment: its contract, the same book as the laboratory, no budget broken."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import fields

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="the extra `lab` is not installed")

from gymnasium.utils.env_checker import check_env

from recoup.kernel.errors import Invalid
from recoup.simulator.actions import Capacity
from recoup.simulator.environment import CHOICES, Environment
from recoup.simulator.laboratory import Laboratory


@pytest.mark.parametrize("ranked", [False, True])
def test_it_keeps_gymnasiums_contract(ranked: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it has no render mode to try
        check_env(Environment(size=60, days=5, variant="mid", ranked=ranked))


def test_it_is_the_laboratorys_book_step_by_step() -> None:
    most = Capacity(sms=50)  # enough for forty
    environment = Environment(size=300, days=8, variant="early", capacity=most)
    seen, info = environment.reset(seed=2001)
    laboratory = Laboratory(size=300, seed=2001, variant="early", capacity=most)
    assert info["seed"] == 2001 and "simulated" in info["simulator"]

    for day in range(8):
        wanted = np.where(seen["arrears"] > 0, (day % len(CHOICES)) + 1, 0)
        wanted[40:] = 0
        action = CHOICES[day % len(CHOICES)].on(np.flatnonzero(wanted))
        seen, reward, _, cut, info = environment.step(wanted)
        played = laboratory.play([action])

        log = laboratory.log()
        assert reward == played.paid - played.cost
        assert info["used"] == played.used and info["trimmed"] == 0
        for field in fields(log):
            assert (seen[field.name] == getattr(log, field.name)).all(), field.name
    assert cut


def test_what_the_day_does_not_bear_is_not_done_and_is_counted() -> None:
    environment = Environment(size=50, days=3, capacity=Capacity(sms=10))
    environment.reset(seed=2002)

    seen, _, _, _, info = environment.step(np.ones(50, dtype=np.int64))

    assert info["used"]["sms"] == 10 and info["trimmed"] == 40
    assert (seen["contacts"][:10, 0] == 1).all() and (seen["contacts"][10:] == 0).all()


def test_priority_says_who_is_served() -> None:
    environment = Environment(size=50, days=3, capacity=Capacity(sms=10), ranked=True)
    environment.reset(seed=2002)
    last = np.linspace(0, 1, 50, dtype=np.float32)

    seen, *_ = environment.step({"choice": np.ones(50, dtype=np.int64), "priority": last})

    assert (seen["contacts"][40:, 0] == 1).all() and seen["contacts"].sum() == 10


def test_random_play_breaks_no_budget() -> None:
    environment = Environment(size=400, days=6, variant="stress")
    environment.reset(seed=2003)
    environment.action_space.seed(1)
    most = Laboratory(size=400, seed=2003, variant="stress").capacity.limits()

    for _ in range(6):
        *_, info = environment.step(environment.action_space.sample())
        assert all(amount <= most[name] + 1e-6 for name, amount in info["used"].items())


def test_an_action_outside_the_space_is_invalid() -> None:
    environment = Environment(size=5, days=2)
    environment.reset(seed=2004)

    with pytest.raises(Invalid):
        environment.step(np.full(5, 99))


def test_nobody_needs_gymnasium_who_does_not_ask_for_it() -> None:
    code = "import sys, recoup.simulator.laboratory, recoup.simulator.moments; "
    code += "sys.exit('gymnasium' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
