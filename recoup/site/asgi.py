"""The ASGI application that `recoup serve` runs."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
pages = get_asgi_application()

from recoup.api.nextbest.asgi import NextAction  # noqa: E402 - models are ready only now

application = NextAction(pages)
