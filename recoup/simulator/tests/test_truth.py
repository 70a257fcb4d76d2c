"""What is true under the model: exact where it says so, and out of every policy's reach."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from recoup.kernel.errors import Invalid
from recoup.simulator import truth
from recoup.simulator.actions import Action, Offer
from recoup.simulator.laboratory import Laboratory

ROOT = Path(__file__).resolve().parents[3]
# Who may know the truth: the simulator itself, and benches that judge; no folder of policies.
OWN = {"self", "other"}  # a class may name what it keeps itself as it likes, and copy it
MAY_KNOW = ("recoup/simulator/", "bench/")


def worked(size: int = 8000) -> Laboratory:
    """A book that has been contacted for some days."""
    laboratory = Laboratory(size=size, seed=5, days=20)
    for _ in range(3):
        laboratory.play(
            [
                Action("call", "reminder", np.arange(0, size, 2)),
                Action("sms", "moral", np.arange(size)),
            ]
        )
    return laboratory


def late(laboratory: Laboratory) -> np.ndarray:
    return np.flatnonzero(laboratory.log().arrears > 0)


@pytest.mark.parametrize(
    ("channel", "tone", "offer"),
    [
        ("call", "reminder", Offer("write_down", 0.3)), ("sms", "moral", None),
        ("robot", "reminder", None), ("letter", "moral", None), ("email", "officer", None),
    ],
)  # fmt: skip
def test_the_exact_chances_are_what_is_played(channel: str, tone: str, offer: Offer | None) -> None:
    laboratory, forks = worked(), 6
    cases = late(laboratory)
    action = Action(channel, tone, cases, 12, offer=offer)  # type: ignore[arg-type]

    exact = truth.chances(laboratory=laboratory, action=action, horizon=12)

    played = np.zeros(len(cases))
    for seed in range(forks):
        world = laboratory.fork(seed=seed)
        before = world.log().paid
        for day in range(12):
            world.play([action] if day == 0 else [])
        played += (world.log().paid > before)[cases] / forks
    error = np.sqrt((exact.treated * (1 - exact.treated)).sum() / forks) / len(cases)
    assert abs(exact.treated.mean() - played.mean()) < 4 * error
    keen = exact.treated > np.median(exact.treated)
    assert abs(exact.treated[keen].mean() - played[keen].mean()) < 6 * error


def test_money_gained_agrees_with_the_chances_in_sign_and_has_an_error() -> None:
    laboratory = worked(2000)
    call = Action("call", "reminder", late(laboratory), 12, tier="senior")
    text = Action("sms", "reminder", late(laboratory))

    by_call = truth.effect(laboratory=laboratory, action=call, horizon=12, forks=6, seed=1)
    by_text = truth.effect(laboratory=laboratory, action=text, horizon=12, forks=6, seed=1)

    assert by_call.gain.sum() > by_text.gain.sum()
    assert by_call.cost.sum() > by_text.cost.sum() > 0
    assert (by_call.error >= 0).all() and by_call.error.sum() > 0
    assert laboratory.today == 3


def test_there_is_no_truth_about_who_owes_nothing() -> None:
    laboratory = worked(500)
    free = np.flatnonzero(laboratory.log().arrears <= 0)[:5]

    with pytest.raises(Invalid):
        truth.chances(laboratory=laboratory, action=Action("sms", "moral", free), horizon=5)


def hidden_things(path: Path) -> list[str]:
    """What of the hidden side a module imports or touches."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{name.name}" for name in node.names}
            found += [
                name for name in names if name.startswith(
                    ("recoup.simulator.truth", "recoup.simulator.endings")
                )
            ]  # fmt: skip
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if "simulator.truth" in name.name]
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "_population"
            and not (isinstance(node.value, ast.Name) and node.value.id in OWN)
        ):
            found.append("_population of another's")
    return found


def test_the_watch_sees_a_policy_that_cheats(tmp_path: Path) -> None:
    for nth, text in enumerate(
        [
            "from recoup.simulator import truth", "import recoup.simulator.truth as t",
            "from recoup.simulator.endings import of", "def act(lab): return lab._population.lift",
        ]
    ):  # fmt: skip
        path = tmp_path / f"{nth}.py"
        path.write_text(text)
        assert hidden_things(path), text


def test_no_policy_may_read_the_truth() -> None:
    guilty = []
    for folder in ("recoup", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            policy = name.startswith("bench/") and "polic" in name
            tests = "/tests/" in name
            if (policy or not name.startswith(MAY_KNOW)) and not tests and hidden_things(path):
                guilty.append(name)

    assert guilty == []
