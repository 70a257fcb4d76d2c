"""Nights of a book of which the effects are known, as `logged` reads them from plan files."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

NAMES = ("nothing", "sms", "task")
FIRST = date(2026, 1, 5)


def effect(contacts):
    """What each treatment adds to the share paid in 30 days: the message a little, a person more."""
    fading = 0.8**contacts
    return np.column_stack([np.zeros(len(contacts)), 0.06 * fading, 0.15 * fading])


def nights(*, cases=1_600, count=8, apart=13, explore=0.5, seed=1, first=FIRST, lift=1.0, every=2):
    """
    Rows of a plan that gives tasks to the large debts and messages to the others, but for the
    explored share; a task is open on every n-th case.
    """
    rng, parts = np.random.default_rng(seed), []
    risk = rng.beta(2, 4, cases)
    overdue = np.exp(rng.normal(11, 0.7, cases)).round()
    for night in range(count):
        contacts = rng.integers(0, 4, cases)
        opened = np.ones((cases, 3), bool)
        opened[:, 2] = np.arange(cases) % every == 0
        plan = np.where((overdue > np.median(overdue)) & opened[:, 2], 2, 1)
        draw = opened / opened.sum(axis=1, keepdims=True)
        chance = (1 - explore) * np.eye(3)[plan] + explore * draw
        taken = (chance.cumsum(axis=1) < rng.random(cases)[:, None]).sum(axis=1)
        at = np.arange(cases)
        likely = np.clip(risk * 0.5 + lift * effect(contacts)[at, taken], 0, 1)
        whole = rng.random(cases) < likely
        part = ~whole & (rng.random(cases) < 0.15)
        parts.append(pl.DataFrame({
            "case": at + 1, "person": at + 1, "on": [first + timedelta(days=apart * night)] * cases,
            "arm": np.where(at < 20, "holdout", "champion"), "treatment": np.array(NAMES)[taken],
            "propensity": chance[at, taken], "admissible": opened[:, 1:].sum(axis=1),
            "open": [[NAMES[a] for a in (1, 2) if row[a]] for row in opened],
            "days_past_due": 20.0 + apart * night + at % 60, "overdue": overdue,
            "owed": overdue * 4, "repay_30": risk * 0.5, "lost_contact": np.full(cases, 0.1),
            "contacts_30": contacts.astype(float),
            "paid": np.where(whole, 1.0, np.where(part, 0.3, 0.0)), "paid_before": np.zeros(cases),
        }))  # fmt: skip
    return pl.concat(parts)
