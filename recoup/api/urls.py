"""The addresses of the API, to be mounted at `api/`."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from recoup.api.v1 import api

urlpatterns = [path("v1/", api.urls)]

# Machines sign their requests; the sign-in of people must not turn them away.
for pattern in api.urls[0]:
    pattern.callback = login_not_required(pattern.callback)
