"""
The vault: personal data under envelope encryption.

A key-encryption key (KEK) from the environment or a file wraps one data key for each person
(AES key wrap, RFC 3394); the data key seals each field (AES-256-GCM, NIST SP 800-38D) with the
person's token and the kind as associated data, so that a ciphertext moved to another person or
field does not open. A keyed hash (HMAC-SHA-256, cut to 128 bits) is the blind index.

Imported only by people and by the channels (an import contract).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)
from django.conf import settings

from recoup.kernel.errors import Failed, Invalid
from recoup.kernel.text import phone_number, tidy

NONCE = 12


@dataclass(frozen=True, slots=True)
class KeyEncryptionKey:
    """32 bytes that wrap data keys, and their fingerprint."""

    secret: bytes

    @property
    def id(self) -> str:
        """Which key this is: the first half of a hash, safe to store."""
        return hashlib.sha256(b"recoup kek" + self.secret).hexdigest()[:16]

    def wrap(self, key: bytes) -> bytes:
        """A data key, wrapped."""
        return aes_key_wrap(self.secret, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """
        A data key again. :raises Failed: if this key did not wrap it
        """
        try:
            return aes_key_unwrap(self.secret, wrapped)
        except InvalidUnwrap:
            raise Failed(
                "The vault key does not open this record.",
                permanent=True,
                hint="Start with the RECOUP_VAULT_KEY that sealed it, or list the old key in "
                "RECOUP_VAULT_OLD_KEYS and run `recoup vault rotate`.",
            ) from None


def parse_key(text: str) -> KeyEncryptionKey:
    """
    A key-encryption key from 64 hexadecimal digits. :raises Invalid: if it is not that
    """
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise Invalid(
            "The vault key is not 64 hexadecimal digits.",
            hint="Make one with `recoup vault new-key`.",
        )
    return KeyEncryptionKey(secret)


def current_key() -> KeyEncryptionKey:
    """The key that new records are wrapped with."""
    return parse_key(settings.VAULT_KEY)


def key_of(kek: str) -> KeyEncryptionKey:
    """
    The configured key of a fingerprint. :raises Failed: if it is not configured
    """
    for text in (settings.VAULT_KEY, *settings.VAULT_OLD_KEYS):
        key = parse_key(text)
        if key.id == kek:
            return key
    raise Failed(
        f"The vault key {kek} is not configured.",
        permanent=True,
        hint="List it in RECOUP_VAULT_OLD_KEYS until `recoup vault rotate` has finished.",
    )


def new_data_key() -> bytes:
    """A fresh 256-bit data key."""
    return secrets.token_bytes(32)


def seal(key: bytes, value: str, *, token: str, kind: str) -> bytes:
    """The ciphertext of a value: nonce, then AES-GCM output."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, value.encode(), f"{token}:{kind}".encode())


def unseal(key: bytes, ciphertext: bytes, *, token: str, kind: str) -> str:
    """
    The value again. :raises Failed: if it was changed, or belongs to another person or kind
    """
    raw = bytes(ciphertext)
    try:
        opened = AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], f"{token}:{kind}".encode())
    except InvalidTag:
        raise Failed(
            f"A sealed {kind} of {token} was changed or moved.",
            permanent=True,
            hint="Restore it from a backup and look into who wrote to the database.",
        ) from None
    return opened.decode()


def normal(kind: str, value: str) -> str:
    """The form of a value in which two spellings of the same thing are equal."""
    text = tidy(value)
    if kind == "phone":
        return phone_number(text) or text
    if kind == "email":
        return text.lower()
    if kind in ("identity", "card"):
        return text.replace(" ", "").upper()
    return text.replace(" ", "")


def blind_index(key: bytes, *, creditor: int, kind: str, value: str) -> str:
    """What to search for instead of the value; useless without the key."""
    text = f"{creditor}:{kind}:{normal(kind, value)}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def seal_blob(key: bytes, value: str, *, label: str) -> bytes:
    """A text that belongs to no person (a quarantined row), sealed under a label."""
    return seal(key, value, token=label, kind="blob")


def unseal_blob(key: bytes, ciphertext: bytes, *, label: str) -> str:
    """The text again. :raises Failed: if it was changed or carries another label"""
    return unseal(key, ciphertext, token=label, kind="blob")


Fields = Mapping[str, str]
