"""`recoup train`: fit the scores and measure the effects of treatments from a book's own history."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from recoup.commands import console

if TYPE_CHECKING:
    from recoup.strategy.models import EffectModel, RiskModel


@click.command()
@console.BOOK
@console.ON
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Chance, for the same models again.",
)
def command(code: str | None, on: datetime | None, seed: int) -> None:
    """Fit scores and effects, judge them out of time, and say which could not be had and why."""
    console.start()
    from rich.table import Table

    from recoup.gate import queries as gate
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.scoring import operations
    from recoup.strategy.effects import complaint_training, keeping

    book = console.book_of(code)
    day, by, at = console.day_of(on, book), console.actor("train"), clock.now()
    with scopes.acting_for(book), console.progress() as progress:
        made = operations.train(book=book, as_of=day, by=by, at=at, seed=seed, progress=progress)
        effects = keeping.train(book=book, as_of=day, by=by, at=at, seed=seed, progress=progress)
        complaints = complaint_training.train(
            book=book, as_of=day, objections=gate.objections_frame(book=book), by=by, at=at
        )
    table = Table("target", "model", "state", "AUC (95 %)", "KS", "Brier", box=None)
    for model in made:
        judged = model.card.get("judged", {})
        table.add_row(
            model.target, f"{model.family} v{model.version}", model.state,
            _interval(judged.get("auc")), _value(judged.get("ks")), _value(judged.get("brier")),
        )  # fmt: skip
    console.out.print(table)
    for model in made:
        if model.why_not:
            console.out.print(f"{model.target}: {model.why_not}")
    _say(effects)
    _say_of_complaints(complaints)


def _say_of_complaints(model: RiskModel) -> None:
    """How likely a contact ends in a complaint, and how well that is known, or why not."""
    if model.why_not:
        console.out.print(f"complaints: {model.why_not}")
        return
    card, judged = model.card, model.card["judged"]
    kind = "one rate for all" if card["constant"] else "by channel and contact pressure"
    console.out.print(
        f"complaints v{model.version}: {kind}, from {card['objections']} objections to"
        f" {card['contacts']} contacts; on later ones AUC {_interval(judged['auc'])},"
        f" {judged['said']:.3%} said, {judged['seen']:.3%} seen"
    )


def _say(effects: EffectModel) -> None:
    """The effects of treatments: what each changes, how well they order cases, or why not."""
    if effects.why_not:
        console.out.print(f"effects: {effects.why_not}")
        return
    from rich.table import Table

    card = effects.card
    console.out.print(
        f"effects v{effects.version}: {card['learner']}, over {card['horizon_days']} days"
    )
    table = Table(
        "treatment", "effect on the overdue sum (95 %)", "Qini (95 %)", "why not", box=None
    )
    for name in card["groups"]:
        judged = card["judged"][card["learner"]].get(name, {})
        table.add_row(
            name, _interval(judged.get("ate")), _interval(judged.get("qini"), places=5),
            " ".join(card["refused"].get(name, [])),
        )  # fmt: skip
    console.out.print(table)
    for note in card["notes"]:
        console.out.print(note)


def _value(figure: dict[str, float] | None) -> str:
    return f"{figure['value']:.3f}" if figure else ""


def _interval(figure: dict[str, float] | None, places: int = 3) -> str:
    if not figure or figure["value"] is None:
        return ""
    value, low, high = (f"{figure[name]:.{places}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"
