"""
Packs in layers: base, country, region, product, lender, tenant.

A pack is a folder of `packs/`: `pack.yaml` says what it is laid over and for whom it holds, its
modules hold the rules. A lower layer may tighten and never loosen a LAW or RULE above it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from recoup.kernel.errors import Invalid, Problem
from recoup.rulebook.rule import Pack
from recoup.rulebook.verdict import Instrument
from recoup.rulebook.vocabulary import COLLECTORS, LENDERS, PRODUCTS, REGIONS

HERE = Path(__file__).parent / "packs"
LAYERS = ("base", "country", "region", "product", "lender", "tenant")
READS = frozenset({"T", "TT", "S", "M", "HOUSE"})
SCOPES = {
    "regions": REGIONS, "product": PRODUCTS, "lender": LENDERS, "collector": COLLECTORS,
}  # fmt: skip
FIELDS = frozenset({"title", "issuer", "number", "date", "in_force_from", "link", "read",
                    "checked_by"})  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """
    One pack as its `pack.yaml` describes it.

    `own_date` is the day from which it claims to say the law; what has no date of its own holds
    from then. `holds_for` limits it to some regions, products or lenders (empty: everybody).
    A draft is read and tested, and laid over nothing unless somebody asks for drafts.
    """

    name: str
    layer: str
    over: str | None
    jurisdiction: str | None
    own_date: date
    is_draft: bool
    time_zone: str | None
    holds_for: Mapping[str, tuple[str, ...]]
    instruments: Mapping[str, Instrument]
    folder: Path

    def rules(self) -> Pack:
        """The rules of the pack, in every version."""
        return _register(self.name)


def names(folder: Path = HERE) -> list[str]:
    """All packs there are."""
    return sorted(path.parent.name for path in folder.glob("*/pack.yaml"))


@lru_cache(maxsize=64)
def layer(name: str, folder: Path = HERE) -> Layer:
    """
    One pack. :raises Invalid: with everything that is wrong in its `pack.yaml`
    """
    path = folder / name / "pack.yaml"
    if not path.is_file():
        raise Invalid(f"There is no pack {name}.", hint=f"There are {', '.join(names(folder))}.")
    raw = yaml_of(path)
    problems: list[Problem] = []

    def wrong(where: str, what: str) -> None:
        problems.append(Problem(f"{name}/pack.yaml {where}", what))

    if raw.get("layer") not in LAYERS[:-1]:
        wrong("layer", f"is none of {', '.join(LAYERS[:-1])}.")
    if not isinstance(raw.get("from"), date):
        wrong("from", "is no day: say from when the pack says the law.")
    if raw.get("state") not in ("in_force", "draft"):
        wrong("state", "is neither in_force nor draft.")
    holds_for = raw.get("holds_for") or {}
    for fact, words in holds_for.items():
        if fact not in SCOPES or not set(words) <= set(SCOPES[fact]):
            wrong(f"holds_for.{fact}", "names a fact or a word that the vocabulary does not have.")
    instruments = {}
    for key, entry in (raw.get("instruments") or {}).items():
        if not isinstance(entry, dict) or set(entry) - FIELDS or "title" not in entry:
            wrong(f"instruments.{key}", f"needs a title, and may have {', '.join(sorted(FIELDS))}.")
        elif entry.get("read") not in READS:
            wrong(f"instruments.{key}.read", f"is none of {', '.join(sorted(READS))}.")
        else:
            fields: dict[str, Any] = {name: entry.get(name) for name in FIELDS}
            instruments[key] = Instrument(key=key, **fields)
    if problems:
        raise Invalid(f"The pack {name} does not load.", problems=problems)
    return Layer(
        name=name, layer=raw["layer"], over=raw.get("over"), jurisdiction=raw.get("jurisdiction"),
        own_date=raw["from"], is_draft=raw["state"] == "draft", time_zone=raw.get("time_zone"),
        holds_for={fact: tuple(words) for fact, words in holds_for.items()},
        instruments=instruments, folder=folder / name,
    )  # fmt: skip


def yaml_of(path: Path) -> dict[str, Any]:
    """
    A YAML file with a mapping in it. :raises Invalid: with the line where it cannot be read
    """
    raw = _yaml(path)
    if not isinstance(raw, dict):
        raise Invalid(f"{path.parent.name}/{path.name} holds no mapping.")
    return raw


def list_of(path: Path) -> list[dict[str, Any]]:
    """
    A YAML file with a list of mappings in it. :raises Invalid: as `yaml_of`
    """
    raw = _yaml(path)
    if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
        raise Invalid(f"{path.parent.name}/{path.name} holds no list of mappings.")
    return raw


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.parent.name}/{path.name}:{mark.line + 1 if mark else '?'}"
        raise Invalid(
            f"{where} is no YAML.", problems=[Problem(where, str(getattr(error, "problem", "")))],
            hint="Mend the line named; often a colon or a quotation mark is missing.",
        ) from error  # fmt: skip
    except ValueError as error:  # no UTF-8, or a day that no calendar has
        raise Invalid(
            f"{path.parent.name}/{path.name} cannot be read: {error}.",
            hint="Save it as UTF-8, and look at its dates.",
        ) from error


def stack(jurisdiction: str, *, drafts: bool = False, folder: Path = HERE) -> tuple[Layer, ...]:
    """
    The packs of a jurisdiction, the base first, each after the one it is laid over.

    :raises Invalid: if there is none in force, or the layers go in a circle or upwards
    """
    every = {name: layer(name, folder) for name in names(folder)}
    for one in every.values():
        _check_order(one, every)
    countries = [one for one in every.values() if one.jurisdiction == jurisdiction]
    found = {one.name for one in countries if one.layer == "country"}
    if not found or (all(every[name].is_draft for name in found) and not drafts):
        raise Invalid(
            f"There is no rulebook for {jurisdiction}.",
            hint="Books of this jurisdiction cannot contact anybody until there is one.",
        )
    wanted = [one for one in every.values() if _path(one, every) & found or one.layer == "base"]
    wanted = [one for one in wanted if drafts or not one.is_draft]
    return tuple(sorted(wanted, key=lambda one: (LAYERS.index(one.layer), one.name)))


def _path(one: Layer, every: Mapping[str, Layer]) -> set[str]:
    """The pack and all that it is laid over, without the base."""
    found = set[str]()
    at: Layer | None = one
    while at is not None and at.layer != "base":
        found.add(at.name)
        at = every.get(at.over or "")
    return found


def _check_order(one: Layer, every: Mapping[str, Layer]) -> None:
    seen = [one.name]
    at = one
    while at.over is not None:
        above = every.get(at.over)
        if above is None:
            raise Invalid(f"The pack {at.name} is laid over {at.over}, which does not exist.")
        if above.name in seen:
            raise Invalid(
                f"The packs go in a circle: {' over '.join([*seen, above.name])}.",
                hint="Let one of them lie over the pack of its country.",
            )
        if LAYERS.index(above.layer) >= LAYERS.index(at.layer):
            raise Invalid(
                f"The pack {at.name} ({at.layer}) is laid over {above.name} ({above.layer}).",
                hint=f"Layers go {', '.join(LAYERS)}.",
            )
        seen.append(above.name)
        at = above
    if one.layer != "base" and at.layer != "base":
        raise Invalid(f"The pack {one.name} lies over nothing.", hint="Say `over: base`.")


@lru_cache(maxsize=64)
def _register(name: str) -> Pack:
    package = importlib.import_module(f"recoup.rulebook.packs.{name}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    found: Pack = package.PACK
    return found
