"""Taking the secrets out of a configuration, before anything is stored, compared or shown. Pure.

Rather too much is hidden than too little. What is hidden leaves no trace, no hash and no length: that a
secret was exchanged for another one is not visible.
"""

import re
from collections.abc import Iterable, Sequence

HIDDEN = "<secret>"

# Words that end an unquoted secret; all other words up to the end of the line are taken for parts of it.
_TAIL = r"(?:ro|rw|role|privilege|address|level|level-[12]|view|priv|auth|group|timeout|retransmit|vrf|snmp-only|authorization|address-ipv6|mode|udp-port|acct-port|operator|manager|restricted|unrestricted|hash2?|r|rwa|version)\b"
_VALUE = rf"""(?P<secret>"(?:[^"\\]|\\.)*"|'[^']*'|\S+(?:[ \t]+(?!{_TAIL})\S+)*)"""
# How the secret is written, or which one it is, between the keyword and the secret itself.
_TYPE = r"(?:(?:\d{1,3}|level[ \t]+\d+|cipher|irreversible-cipher|simple|plain|plaintext|clear|encrypted|unencrypted|md5|sha[-\d]*|hmac-\S+|ascii|ascii-text|hexadecimal|hex|string|text|des\S*|3des|aes\S*|read|write|address[ \t]+\S+|local|remote|key|user-name[ \t]+\S+)[ \t]+)*"
# Bounded where they reach over words: a hostile line must not cost more than its length.
_KEYWORDS = (
    r"passw(?:or)?d", r"pass-?phrase", r"secret", r"key-string", r"pre-?shared-key(?:[ \t]+key)?", r"(?<![a-z])psk",
    r"shared-key", r"authentication-key", r"message-digest-key", r"md5-key", r"auth-key", r"encryption-key", r"private-key", r"sak-key",
    r"(?:server|plaintext|encrypted)-key", r"pac[ \t]+key", r"nhrp[ \t]+authentication",
    r"(?<![\w-])cak", r"authentication[ \t]+(?:string|text)", r"key-hash", r"securityname",
    r"(?:standby|vrrp|glbp)[ \t]+\d+[ \t]+authentication(?:[ \t]+md5)?(?![ \t]+(?:md5[ \t]+)?key-chain)",
    r"(?:isakmp|ikev1|tacacs|radius|ldp|server-private)[^\n]{0,160}?[ \t]key", r"snmp[^\n]{0,80}?\bcommunity",
)  # fmt: skip

GENERAL: Sequence[re.Pattern[str]] = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        # key=value, as RouterOS writes it.
        r"""(?:(?:passw(?:or)?d|passphrase|secret|pre-?shared-key|psk|md5-key|static-key|private-key|auth-key|authentication-key|encryption-key|management-protection-key|cak|community)[\w.-]{0,40}=)(?P<secret>"(?:[^"\\]|\\.)*"|\S+)""",
        # SNMPv3 users: each of both passphrases.
        rf"(?:\b(?:auth|priv)[ \t]+(?:md5|sha\S*|3?des\S*|aes\S*)(?:[ \t]+(?:128|192|256))?[ \t]+){_VALUE}",
        rf"(?:\b(?:authentication|privacy)-mode[ \t]+\S+[ \t]+(?:\d+[ \t]+)?(?:(?:cipher|simple|plain)[ \t]+)?){_VALUE}",
        # Where traps go, with the community at the end.
        rf"(?:^[ \t]*snmp-server host \S+ (?:(?:traps?|informs?|vrf \S+|use-vrf \S+) )*(?:version (?:1|2c|3 (?:auth|noauth|priv)) )?){_VALUE}",
        rf"(?:(?:{'|'.join(_KEYWORDS)})[ \t]+(?!(?:add|set)[ \t]){_TYPE}){_VALUE}",
        # "key X" by itself; "key 1" only says which of a chain.
        rf"(?:^[ \t]+key[ \t]+(?!chain\b|\d{{1,3}}[ \t]*$){_TYPE}){_VALUE}",
        r"(?:\w://[^\s:/@]{0,64}:)(?P<secret>[^\s@]{1,256})(?=@)",
        # Hashes and enciphered texts, wherever they stand.
        r"(?P<secret>\$(?:\d{1,2}[a-z]?|[a-z]{1,2}|argon2\w{1,3}|scrypt)\$[^\s\"';]+)",
        r"(?P<secret>%(?:\^%#|@%@|\$%\$|#%#)\S{1,512}?%(?:\^%#|@%@|\$%\$|#%#))",
    )
)
_PEM = re.compile(r"(?P<secret>-----BEGIN [^-\n]+-----.*?(?:-----END [^-\n]+-----|\Z))", re.DOTALL)


def patterns(texts: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """A platform's own patterns: each has a group `secret`."""
    return tuple(re.compile(text, re.MULTILINE) for text in texts)


def masked(text: str, own: Sequence[re.Pattern[str]] = ()) -> str:
    """`text` with HIDDEN in the place of each secret, by `own` patterns and the general ones."""
    for pattern in (_PEM, *own, *GENERAL):
        text = pattern.sub(_hide, text)
    return text


def _hide(found: re.Match[str]) -> str:
    (begin, end), start = found.span("secret"), found.start()
    return found[0][: begin - start] + HIDDEN + found[0][end - start :]
