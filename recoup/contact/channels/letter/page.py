"""
The page itself: A4 for a window envelope, in Noto Sans SC, as PDF.

The fonts hold thirty thousand letters each; they are read once for a process.
"""

from __future__ import annotations

import atexit
import logging
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings

from recoup.contact.channels.base import Parcel
from recoup.kernel.errors import Failed

HERE = Path(__file__).parent
LABELS = {"zh-hans": ("日期", "编号", "电话"), "en": ("Date", "Reference", "Telephone")}

logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Page:
    """A letter as it will be read. Prints nothing of itself."""

    pdf: bytes = field(repr=False)
    pages: int


def drawn(parcel: Parcel, *, name: str, address: str) -> Page:
    """
    The letter as PDF. :raises Failed: if the fonts are missing, or it needs more than one page
    """
    from weasyprint import HTML

    document = HTML(string=_html(parcel, name=name, address=address)).render(
        stylesheets=[_style(str(settings.BROWSER_FILES))[0]],
        font_config=_style(str(settings.BROWSER_FILES))[1],
    )
    if len(document.pages) != 1:
        raise Failed(
            f"The letter needs {len(document.pages)} pages.", permanent=True,
            hint="Shorten the template: a letter has one page.",
        )  # fmt: skip
    content: bytes = document.write_pdf()
    return Page(content, len(document.pages))


@lru_cache(maxsize=1)
def _style(folder: str) -> tuple[Any, Any]:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = Path(folder) / "fonts"
    if not (fonts / "NotoSansSC-Regular.ttf").is_file():
        raise Failed(
            "The fonts of letters are missing.", permanent=False,
            hint="Run `python -m recoup.site.browser_files`.",
        )  # fmt: skip
    config = FontConfiguration()
    css = CSS(
        string=(HERE / "letter.css").read_text("utf-8"), base_url=f"{Path(folder).as_uri()}/",
        font_config=config,
    )  # fmt: skip
    return css, config


# Fonts must go before the library that frees them does.
atexit.register(_style.cache_clear)


def _html(parcel: Parcel, *, name: str, address: str) -> str:
    labels = LABELS.get(parcel.language, LABELS["en"])
    chinese = parcel.language.startswith("zh")
    date = f"{parcel.on.year}年{parcel.on.month}月{parcel.on.day}日" if chinese else str(parcel.on)
    lines = [line for line in parcel.text.splitlines() if line.strip()]
    phone = f" · {labels[2]} {parcel.sender.phone}" if parcel.sender.phone else ""
    values = {
        "language": parcel.language, "subject": parcel.subject or parcel.sender.name,
        "sender": parcel.sender.name, "back": parcel.sender.address or parcel.sender.name,
        "addressee": f"{name} 收" if chinese else name, "address": address,
        "date_label": labels[0], "date": date, "reference_label": labels[1],
        "reference": parcel.reference, "phone": phone, "key": parcel.key,
    }  # fmt: skip
    safe = {key: escape(value) for key, value in values.items()}
    safe["paragraphs"] = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return Template((HERE / "letter.html").read_text("utf-8")).substitute(safe)
