"""Roles as processes of one parent, which share the pages of what all of them load."""

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

AGAIN = os.EX_TEMPFAIL
"""What a role's process ends with when it wants to be started anew."""

Role = Callable[[], None]


def run_together(roles: Sequence[Role], shared: Sequence[str]) -> int:
    """The roles until SIGINT or SIGTERM, or until one of them ends: then the others do too. What to exit with.

    A process each, so that no page waits for a poll and no poll for a page. One that ends with AGAIN is started anew, in a
    process whose memory holds nothing of the old one.

    They are forked from this process after it has loaded the modules `shared`, and so hold these once between them: 40 of
    250 MB. The caller has neither threads nor connections to a store, for those do not outlive a fork.
    """
    for name in shared:
        import_module(name)
    gc.collect()
    gc.freeze()  # a collection would write to each object that it looks at, and so make a copy of its page
    running: dict[Role, ForkProcess] = {}
    with suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        running.update((role, _started(role)) for role in roles)
        while again := _wanting_anew(running):
            running.update((role, _started(role)) for role in again)
    for process in running.values():
        process.terminate()
    for process in running.values():
        process.join()
    failed = [process.exitcode for process in running.values() if process.exitcode not in (0, -signal.SIGTERM)]
    return (failed[0] or 1) if failed else 0


def _started(role: Role) -> ForkProcess:
    process = multiprocessing.get_context("fork").Process(target=partial(_alone, role))
    # A child that is told to end before it has begun ends by the signal, not in this process's handler.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    return process


def _alone(role: Role) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    role()


def _wanting_anew(running: dict[Role, ForkProcess]) -> list[Role]:
    """Wait until a role ends; the ended ones if each wants to be started anew, else none."""
    ready = wait([process.sentinel for process in running.values()])
    ended = [role for role, process in running.items() if process.sentinel in ready]
    for role in ended:
        running[role].join()
    return ended if all(running[role].exitcode == AGAIN for role in ended) else []
