"""
Reading settings from the environment. A wrong value stops the start with a sentence.

Every variable `NAME` may also be given as `NAME_FILE`, the path of a file that holds it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from recoup.kernel.errors import Invalid


def text(name: str, default: str = "") -> str:
    """The value of a variable, or of the file that `NAME_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Invalid(
                f"{name}_FILE names {path}, which cannot be read ({error.strerror})."
            ) from None
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    """A yes or no. :raises Invalid: for anything else"""
    value = text(name, "yes" if default else "no").lower()
    if value in ("1", "yes", "true", "on"):
        return True
    if value in ("0", "no", "false", "off"):
        return False
    raise Invalid(f"{name} is {value!r}.", hint="Use yes or no.")


def number(name: str, default: int) -> int:
    """A whole number. :raises Invalid: for anything else"""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise Invalid(f"{name} is {value!r}.", hint="Use a whole number.") from None


def one_of(name: str, choices: tuple[str, ...]) -> str:
    """One of some words, the first if nothing is said. :raises Invalid: for anything else"""
    value = text(name, choices[0])
    if value not in choices:
        raise Invalid(f"{name} is {value!r}.", hint=f"Use {' or '.join(choices)}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def pairs(name: str) -> dict[str, str]:
    """A comma-separated list of `name=value`. :raises Invalid: for anything else"""
    found = {}
    for word in words(name):
        key, equals, value = word.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise Invalid(f"{name} has {word!r}.", hint="Use name=value, name=value.")
        found[key.strip()] = value.strip()
    return found


def kept_secret(name: str, keep: Path) -> str:
    """A secret from the environment, or one made once and kept in a file only we can read."""
    value = text(name)
    if value:
        return value
    if not keep.exists():
        keep.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = os.open(keep, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(new, "w") as file:
            file.write(secrets.token_hex(32))
    return keep.read_text().strip()


def database(url: str) -> dict[str, object]:
    """
    Django's settings for a database address. :raises Invalid: for a scheme we do not run on

    SQLite runs in WAL with immediate transactions: one writer, many readers, no lock errors.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(url.removeprefix("sqlite:///")),
            # A connection kept open under ASGI leaks one for each short-lived thread.
            "CONN_MAX_AGE": 0,
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
            },
        }
    if parts.scheme in ("postgres", "postgresql"):
        options = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", unquote(parts.hostname or "")),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 0,
            "OPTIONS": {**options},
        }
    raise Invalid(
        f"DATABASE_URL starts with {parts.scheme!r}.", hint="Use sqlite:/// or postgresql://."
    )
