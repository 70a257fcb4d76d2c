"""`recoup serve`: the desks and the API."""

from __future__ import annotations

import click

from recoup.commands import console


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True)
def command(host: str, port: int, workers: int) -> None:
    """Serve the desks and the API until Ctrl-C."""
    console.start()
    run(host=host, port=port, workers=workers)


def run(*, host: str, port: int, workers: int = 1) -> None:
    """
    Serve until stopped. :raises Invalid: if the port is taken
    """
    import socket

    import uvicorn
    from django.conf import settings

    from recoup.kernel.errors import Invalid

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Invalid(
                f"Port {port} of {host} cannot be opened ({error.strerror}).",
                hint="Give another with --port or --host.",
            ) from None
    if not settings.BROWSER_FILES.is_dir():
        console.out.print("The browser files are missing; pages will look bare. Run `make setup`.")
    console.out.print(f"Serving http://{host}:{port} (Ctrl-C stops)")
    uvicorn.run(
        "recoup.site.asgi:application", host=host, port=port, workers=workers,
        log_level="warning", timeout_graceful_shutdown=3,
    )  # fmt: skip
