"""A print house that looks into its folder, and says what it has posted."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from recoup.synth.carriers.log import Log


class PrintHouse:
    """The folder. Letters are noticed by their line in the manifest, once each."""

    def __init__(self, log: Log, folder: Path) -> None:
        self.log, self.folder = log, folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def fetch(self) -> int:
        """Look at what is new; gives how many letters."""
        manifest, new = self.folder / "manifest.jsonl", 0
        if not manifest.is_file():
            return 0
        for raw in manifest.read_text("utf-8").splitlines():
            line = json.loads(raw)
            if self.log.by_id("letter", line["key"]) is None:
                self.log.add(
                    channel="letter", key=line["key"], address=line["reference"],
                    text=line["file"], provider_id=line["key"],
                    at=datetime.fromisoformat(f"{line['on']}T04:00:00+00:00"),
                )  # fmt: skip
                new += 1
        return new

    def tell(self, key: str, status: str, proof: str) -> None:
        """Append a proof: `dispatched`, `delivered` or `returned`."""
        line = json.dumps({"key": key, "status": status, "proof": proof})
        with (self.folder / "dispatched.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
