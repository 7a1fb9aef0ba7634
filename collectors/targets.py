"""From a device and its credential reference to what a probe needs. Secrets are resolved here, at use."""

from collectors.model import Failure, Reason
from collectors.snmp.backend import AUTH_PROTOCOLS, PRIV_PROTOCOLS, Target, Usm
from inventory.model import Credential, Device
from storage.settings import SecretUnavailableError, Settings, resolve_secret

_VERSIONS = {"snmp-v1": 1, "snmp-v2c": 2, "snmp-v3": 3}


def target_for(device: Device, credential: Credential | None, settings: Settings) -> Target | Failure:
    """Where and how to ask `device` over SNMP: see target_at."""
    return target_at(device.primary_ip, device.port, credential, settings)


def target_at(address: str, port: int | None, credential: Credential | None, settings: Settings) -> Target | Failure:
    """Where and how to ask an address over SNMP.

    A Failure of reason SECRET where there is no SNMP credential or its reference leads nowhere on
    this machine; its detail names the reference, never the secret. One of reason AUTHENTICATION
    where the credential wants a protocol that we don't speak.
    """
    if credential is None or credential.kind not in _VERSIONS:
        return Failure(Reason.SECRET, permanent=True, detail="no SNMP credential")
    version = _VERSIONS[credential.kind]
    if version == 3 and not _known(credential):
        detail = f"credential {credential.name!r}: protocols {credential.auth_protocol!r}, {credential.priv_protocol!r}"
        return Failure(Reason.AUTHENTICATION, permanent=True, detail=detail)
    try:
        return Target(
            address=address,
            port=port or settings.collect.snmp_port,
            version=version,
            community=resolve_secret(credential.community) if version != 3 else "",
            usm=_usm(credential) if version == 3 else None,
            timeout_s=settings.collect.timeout_s,
        )
    except SecretUnavailableError as error:
        return Failure(Reason.SECRET, permanent=True, detail=str(error))


def _known(credential: Credential) -> bool:
    """Whether both backends speak the protocols; privacy needs authentication (RFC 3414)."""
    auth, priv = credential.auth_protocol, credential.priv_protocol
    return auth in {"", *AUTH_PROTOCOLS} and priv in {"", *PRIV_PROTOCOLS} and bool(auth or not priv)


def _usm(credential: Credential) -> Usm:
    return Usm(
        credential.user,
        credential.auth_protocol,
        resolve_secret(credential.auth) if credential.auth_protocol else "",
        credential.priv_protocol,
        resolve_secret(credential.priv) if credential.priv_protocol else "",
    )
