"""The ASGI application that `recoup serve` runs."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
application = get_asgi_application()
