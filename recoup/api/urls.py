"""The addresses of the API, to be mounted at `api/`."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from recoup.api.v1 import api

# `api.urls` is made anew each time it is read.
mounted = api.urls

# Machines sign their requests; the sign-in of people must not turn them away.
for pattern in mounted[0]:
    pattern.callback = login_not_required(pattern.callback)

urlpatterns = [path("v1/", mounted)]
