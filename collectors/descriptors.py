"""Room for open files: systems begin with 1,024 a process, fewer than polls by themselves may need."""

import resource

import structlog

_EACH = 3  # a poll by itself: its socket, and the pair through which gufo-snmp gets what was checked
_OTHERS = 512  # the store, files of the history, pages, sockets of volleys, SSH

_log = structlog.get_logger()


def make_room(concurrency: int) -> int:
    """Raise this process' soft limit (getrlimit(2), RLIMIT_NOFILE) for so many polls at once; returns the limit now.

    Where the hard limit is lower it is said in the log: polls beyond it would fail.
    """
    wanted = _EACH * concurrency + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if most < wanted:
        _log.error("too few open files are allowed for collect.concurrency", wanted=wanted, allowed=hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft
