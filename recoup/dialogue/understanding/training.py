"""
Trains the model of understanding from the authored corpus: `python -m recoup.dialogue.understanding.training`.

One logistic regression an intent over n-grams, sounds and concepts. Confidence is calibrated, and thresholds
are set, on predictions for hand-written utterances that the predicting model never saw, nor any variation of
them. Nothing else is read: neither the free-hand set nor data from outside the repository.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.dialogue.understanding.corpus.generator import FOLDER, Utterance, seeds, turns
from recoup.dialogue.understanding.features import hashed, pieces
from recoup.dialogue.understanding.intents import INTENTS, PROTECTED
from recoup.dialogue.understanding.lexicon import LEXICON
from recoup.dialogue.understanding.model import MODEL, Model
from recoup.dialogue.understanding.normalise import normalise

SEED = 20261201
FOLDS, JUDGED = 4, 1  # one of four folds is judged: the others would say the same
VARIANTS, COMBINATIONS = 2, 7000
STRENGTH = 8.0  # inverse of the penalty on weights
KEPT = 32_000  # features in the file: 1 MB is the most a committed file may have
# Share of turns without a protected intent that may be given it, to miss fewer that have it.
NEEDLESS = 0.02

Rows = list[NDArray[np.uint32]]


def corpus_digest() -> str:
    """What the model is made from: corpus, variations and lexicon, as one number."""
    digest = hashlib.sha256()
    for path in [*sorted((FOLDER / "seeds").glob("*.txt")), FOLDER / "variations.yaml", LEXICON]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def _row(text: str) -> NDArray[np.uint32]:
    return hashed(pieces(normalise(text)))


def rows(texts: Sequence[str]) -> Rows:
    """The features of each text."""
    return [_row(text) for text in texts]


def labels(utterances: Sequence[Utterance]) -> NDArray[np.bool_]:
    """Utterances by intents: whether it is in it."""
    return np.array([[name in one.intents for name in INTENTS] for one in utterances])


def _matrix(features: Rows, vocabulary: NDArray[np.uint32]) -> Any:
    """Sparse, each row of length 1; features outside the vocabulary count for the length only."""
    from scipy import sparse

    data, columns, ends = [], [], [0]
    for row in features:
        place = np.minimum(np.searchsorted(vocabulary, row), len(vocabulary) - 1)
        known = place[vocabulary[place] == row]
        columns.append(known)
        data.append(np.full(len(known), 1 / np.sqrt(len(row)), np.float32))
        ends.append(ends[-1] + len(known))
    shape = (len(features), len(vocabulary))
    return sparse.csr_matrix((np.concatenate(data), np.concatenate(columns), ends), shape=shape)


def fit(
    features: Rows, wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.uint32], NDArray[np.float32], NDArray[np.float32]]:
    """Vocabulary, weights (features by intents) and biases (intents)."""
    from sklearn.linear_model import LogisticRegression

    seen = Counter(int(one) for row in features for one in row)
    vocabulary = np.array(sorted(one for one, count in seen.items() if count > 1), np.uint32)
    matrix = _matrix(features, vocabulary)
    weights = np.zeros((len(vocabulary), len(INTENTS)), np.float32)
    biases = np.zeros(len(INTENTS), np.float32)
    for place in range(len(INTENTS)):
        one = LogisticRegression(
            solver="liblinear", dual=True, C=STRENGTH, tol=0.05, max_iter=200, random_state=0
        ).fit(matrix, wanted[:, place])
        weights[:, place], biases[place] = one.coef_[0], one.intercept_[0]
    return vocabulary, weights, biases


def unseen_logits(
    written: Sequence[Utterance], seed: int
) -> tuple[list[Utterance], NDArray[np.float32]]:
    """Hand-written utterances with the logits of a model that saw nothing of their lines."""
    origins = sorted({one.origin for one in written})
    random.Random(seed).shuffle(origins)  # noqa: S311
    judged: list[Utterance] = []
    logits = []
    for fold in range(JUDGED):
        away = set(origins[fold::FOLDS])
        held = [one for one in written if one.origin in away]
        kept = [one for one in written if one.origin not in away]
        corpus = list(turns(written=kept, seed=seed, variants=VARIANTS, combinations=COMBINATIONS))
        model = Model.of(*fit(rows([one.text for one in corpus]), labels(corpus)), kept=KEPT)
        judged += held
        logits += [model.logits(row) for row in rows([one.text for one in held])]
    return judged, np.array(logits)


def calibration(
    logits: NDArray[np.float32], wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """
    Slope and offset of each intent (Platt 1999), and its threshold as a probability.

    A protected intent is given as soon as at most `NEEDLESS` of the turns without it would get it, but never
    above even odds; the others where F1 is best.
    """
    from sklearn.linear_model import LogisticRegression

    scaling, thresholds = [], []
    for place, name in enumerate(INTENTS):
        has = wanted[:, place]
        platt = LogisticRegression(C=100.0).fit(logits[:, [place]], has)
        scaling.append((float(platt.coef_[0, 0]), float(platt.intercept_[0])))
        probable = platt.predict_proba(logits[:, [place]])[:, 1]
        if name in PROTECTED:
            thresholds.append(min(0.5, float(np.quantile(probable[~has], 1 - NEEDLESS))))
        else:
            thresholds.append(_best_threshold(probable, has))
    return np.array(scaling, np.float32), np.array(thresholds, np.float32)


def _best_threshold(probable: NDArray[np.float64], has: NDArray[np.bool_]) -> float:
    best, at = -1.0, 0.5
    for threshold in np.arange(0.2, 0.65, 0.025):
        given = probable >= threshold
        f1 = 2 * (given & has).sum() / max(1, given.sum() + has.sum())
        if f1 > best + 1e-9:
            best, at = float(f1), float(threshold)
    return at


def train(*, seed: int = SEED) -> Model:
    """The model of the authored corpus as it stands."""
    written = seeds()
    judged, logits = unseen_logits(written, seed)
    scaling, thresholds = calibration(logits, labels(judged))
    corpus = list(turns(written=written, seed=seed, variants=VARIANTS, combinations=COMBINATIONS))
    fitted = fit(rows([one.text for one in corpus]), labels(corpus))
    return Model.of(
        *fitted, kept=KEPT, scaling=scaling, thresholds=thresholds, digest=corpus_digest()
    )


def main(path: Path = MODEL) -> None:
    """Train, and write the file that is committed."""
    train().write(path)


if __name__ == "__main__":
    main()
