"""What every channel is: how a parcel is handed over, how a carrier is asked, what can go wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from recoup.kernel.errors import Failed, Refused
from recoup.people import vault
from recoup.people.models import Sealed


class Unclear(Failed):
    """The request left and no clear answer came: the carrier may have it. Never "failed"."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, permanent=False, hint=hint)


class BadAddress(Failed):
    """The carrier says that no such number or address can be reached."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Status(StrEnum):
    """What a carrier knows of a parcel."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    NEVER_SEEN = "never_seen"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name: the creditor, its registered number or address, its registered signature."""

    name: str
    address: str = ""
    signature: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """
    One thing to send. `key` is the idempotency key; `to` is still sealed.

    Prints nothing but its key, so that a log or a traceback cannot leak what is in it.
    """

    key: str
    to: Sealed = field(repr=False)
    text: str = field(repr=False)
    sender: Sender = field(repr=False)
    at: datetime = field(repr=False)
    on: date = field(repr=False)
    subject: str = field(default="", repr=False)
    name: Sealed | None = field(default=None, repr=False)
    template: str = field(default="", repr=False)
    slots: Mapping[str, str] = field(default_factory=dict, repr=False)
    reference: str = field(default="", repr=False)
    language: str = field(default="zh-hans", repr=False)
    opt_out_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Handed:
    """The carrier took it: its own id, how many units it counts, what they cost (minor units)."""

    provider_id: str
    segments: int = 1
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a carrier said when asked about a parcel."""

    status: Status
    provider_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A receipt that came in over the channel itself."""

    provider_id: str
    status: Status
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that somebody wrote to us, over the channel itself."""

    provider_id: str
    sender: str = field(repr=False)
    text: str = field(repr=False)


class Channel(ABC):
    """
    A configured carrier of one channel.

    `idempotent` says that the carrier itself drops a second parcel with the same key; only then
    may a parcel that it has never seen be handed over again.
    """

    carrier: str
    price: Decimal = Decimal(0)
    idempotent: bool = False

    @abstractmethod
    def hand_over(self, parcel: Parcel) -> Handed:
        """
        Give one parcel to the carrier.

        :raises BadAddress: if nobody can be reached there
        :raises Unclear: if it may or may not have been taken
        :raises Failed: if it was surely not taken; `permanent` says whether it ever can be
        """

    @abstractmethod
    def ask(self, parcel: Parcel, *, provider_id: str) -> Answer:
        """
        What the carrier knows of a parcel, by our key or by its id (which may be empty).

        :raises Failed: if it cannot be asked now
        """

    def collect(self, take: Callable[[Report | Incoming], None]) -> int:
        """
        Take what the carrier holds for us; gives how many. Most carriers call us instead.

        :raises Failed: if it cannot be asked now
        """
        return 0

    def close(self) -> None:  # noqa: B027 - most carriers keep no connection
        """Give connections back."""

    def cost(self, segments: int) -> int:
        """The price of so many units, in minor units, half a unit rounded up."""
        return int((self.price * segments).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def unsealed(sealed: Sealed) -> str:
    """
    A number, name or address, for the moment of handing over. Never keep or print it.

    :raises Refused: if the person was erased
    """
    person = sealed.person
    if person.wrapped is None:
        raise Refused("This person was erased.", rules=("people.erased",))
    key = vault.key_of(person.kek).unwrap(bytes(person.wrapped))
    return vault.unseal(key, bytes(sealed.ciphertext), token=person.token, kind=sealed.kind)
