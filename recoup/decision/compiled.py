"""Loops compiled by Numba, kept on disk between runs, free of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The same function as machine code, compiled at its first call for the types it gets."""
    try:
        return cast("Function", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no directory that can be written: compile in every process
        return cast("Function", njit(nogil=True)(function))
