"""
A policy's seat: a process of its own, to which logs go and from which contacts come.

The process is started fresh, so that no book of the simulator is in its memory, and modules that
know what is hidden do not load in it. That stops the honest mistake and the plain attempt; the
source of an entry is read by people besides (README.md).
"""

from __future__ import annotations

import copy
import importlib
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

from bench.collectbench.protocol import Contact, Episode, Log, Policy, Terms, Yesterday

HIDDEN = (
    "recoup.simulator", "bench.collectbench.world", "bench.collectbench.bound",
    "bench.collectbench.knowing",
)  # fmt: skip
ADDRESS = "module:Class"


class FailedError(Exception):
    """A policy raised an error or its process died: where, and what it said."""


class _Curtain(MetaPathFinder):
    """Refuses what a policy may not import."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith(HIDDEN):
            raise ImportError(f"A policy may not import {fullname}: it knows what is hidden.")
        return None


class Seat:
    """
    One policy by its address, `module:Class`, taught once and asked every morning.

    Use as a context; the process ends with it. `cpu` is what the policy has spent, in seconds.
    """

    def __init__(self, address: str, *, threads: int = 1) -> None:
        self.address, self.cpu = address, 0.0
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        kept = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(dict.fromkeys(_THREADS, str(threads)))
        try:
            self._process = context.Process(target=_sit, args=(theirs, address), daemon=True)
            self._process.start()
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()
        self._ask("ready")

    def __enter__(self) -> Seat:
        return self

    def __exit__(self, *_: object) -> None:
        self._ours.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """
        Let the policy study.

        :raises FailedError: if it raises an error or its process dies
        """
        self._ask("learn", past, terms, seed)

    def begin(self) -> None:
        """Let it forget the last book, and remember only what it learned."""
        self._ask("begin")

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> Sequence[Contact]:
        """
        Ask it for a day.

        :raises FailedError: if it raises an error or its process dies
        """
        contacts: Sequence[Contact] = self._ask("act", log, terms, day, yesterday)
        return contacts

    def told(self) -> dict[str, Any]:
        """What the policy likes to say about itself: its attribute `told`, if it has one."""
        said: dict[str, Any] = self._ask("told")
        return said

    def _ask(self, what: str, *parts: object) -> Any:
        try:
            self._ours.send((what, parts))
            done, result, cpu = self._ours.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise FailedError(f"{self.address}: its process ended during {what!r}.") from error
        self.cpu = cpu
        if not done:
            raise FailedError(f"{self.address}, {what}: {result}")
        return result


_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def _sit(pipe: Connection, address: str) -> None:
    sys.meta_path.insert(0, _Curtain())
    start = time.process_time()
    learned: Any = None
    player: Any = None
    while True:
        try:
            what, parts = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        try:
            result: Any = None
            if what == "ready":
                learned = player = make(address)
                start = time.process_time()
            elif what == "learn":
                past, terms, seed = parts
                learned.learn(past, terms, seed=seed)
                player = copy.deepcopy(learned)
            elif what == "begin":
                player = copy.deepcopy(learned)
            elif what == "told":
                result = getattr(player, "told", {})
            else:
                log, terms, day, yesterday = parts
                result = player.act(log, terms, day=day, yesterday=yesterday)
            pipe.send((True, result, time.process_time() - start))
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"
            pipe.send((False, said, time.process_time() - start))


def make(address: str) -> Policy:
    """
    The policy at an address `module:Class`.

    :raises ValueError: if the address has no class or the class not both methods
    """
    module, _, name = address.partition(":")
    if not name:
        raise ValueError(f"A policy is named {ADDRESS}, not {address!r}.")
    found = getattr(importlib.import_module(module), name, None)
    if found is None:
        raise ValueError(f"{module} has no {name}.")
    policy: Policy = found()
    lacking = [method for method in ("learn", "act") if not hasattr(policy, method)]
    if lacking:
        raise ValueError(f"{address} lacks {', '.join(lacking)}.")
    return policy
