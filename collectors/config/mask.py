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
    r"passw(?:or)?d(?:-value|-encrypt)?", r"pass-?phrase", r"secret", r"key-string", r"pre-?shared-key(?:[ \t]+key)?", r"(?<![a-z])psk",
    r"shared-key", r"authentication-key", r"message-digest-key", r"md5-key", r"auth-key", r"encryption-key", r"private-key", r"sak-key",
    r"(?:server|plaintext|encrypted)-key", r"pac[ \t]+key", r"nhrp[ \t]+authentication",
    r"(?<![\w-])cak", r"authentication[ \t]+(?:string|text)", r"key-hash", r"security-?name",
    r"wep[-_ \t]?key", r"encryption[^\n]{0,60}?[ \t]key[ \t]+\d{1,3}[ \t]+size[ \t]+\d{1,3}(?:[ \t]*bits?)?",
    r"authentication[ \t]+mode[ \t]+hmac-\S+",
    r"(?:standby|vrrp|glbp)(?:[ \t]+\d+)?[ \t]+(?:text-)?authentication(?:[ \t]+md5)?(?![ \t]+(?:md5[ \t]+)?key-chain)",
    r"(?:isakmp|ikev1|tacacs|radius|ldp|rsvp|server-private|map-server|eid-notify|map-notify-group|mobility[ \t]+group|failover|authentication|encryption)[^\n]{0,160}?[ \t]key(?![ \t]+(?:chain|\d{1,10}[ \t]+(?:secret|key-string))\b)",
    r"snmp[^\n]{0,80}?\bcommunity", r"(?<![\w-])(?:usm|notify|trap)-community", r"community-map",
    # Keys for IPsec by hand: of OSPFv3 (RFC 4552), of crypto maps, and of VRP's "ipsec sa".
    r"(?:authentication|encryption)[ \t]+ipsec[ \t]+spi[ \t]+\d+", r"session-key[ \t]+(?:in|out)bound[ \t]+(?:ah|esp)[ \t]+\d+(?:[ \t]+(?:cipher|authenticator))?",
    r"\bsa[ \t]+(?:string-key|authentication-hex|encryption-hex)[ \t]+(?:in|out)bound[ \t]+(?:ah|esp)",
    r"(?:sham-link|vlink-peer)[^\n]{0,80}?[ \t](?:hmac-)?(?:md5|sha\S{0,8})[ \t]+\d+", r"tcp-md5-auth", r"nhrp[^\n]{0,60}?[ \t](?:cisco-)?authentication",
    r"(?<![\w-])token", r"sap[ \t]+pmk", r"key-octet-string", r"radius-common-pw", r"(?<![\w-])pin(?:[ \t]+verify)?(?:[ \t]+auto)?",
    r"crypto[ \t]+(?:key|pki)[ \t]+(?:im|ex)port[ \t][^\n]{1,120}?(?:[ \t]terminal|[ \t]url[ \t]+\S{1,200})(?:[ \t]+(?:exportable|on[ \t]+\S+))?",
    r"mab[ \t]+request[ \t]+format[ \t]+attribute[ \t]+2", r"server[ \t]+authentication[ \t]+manager[ \t]+\S+",
    r"event[ \t]+manager[ \t]+environment[ \t]+\S{0,60}?(?:pw|pass|secret|key|token|community|cred)\S{0,60}",
    # Of other keys too: what names one by a small number, such as that of a trusted key, is none.
    r"(?<=\w)(?<!public)(?<!host)(?<!trusted)-key(?![ \t]+(?:\d{1,5}[ \t]*$|key-?chain\b))",
)  # fmt: skip

GENERAL: Sequence[re.Pattern[str]] = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        # key=value, as RouterOS writes it.
        r"""(?:(?:passw(?:or)?d|passphrase|secret|pre-?shared-key|psk|md5-key|static-key|(?<!public-)(?<!transmit-)(?<![a-z])key(?=-\d|=)|management-protection-key|cak|community|(?<![a-z])pin(?==)|token|signature)[\w.-]{0,40}=)(?P<secret>"(?:[^"\\]|\\.)*"|\S+)""",
        # SNMPv3 users: each of both passphrases.
        rf"(?:\b(?:auth|priv)[ \t]+(?:md5|sha\S*|3?des\S*|aes\S*)(?:[ \t]+(?:128|192|256))?[ \t]+){_VALUE}",
        rf"(?:{HIDDEN}[ \t]+priv[ \t]+(?!{HIDDEN}|(?:3?des|aes)){_TYPE}){_VALUE}",
        rf"(?:\b(?:authentication|privacy)-mode[ \t]+\S+[ \t]+(?:\d+[ \t]+)?(?:(?:cipher|simple|plain)[ \t]+)?){_VALUE}",
        # Where traps go, with the community at the end.
        rf"(?:^[ \t]*snmp-server host (?:vrf \S+ |mng )?\S+ (?:(?:traps?|informs?|vrf \S+|use-vrf \S+) )*(?:version (?:1|2c|3 (?:auth|noauth|priv)) )?){_VALUE}",
        rf"(?:(?:{'|'.join(_KEYWORDS)})[ \t]+(?!(?:add|set)[ \t]){_TYPE}){_VALUE}",
        # "key X" by itself; "key 1" only says which of a chain.
        rf"(?:^[ \t]+key[ \t]+(?!chain\b|\d{{1,3}}[ \t]*$){_TYPE}){_VALUE}",
        # A key within a line. After "tunnel", "gre" and "ip" it is a number of the packets', and so is one of few digits.
        rf"(?:(?<=\S[ \t])(?<!public )(?<!crypto )(?<!tunnel )(?<!gre )(?<!ip )key[ \t]+(?!\"?{HIDDEN}|chain\b|\d{{1,5}}[ \t]*$|\d{{1,5}}[ \t]+(?:size|secret|key-string|type|value|prefer|version|source|accept|send|algorithm)){_TYPE}){_VALUE}",
        r"(?:mail-server[ \t]+[^\s:@]{1,64}:)(?P<secret>\S{1,256})(?=@)",
        r"(?:\w://[^\s:/@]{0,64}:)(?P<secret>\S{1,256})(?=@)",  # up to the last "@": passwords have some too
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
