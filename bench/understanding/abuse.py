"""
Abuse in COLDataset (Deng et al. 2022, arXiv:2201.06025): Chinese posts labelled offensive or not.

The data stays where it lies. Two answers are given: of the model as it is shipped, which never saw a
line of it and looks for insults to a collector, not for prejudice; and of a linear model with the same
features, trained on the train split, beside a peer (TF-IDF of characters, logistic regression).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from recoup.dialogue.understanding.features import hashed, pieces
from recoup.dialogue.understanding.normalise import normalise
from recoup.dialogue.understanding.reading import understand

AT = date(2026, 12, 1)
LEAST_PROBABILITY = 0.3


def judge(path: Path) -> float | None:
    """Print F1 of the offensive class on the dev split; gives that of the trained features, or `None` without data."""
    if not path.exists():
        print(
            f"\n== abuse: skipped, {path} is not there; name its folder with --data or RECOUP_DATA"
        )
        return None
    import polars as pl

    table = pl.read_parquet(path, columns=["split", "TEXT", "label"])
    train, dev = (table.filter(pl.col("split") == name) for name in ("train", "dev"))
    known = {normalise(text) for text in train["TEXT"]}
    new = np.array([normalise(text) not in known for text in dev["TEXT"]])
    truth = dev["label"].to_numpy() == 1
    print(
        f"\n== abuse: {len(dev)} posts of the dev split, {int((~new).sum())} of them also in the train split"
    )
    shipped = np.array([_is_abusive(text) for text in dev["TEXT"]])
    print(f"as shipped, never trained on it: F1 {_f1(truth, shipped):.3f}")
    peer = _trained(train, dev, ours=False)
    print(
        f"peer, trained on the train split: F1 {_f1(truth, peer):.3f}, new posts {_f1(truth[new], peer[new]):.3f}"
    )
    ours = _trained(train, dev, ours=True)
    f1 = _f1(truth[new], ours[new])
    print(
        f"our features, trained on the train split: F1 {_f1(truth, ours):.3f}, new posts {f1:.3f}"
    )
    return f1


def _is_abusive(text: str) -> bool:
    return understand(text, at=AT).probabilities.get("abusive", 0.0) >= LEAST_PROBABILITY


def _f1(truth: Any, given: Any) -> float:
    return float(2 * (truth & given).sum() / max(1, truth.sum() + given.sum()))


def _trained(train: Any, dev: Any, *, ours: bool) -> Any:
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [[normalise(text) for text in part["TEXT"]] for part in (train, dev)]
    label = train["label"].to_numpy() == 1
    if not ours:
        peer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
        made = peer.fit_transform(texts[0]), peer.transform(texts[1])
    else:
        size = 1 << 20
        made = tuple(_folded(part, size) for part in texts)
        # Weighed by how much a feature tells the classes apart (Wang and Manning 2012, naive Bayes ratio).
        offensive = np.asarray(made[0][label].sum(axis=0)).ravel() + 1
        decent = np.asarray(made[0][~label].sum(axis=0)).ravel() + 1
        ratio = np.log((offensive / offensive.sum()) / (decent / decent.sum()))
        weigh = sparse.diags(ratio.astype(np.float32))
        made = tuple(part @ weigh for part in made)
    model = LogisticRegression(solver="liblinear", C=4.0, random_state=0).fit(made[0], label)
    return model.predict_proba(made[1])[:, 1] >= 0.45


def _folded(texts: list[str], size: int) -> Any:
    """Rows of length 1 over hashed features."""
    from scipy import sparse

    data, columns, ends = [], [], [0]
    for text in texts:
        row = np.unique(hashed(pieces(text)) % size)
        columns.append(row)
        data.append(np.full(len(row), 1 / np.sqrt(len(row)), np.float32))
        ends.append(ends[-1] + len(row))
    return sparse.csr_matrix(
        (np.concatenate(data), np.concatenate(columns), ends), shape=(len(texts), size)
    )
