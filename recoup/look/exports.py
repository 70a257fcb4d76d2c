"""A table as a download: CSV or XLSX, cut to what spreadsheets do no harm with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from recoup.kernel.sheets import Cell, written

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def table(
    *, form: str, name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], label: str = ""
) -> HttpResponse:
    """
    A response with the table as `csv` or `xlsx`; `label` stands above everything (demo figures).

    :raises Invalid: for another form
    """
    lines: list[Sequence[Cell]] = [[label]] if label else []
    body = written([*lines, heads, *rows], form=form)
    response = HttpResponse(body, content_type=KINDS[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response
