"""Letters: one page, whole or not there, each once."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from recoup.contact.channels.base import BadAddress, Parcel, Report, Sender, Status
from recoup.contact.channels.letter import page
from recoup.contact.channels.letter.print_house import PrintHouse
from recoup.kernel.errors import Failed
from recoup.people import operations as people

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FONTS = Path(django_settings.BROWSER_FILES) / "fonts" / "NotoSansSC-Regular.ttf"

pytestmark = pytest.mark.xdist_group("letters")  # the fonts are read once for a process


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """The fonts that `make setup` fetches."""
    from recoup.site import browser_files

    if not FONTS.is_file():
        browser_files.fetch()


@pytest.fixture
def house(tmp_path: Path) -> PrintHouse:
    return PrintHouse(carrier="print_house", folder=tmp_path / "out", price=Decimal(300))


@pytest.fixture
def parcel(book: Any) -> Any:
    def make(text: str = "您好。", *, key: str = "K1", address: str = "杭州市文三路90号") -> Parcel:
        name, place = people.seal(
            creditor=book.creditor, fields=[("name", "王明"), ("address", address)], at=AT
        ).sealed
        return Parcel(
            key=key, to=place, name=name, subject="告知函", text=text, at=AT,
            on=date(2026, 11, 23), reference="00000017",
            sender=Sender(name="归诚消费金融", phone="400-800-1234"),
        )  # fmt: skip

    return make


def manifest(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_a_letter_is_one_whole_pdf_and_one_line(
    house: PrintHouse, parcel: Any, tmp_path: Path
) -> None:
    handed = house.hand_over(parcel())

    pdf = (tmp_path / "out" / "K1.pdf").read_bytes()
    line = manifest(tmp_path / "out")[0]
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    assert len(pdf) > 8_000  # the letters of the font are in it
    assert line["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert (handed.provider_id, handed.cost) == ("K1", 300)
    assert "王明" not in json.dumps(line, ensure_ascii=False)
    assert not list((tmp_path / "out").glob("*.part"))


def test_the_same_key_twice_is_one_letter(house: PrintHouse, parcel: Any, tmp_path: Path) -> None:
    house.hand_over(parcel())
    (tmp_path / "out" / "K1.pdf").unlink()  # the print house has fetched it

    house.hand_over(parcel())

    assert len(manifest(tmp_path / "out")) == 1
    assert not (tmp_path / "out" / "K1.pdf").exists()


def test_a_torn_line_of_a_crash_is_no_letter(
    house: PrintHouse, parcel: Any, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.jsonl").write_text('{"key": "K1", "fi')

    assert house.ask(parcel(), provider_id="").status == Status.NEVER_SEEN
    house.hand_over(parcel())

    assert house.ask(parcel(), provider_id="").status == Status.ACCEPTED


def test_proofs_of_dispatch_are_receipts(house: PrintHouse, parcel: Any, tmp_path: Path) -> None:
    house.hand_over(parcel())
    proofs = [("dispatched", "RR1CN"), ("returned", "RR1CN")]
    (tmp_path / "out" / "dispatched.jsonl").write_text(
        "".join(
            json.dumps({"key": "K1", "status": status, "proof": proof}) + "\n"
            for status, proof in proofs
        )
    )
    taken: list[Any] = []

    house.collect(taken.append)

    assert taken == [
        Report("K1", Status.ACCEPTED, "RR1CN"), Report("K1", Status.UNDELIVERED, "RR1CN"),
    ]  # fmt: skip
    assert house.ask(parcel(), provider_id="K1").status == Status.UNDELIVERED


def test_a_letter_of_two_pages_is_refused(house: PrintHouse, parcel: Any) -> None:
    with pytest.raises(Failed, match="pages"):
        house.hand_over(parcel("您有权核对金额。\n" * 60))


def test_a_letter_without_an_address_is_bad(house: PrintHouse, parcel: Any) -> None:
    with pytest.raises(BadAddress):
        house.hand_over(parcel(address=" "))


def test_markup_in_a_text_is_text(parcel: Any) -> None:
    html = page._html(parcel("<script>x</script>"), name="<b>", address="&")

    assert "<script>" not in html and "&lt;b&gt;" in html


def test_missing_fonts_say_what_to_run(
    house: PrintHouse, parcel: Any, settings: Any, tmp_path: Path
) -> None:
    settings.BROWSER_FILES = tmp_path / "none"

    with pytest.raises(Failed, match="browser_files"):
        house.hand_over(parcel())
