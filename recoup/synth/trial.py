"""
Carriers that never existed, for trying a live book out: `python -m recoup.synth.trial FOLDER`.

Prints the settings that point Recoup at them, then each message as it comes in. FOLDER must not be
the data folder: there they would be a demo's, and a live book refuses those.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import click


def settings_of(carriers: object) -> list[str]:
    """The lines of a shell that make these carriers a live book's."""
    sms, mail, letters = (getattr(carriers, name) for name in ("sms", "mail", "letters"))
    return [
        "export RECOUP_SMS_CARRIER=http",
        f"export RECOUP_SMS_HTTP_URL={sms.url}",
        f"export RECOUP_SMS_HTTP_KEY_ID={sms.key_id}",
        f"export RECOUP_SMS_HTTP_SECRET={sms.secret}",
        "export RECOUP_SMS_HTTP_TEMPLATES='*=SMS_TRIAL'",
        f"export RECOUP_SMTP_URL='{mail.url}'",
        "export RECOUP_MAIL_FROM=service@lender.example.com",
        f"export RECOUP_LETTER_FOLDER={letters.folder}",
    ]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(folder: Path) -> None:
    """Open carriers that never existed until Ctrl-C, and show what they receive."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    import django

    django.setup()
    from django.conf import settings

    from recoup.synth.carriers.street import start

    home = folder.resolve()
    if home == Path(settings.DATA_DIR):
        raise click.UsageError(f"{home} is the data folder. Name another one.")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    carriers, last = start(home), 0
    try:
        click.echo("\n".join(settings_of(carriers)))
        while True:
            for one in carriers.received(last):
                last = one.number
                click.echo(f"{one.at:%H:%M:%S} {one.channel} to {one.address}: {one.text}")
            time.sleep(1)
    except KeyboardInterrupt:
        pass
    finally:
        carriers.stop()


if __name__ == "__main__":
    main()
