"""Which backend a name stands for."""

from collectors.snmp.backend import SnmpBackend


def open_backend(name: str) -> SnmpBackend:
    """The backend "gufo" or "pysnmp", for use in the running event loop; KeyError for another name."""
    from collectors.snmp.pysnmp_backend import PysnmpBackend
    from collectors.snmp.single import OneAtATime

    if name == "pysnmp":
        return OneAtATime(PysnmpBackend())
    if name == "gufo":
        from collectors.snmp.gufo import GufoBackend

        return OneAtATime(GufoBackend(PysnmpBackend()))
    raise KeyError(name)
