"""`recoup train`: fit the scores from a book's own history."""

from __future__ import annotations

from datetime import datetime

import click

from recoup.commands import console


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
    """Fit the scores, judge them out of time, and say which could not be trained and why."""
    console.start()
    from rich.table import Table

    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.scoring import operations

    book = console.book_of(code)
    with scopes.acting_for(book), console.progress() as progress:
        made = operations.train(
            book=book, as_of=console.day_of(on, book), by=console.actor("train"), at=clock.now(),
            seed=seed, progress=progress,
        )  # fmt: skip
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


def _value(figure: dict[str, float] | None) -> str:
    return f"{figure['value']:.3f}" if figure else ""


def _interval(figure: dict[str, float] | None) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f}-{figure['high']:.3f})" if figure else ""
