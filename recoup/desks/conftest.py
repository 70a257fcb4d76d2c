"""The desks' tests use the fixtures of `look`."""

from recoup.look.tests.conftest import catalogue, signed_in

__all__ = ["catalogue", "signed_in"]
