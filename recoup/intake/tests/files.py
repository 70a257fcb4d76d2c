"""Small files of accounts, made by each test for itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

AS_OF = date(2026, 11, 23)
WANG = {
    "account_ref": "L-1", "borrower_ref": "C-1", "product": "consumer", "currency": "CNY",
    "principal": "1200000", "annual_rate": "0.18", "issued_on": "2026-01-05",
    "overdue_since": "2026-10-14", "balance_principal": "900050", "region": "浙江",
    "time_zone": "Asia/Shanghai", "name": "王明", "phone": "13812341234",
    "identity_number": "110101199003071234", "contact_source": "contract",
}  # fmt: skip


def account(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A whole account; `changes` make it another, or a wrong one."""
    return {**WANG, "account_ref": f"L-{number}", "borrower_ref": f"C-{number}", **changes}


def text_of(rows: Iterable[Mapping[str, Any]], *, separator: str = ",") -> str:
    """The rows as CSV text."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=separator, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def csv_file(
    path: Path, rows: Iterable[Mapping[str, Any]], *, encoding: str = "utf-8", separator: str = ","
) -> Path:
    """A CSV file of the rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text_of(rows, separator=separator).encode(encoding))
    return path
