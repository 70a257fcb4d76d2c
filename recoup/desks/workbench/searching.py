"""
What somebody searched for: names and numbers of people, which no address and no log may carry.

     form ── POST ──▶ session: {"Xb3k…": sealed words} ── redirect ──▶ ?found=Xb3k…

The address of what was found carries a word drawn by chance, which only this session understands,
so that sorting, paging and going back work as on every list.
"""

from __future__ import annotations

import base64
import binascii
import secrets

from django.http import HttpRequest

from recoup.kernel.errors import Failed
from recoup.people.operations import TextSealer

FIELD = "found"
KEPT = "searches"
MOST = 20
LONGEST = 200


def remember(request: HttpRequest, words: str) -> str:
    """Keep what is searched for, sealed, as long as the session; gives the word to ask by."""
    drawn = secrets.token_urlsafe(9)
    sealed = TextSealer().seal(words[:LONGEST], label=_label(drawn))
    earlier = list(request.session.get(KEPT, {}).items())[-(MOST - 1) :]
    request.session[KEPT] = dict([*earlier, (drawn, base64.b64encode(sealed).decode())])
    return drawn


def words_of(request: HttpRequest) -> str:
    """What the address asks for in this session; nothing for a word that it does not know."""
    drawn = request.GET.get(FIELD, "")
    sealed = request.session.get(KEPT, {}).get(drawn)
    if not sealed:
        return ""
    try:
        return TextSealer().unseal(base64.b64decode(sealed), label=_label(drawn))
    except (Failed, binascii.Error):
        return ""


def _label(drawn: str) -> str:
    return f"search:{drawn}"
