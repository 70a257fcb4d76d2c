"""
How well turns are understood: the free-hand set, an unseen split, abuse, and the time a turn takes.

    python -m bench.understanding [--confusion] [--data FOLDER] [--without-freehand]

The free-hand set was written and committed before any training and is read here only. The unseen split comes
from a grammar written apart from the training corpus. Abuse is also judged on the dev split of COLDataset
(Deng et al. 2022, arXiv:2201.06025), where --data or RECOUP_DATA names the folder it lies in: by the model as it is
shipped, which never saw it, and by the same features trained on its train split, beside a linear peer.
Intervals are Wilson's, 95 %. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from bench.understanding import abuse, unseen
from recoup.dialogue.understanding.corpus.generator import Utterance, seeds
from recoup.dialogue.understanding.intents import INTENTS, PROTECTED
from recoup.dialogue.understanding.normalise import normalise
from recoup.dialogue.understanding.reading import Understanding, understand

FREEHAND = Path(__file__).parent / "freehand.jsonl"
AT = date(2026, 12, 1)
TARGETS = {
    "unseen": 0.90,
    "free-hand": 0.85,
    "protected": 0.97,
    "abuse": 0.80,
    "p50": 20.0,
    "p99": 50.0,
}


def verdict(value: float, target: float, *, most: bool = False) -> str:
    """`ok`, or `short` and by how much."""
    if (value <= target) if most else (value >= target):
        return f"ok (target {target:g})"
    return f"short by {abs(target - value):.3f} (target {target:g})"


def interval(hits: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if total == 0:
        return 0.0, 1.0
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total**2))
    return middle - half, middle + half


def f1_by_intent(wanted: Sequence[str], given: Sequence[str]) -> dict[str, float]:
    """F1 of the first intent, for each that occurs."""
    pairs = Counter(zip(wanted, given, strict=True))
    scores = {}
    for name in INTENTS:
        hit = pairs[name, name]
        total = sum(n for (a, b), n in pairs.items() if name in (a, b))
        if any(one == name for one in wanted):
            scores[name] = 2 * hit / (total + hit) if total else 0.0
    return scores


def judge(
    title: str, turns: Sequence[Utterance], days: Sequence[date], confusion: bool
) -> dict[str, float]:
    """Print the figures of a set; gives macro-F1 and the least recall of a protected intent."""
    answers = [understand(one.text, at=day) for one, day in zip(turns, days, strict=True)]
    wanted = [one.intents[0] for one in turns]
    given = [one.intent for one in answers]
    scores = f1_by_intent(wanted, given)
    macro = float(np.mean(list(scores.values())))
    right = sum(a == b for a, b in zip(wanted, given, strict=True))
    low, high = interval(right, len(turns))
    print(f"\n== {title}: {len(turns)} turns")
    print(
        f"first intent: macro-F1 {macro:.3f}, right {right / len(turns):.3f} [{low:.3f}, {high:.3f}]"
    )
    print("by intent: " + ", ".join(f"{name} {score:.2f}" for name, score in scores.items()))
    micro = _all_intents(turns, answers)
    print(f"all intents of a turn: F1 {micro:.3f}")
    recalls = _protected(turns, answers)
    if confusion:
        _print_confusion(wanted, given)
    return {"macro": macro, "recall": min(recalls.values()), "together": recalls["together"]}


def _all_intents(turns: Sequence[Utterance], answers: Sequence[Understanding]) -> float:
    hits = sum(len(set(a.intents) & set(b.intents)) for a, b in zip(turns, answers, strict=True))
    total = sum(len(a.intents) + len(b.intents) for a, b in zip(turns, answers, strict=True))
    return 2 * hits / total


def _protected(turns: Sequence[Utterance], answers: Sequence[Understanding]) -> dict[str, float]:
    recalls, found, all_of = {}, 0, 0
    for name in PROTECTED:
        having = [b for a, b in zip(turns, answers, strict=True) if name in a.intents]
        lacking = [b for a, b in zip(turns, answers, strict=True) if name not in a.intents]
        hits = sum(name in one.intents for one in having)
        needless = sum(name in one.intents for one in lacking)
        low, high = interval(hits, len(having))
        recalls[name] = hits / len(having)
        found, all_of = found + hits, all_of + len(having)
        print(
            f"{name}: recall {recalls[name]:.3f} [{low:.3f}, {high:.3f}] of {len(having)}, "
            f"needless {needless / len(lacking):.3f}; {verdict(recalls[name], TARGETS['protected'])}"
        )
    low, high = interval(found, all_of)
    recalls["together"] = found / all_of
    print(f"protected together: recall {found / all_of:.3f} [{low:.3f}, {high:.3f}] of {all_of}")
    return recalls


def _print_confusion(wanted: Sequence[str], given: Sequence[str]) -> None:
    """Counts by intent wanted (rows) and given (columns), in the order of the intents."""
    pairs = Counter(zip(wanted, given, strict=True))
    print("confusion, columns in the order of the rows:")
    for row in INTENTS:
        print(f"{row:>20} " + " ".join(f"{pairs[row, column] or '.':>3}" for column in INTENTS))


def freehand(confusion: bool) -> dict[str, float]:
    """The free-hand set, with and without the turns that stand verbatim in the training corpus."""
    lines = [json.loads(line) for line in FREEHAND.read_text(encoding="utf-8").splitlines()]
    turns = [Utterance(one["text"], tuple(one["intents"]), i) for i, one in enumerate(lines)]
    days = [date.fromisoformat(one["at"]) if "at" in one else AT for one in lines]
    figures = judge("free-hand", turns, days, confusion)
    known = {normalise(one.text) for one in seeds()}
    new = [i for i, one in enumerate(turns) if normalise(one.text) not in known]
    print(
        f"-- without the {len(turns) - len(new)} turns that stand verbatim in the training corpus:"
    )
    judge("free-hand, new", [turns[i] for i in new], [days[i] for i in new], confusion=False)
    _slots(lines, days)
    return figures


def _slots(lines: Sequence[dict[str, object]], days: Sequence[date]) -> None:
    """How often each slot is right, where it is wanted, and given where it is not."""
    right: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    for line, day in zip(lines, days, strict=True):
        slots: dict[str, object] = line["slots"]  # type: ignore[assignment]
        given = understand(str(line["text"]), at=day).slots
        wanted.update(list(slots))
        right.update(name for name, value in slots.items() if given.get(name) == value)
        extra.update(name for name in given if name not in slots)
    print(
        "slots: " + ", ".join(f"{n} {right[n]}/{wanted[n]} (+{extra[n]})" for n in sorted(wanted))
    )


def speed(turns: Sequence[Utterance]) -> tuple[float, float]:
    """CPU milliseconds a turn: the median, and the 99th percentile."""
    for one in turns[:50]:
        understand(one.text, at=AT)
    spent = []
    for one in turns:
        begin = time.process_time()
        understand(one.text, at=AT)
        spent.append((time.process_time() - begin) * 1e3)
    return float(np.quantile(spent, 0.5)), float(np.quantile(spent, 0.99))


def main() -> None:
    """Print all figures."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--confusion", action="store_true")
    options.add_argument("--without-freehand", action="store_true")
    options.add_argument(
        "--data", type=Path, default=Path(os.environ.get("RECOUP_DATA", "../shared/data"))
    )
    chosen = options.parse_args()
    short = False
    split = unseen.split()
    figures = judge("unseen split", split, [AT] * len(split), chosen.confusion)
    print(f"macro-F1 {verdict(figures['macro'], TARGETS['unseen'])}")
    short |= figures["macro"] < TARGETS["unseen"] or figures["recall"] < TARGETS["protected"]
    if not chosen.without_freehand:
        figures = freehand(chosen.confusion)
        print(f"macro-F1 {verdict(figures['macro'], TARGETS['free-hand'])}")
        short |= figures["macro"] < TARGETS["free-hand"] or figures["recall"] < TARGETS["protected"]
    half, most = speed(split)
    print(f"\n== a turn takes {half:.2f} ms CPU, 99 % at most {most:.2f} ms")
    print(
        f"p50 {verdict(half, TARGETS['p50'], most=True)}, p99 {verdict(most, TARGETS['p99'], most=True)}"
    )
    short |= half > TARGETS["p50"] or most > TARGETS["p99"]
    f1 = abuse.judge(chosen.data / "cold_zh_offensive" / "cold.parquet")
    if f1 is not None:
        print(f"abuse F1 {verdict(f1, TARGETS['abuse'])}")
        short |= f1 < TARGETS["abuse"]
    sys.exit(short)


if __name__ == "__main__":
    main()
