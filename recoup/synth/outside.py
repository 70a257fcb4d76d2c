"""
The process in which simulated carriers run apart: `python -m recoup.synth.outside FOLDER`.

Imports nothing of the stages until Django is set up, which is why it stands outside the carriers.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

READY = "open\n"


def main(home: str) -> None:
    """Open the carriers until standard input closes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    import django

    django.setup()
    from recoup.synth.carriers.street import start

    carriers = start(Path(home))
    sys.stdout.write(READY)
    sys.stdout.flush()
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        pass  # the one who started us is being stopped too, and will close our input
    finally:
        carriers.stop()


if __name__ == "__main__":
    main(sys.argv[1])
