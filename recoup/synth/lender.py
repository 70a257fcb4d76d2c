"""
A lender that never existed, in the canonical intake format.

    write(folder=Path("placement"), accounts=5000, seed=7, as_of=date(2026, 11, 23))

writes `accounts`, `instalments`, `payments`, `contacts`, `contact_points`, `consents` and
`opt_outs` (CSV or Parquet), in bounded memory and the same for the same seed, and
`SIMULATED.txt`, which says so. `history="light"` writes accounts, contact points and the
payments of the history only, without instalments: for measuring at a million accounts.

A share `bad` of the rows of `accounts` is wrong on purpose, so that quarantine shows; their
`account_ref` begins with `X`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from recoup.kernel.errors import Invalid
from recoup.kernel.progress import Progress, quiet
from recoup.simulator import parameters as simulator_parameters
from recoup.simulator.parameters import Parameters
from recoup.synth import lender_history, lender_loans, lender_tables
from recoup.synth.lender_files import Files
from recoup.synth.lender_words import LARGEST

CHUNK = 20_000
LABEL = "Simulated data of a lender that never existed (Recoup). No row is about a real person.\n"
# About one candidate in eight is in arrears on the day, so the numbers run out here.
MOST = LARGEST // 20


def write(
    *, folder: Path, accounts: int, seed: int, as_of: date, history_days: int = 180,
    history: Literal["full", "light"] = "full", form: Literal["csv", "parquet"] = "csv",
    bad: float = 0.002, progress: Progress = quiet,
) -> Path:  # fmt: skip
    """
    Write the lender's files into a folder of its own and give the folder back.

    `accounts` counts borrowers' loans in arrears or lately so, to within the second loans of the
    last borrowers. The folder is replaced if it holds an earlier synthetic lender.

    :raises Invalid: if the folder holds something else, or the figures cannot be
    """
    if not 1 <= accounts <= MOST or not 0 <= bad <= 0.5 or history_days < 1:
        raise Invalid(
            "The synthetic lender cannot be that.",
            hint=f"Ask for 1 to {MOST} accounts, bad from 0 to 0.5, history of a day or more.",
        )
    _clear(folder)
    parameters = simulator_parameters.load()
    files = Files(folder, form)
    (folder / "SIMULATED.txt").write_text(LABEL, encoding="utf-8")
    done = 0
    for tables, count in _chunks(accounts, seed, as_of, history_days, history, bad, parameters):
        for name, frame in tables.items():
            files.add(name, frame)
        done += count
        progress("synth", done, accounts)
    files.close()
    return folder


def _chunks(
    accounts: int, seed: int, as_of: date, history_days: int, history: str, bad: float,
    parameters: Parameters,
) -> Iterator[tuple[dict[str, pl.DataFrame], int]]:  # fmt: skip
    start, done, chunk = 1, 0, 0
    today = lender_loans.day_number(as_of)
    while done < accounts:
        rng = np.random.default_rng([seed, chunk])
        wanted = min(CHUNK, accounts - done)
        people, start = lender_loans.choose(
            seed=seed, start=start, wanted=wanted, parameters=parameters
        )
        loans = lender_loans.lend(people=people, as_of=as_of, parameters=parameters)
        room = accounts - done
        if len(loans) > room:
            kept = int(loans.who[room - 1]) + 1
            people, loans = lender_tables.first(people, loans, kept, room)
        talked = lender_history.contacts(
            people=people, loans=loans, today=today, history_days=history_days, rng=rng,
            parameters=parameters,
        )  # fmt: skip
        paid = lender_history.payments(
            people=people, loans=loans, talked=talked, today=today, rng=rng, parameters=parameters
        )
        yield (
            lender_tables.tables(
                people=people, loans=loans, talked=talked, paid=paid, as_of=as_of,
                history_days=history_days, light=history == "light", bad=bad, rng=rng,
            ),
            len(loans),
        )  # fmt: skip
        done += len(loans)
        chunk += 1


def _clear(folder: Path) -> None:
    if folder.exists():
        if any(folder.iterdir()) and not (folder / "SIMULATED.txt").exists():
            raise Invalid(
                f"{folder} holds files that are not a synthetic lender's.",
                hint="Name a new folder.",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
