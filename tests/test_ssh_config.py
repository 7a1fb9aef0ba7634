"""Configurations of devices: what is left out, what is hidden, what is kept, and what a change says."""

import asyncio
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from alerts.deliveries import claim_due, finish
from alerts.evaluate import evaluate
from alerts.messages import render
from alerts.model import Event, Opening, Rule, Severity
from alerts.model import Reason as AlertReason
from alerts.store import alerts, deliveries
from collectors.config import cli
from collectors.config.backup import Job, back_up, jobs, platform_of
from collectors.config.clean import NoConfigError, cleaned
from collectors.config.daily import in_turn, keep_backing_up
from collectors.config.diff import Counts, counts, unified
from collectors.config.keys import changed_keys, note_key
from collectors.config.mask import HIDDEN, masked, patterns
from collectors.config.store import EventKind, Kept, at, events, forget, forget_gone, keep, text_of, versions
from collectors.config.tables import config_text
from collectors.model import Failure, Reason
from collectors.reading.model import Reading
from collectors.ssh.platform import Config, load_platforms
from collectors.ssh.read import read_over_ssh
from inventory import store as inventory_store
from inventory.model import Credential, Device, Inventory, Role
from inventory.scope import Scope, UnknownAreaError
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.settings import AlertSettings, ChannelSettings, CollectSettings, Settings, StorageSettings
from tests.frr import zebra
from tests.servers import wait_until
from tests.small import small_inventory
from tests.ssh_replay import PROMPTS, Script, playing
from tests.sshd import known_hosts, new_key, sshd

PLATFORMS = load_platforms()
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
S = "S3cr3t-Word"

# What each platform writes with a secret in it, and what of it stays.
LINES = {
    "cisco_ios": [
        ("enable secret 5 $1$abc$" + S, "enable secret 5 <secret>"),
        (f"enable password {S} with spaces", "enable password <secret>"),
        (f"enable password level 15 7 {S}", "enable password level 15 7 <secret>"),
        (f"username admin privilege 15 password 0 {S}", "username admin privilege 15 password 0 <secret>"),
        (f"username u password {S} role network-admin", "username u password <secret> role network-admin"),
        (f"snmp-server community {S} RO 10", "snmp-server community <secret> RO 10"),
        (f"snmp-server community {S} view all RW", "snmp-server community <secret> view all RW"),
        (f"snmp-server host 10.0.0.5 version 2c {S}", "snmp-server host 10.0.0.5 version 2c <secret>"),
        (f"snmp-server host 10.0.0.5 {S}", "snmp-server host 10.0.0.5 <secret>"),
        (f"snmp-server user u g v3 auth sha {S} priv aes 128 {S}",
         "snmp-server user u g v3 auth sha <secret> priv aes 128 <secret>"),
        (f"radius-server host 1.2.3.4 auth-port 1812 key 7 {S}", "radius-server host 1.2.3.4 auth-port 1812 key 7 <secret>"),
        (f"tacacs-server key {S}", "tacacs-server key <secret>"),
        (f" key {S}", " key <secret>"),
        (f"  key-string 7 {S}", "  key-string 7 <secret>"),
        (f"  client 10.0.0.9 server-key 7 {S}", "  client 10.0.0.9 server-key 7 <secret>"),
        (f" pac key 7 {S}", " pac key 7 <secret>"),
        (f" encryption vlan 10 key 1 size 128bit 7 {S} transmit-key", " encryption vlan 10 key 1 size 128bit 7 <secret>"),
        (f" wep key 1 {S}", " wep key 1 <secret>"),
        (f"  authentication mode hmac-sha-256 7 {S}", "  authentication mode hmac-sha-256 7 <secret>"),
        (f" ip nhrp authentication {S}", " ip nhrp authentication <secret>"),
        (f" neighbor 10.0.0.1 password 7 {S}", " neighbor 10.0.0.1 password 7 <secret>"),
        (f" ip ospf message-digest-key 1 md5 7 {S}", " ip ospf message-digest-key 1 md5 7 <secret>"),
        (f" ip ospf authentication-key {S}", " ip ospf authentication-key <secret>"),
        (f" standby 1 authentication {S}", " standby 1 authentication <secret>"),
        (f"crypto isakmp key {S} address 1.2.3.4", "crypto isakmp key <secret> address 1.2.3.4"),
        (f" pre-shared-key address 1.2.3.4 key {S}", " pre-shared-key address 1.2.3.4 key <secret>"),
        (f"ntp authentication-key 1 md5 {S} 7", "ntp authentication-key 1 md5 <secret>"),
        (f" wpa-psk ascii 0 {S}", " wpa-psk ascii 0 <secret>"),
        (f" path ftp://user:{S}@10.0.0.1/x", " path ftp://user:<secret>@10.0.0.1/x"),
        (f" path scp://user:p@{S}@10.0.0.1/x", " path scp://user:<secret>@10.0.0.1/x"),
        (f"crypto key import rsa K pem terminal {S}", "crypto key import rsa K pem terminal <secret>"),
        (f"crypto key import rsa K exportable pem url nvram:k 3des {S}", "crypto key import rsa K exportable pem url nvram:k 3des <secret>"),
        (f"  map-server 10.0.0.1 key 7 {S}", "  map-server 10.0.0.1 key 7 <secret>"),
        (f"  ipv6 etr map-server 2001:db8::1 key {S} proxy-reply", "  ipv6 etr map-server 2001:db8::1 key <secret>"),
        (f" map-notify-group 239.1.1.1 key {S}", " map-notify-group 239.1.1.1 key <secret>"),
        (f" ip rsvp authentication key {S}", " ip rsvp authentication key <secret>"),
        (f" ipv6 ospf authentication ipsec spi 256 md5 {S}", " ipv6 ospf authentication ipsec spi 256 md5 <secret>"),
        (f" ospfv3 encryption ipsec spi 256 esp aes-cbc 128 {S} sha1 7 {S}", " ospfv3 encryption ipsec spi 256 <secret>"),
        (f" set session-key outbound esp 256 cipher {S} authenticator {S}",
         " set session-key outbound esp 256 cipher <secret>"),
        (f"snmp-server mib community-map {S} context c", "snmp-server mib community-map <secret>"),
        (f"snmp-server user u g auth md5 0x{S} priv 0x{S} localizedkey",
         "snmp-server user u g auth md5 <secret> priv <secret>"),
        (f"snmp-server host 10.0.0.5 vrf mgmt version 3 auth {S}", "snmp-server host 10.0.0.5 vrf mgmt version 3 auth <secret>"),
        (f"  key-octet-string 7 {S}", "  key-octet-string 7 <secret>"),
        (f"  sap pmk {S} mode-list gcm-encrypt", "  sap pmk <secret> mode-list gcm-encrypt"),
        (f"mab request format attribute 2 7 {S}", "mab request format attribute 2 7 <secret>"),
        (f"standby authentication {S}", "standby authentication <secret>"),
        (f"event manager environment _mail_pw {S}", "event manager environment _mail_pw <secret>"),
        (f" mail-server user:{S}@10.0.0.1 priority 1", " mail-server user:<secret>@10.0.0.1 priority 1"),
        (f"ip mobile secure host 10.0.0.1 spi 100 key hex {S}", "ip mobile secure host 10.0.0.1 spi 100 key hex <secret>"),
        (f"wireless mobility group key {S}", "wireless mobility group key <secret>"),
        (f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n-----END RSA PRIVATE KEY-----\n!", "<secret>\n!"),
    ],
    "frr": [
        (f"password {S}", "password <secret>"),
        (f" neighbor 10.0.0.1 password {S}", " neighbor 10.0.0.1 password <secret>"),
        (f" ip ospf message-digest-key 3 md5 {S}", " ip ospf message-digest-key 3 md5 <secret>"),
        (f" ip rip authentication string {S}", " ip rip authentication string <secret>"),
        (f" area-password md5 {S}", " area-password md5 <secret>"),
        (f" ipv6 ospf6 authentication key-id 1 hash-algo md5 key {S}",
         " ipv6 ospf6 authentication key-id 1 hash-algo md5 key <secret>"),
        (f" tcp-md5-auth {S}", " tcp-md5-auth <secret>"),
    ],
    "huawei": [
        (f" sa string-key outbound esp {S}", " sa string-key outbound esp <secret>"),
        (f" sa encryption-hex inbound esp {S}", " sa encryption-hex inbound esp <secret>"),
        (f" sham-link 10.0.0.1 10.0.0.2 md5 1 {S}", " sham-link 10.0.0.1 10.0.0.2 md5 1 <secret>"),
        (f" ldap-server authentication manager cn=x {S}", " ldap-server authentication manager cn=x <secret>"),
        (f" pin verify auto {S}", " pin verify auto <secret>"),
        (f"local-user a password irreversible-cipher $1c$x{S}$y", "local-user a password irreversible-cipher <secret>"),
        (f"local-user a password cipher %^%#{S} x%^%# privilege level 3",
         "local-user a password cipher <secret> privilege level 3"),
        (f"snmp-agent community read cipher %^%#{S}%^%#", "snmp-agent community read <secret>"),
        (f"snmp-agent community write {S} acl 2000", "snmp-agent community write <secret>"),
        (f"snmp-agent usm-user v3 u g authentication-mode md5 {S} privacy-mode aes128 {S}",
         "snmp-agent usm-user v3 u g authentication-mode md5 <secret>"),
        (f" ospf authentication-mode md5 1 cipher {S}", " ospf authentication-mode md5 1 cipher <secret>"),
        (f" peer 1.1.1.1 password cipher {S}", " peer 1.1.1.1 password cipher <secret>"),
        (f" radius-server shared-key cipher {S}", " radius-server shared-key cipher <secret>"),
    ],
    "huawei_smartax": [
        (f'ont tr069-server-profile add profile-id 1 url "http://10.0.0.1" user "acs" "{S}"',
         'ont tr069-server-profile add profile-id 1 url "http://10.0.0.1" user "acs" <secret>'),
        (f" file-server auto-backup data primary 10.0.0.1 sftp path x user u {S}",
         " file-server auto-backup data primary 10.0.0.1 sftp path x user u <secret>"),
        (f" file-server auto-backup data primary 10.0.0.1 ftp user u password {S}",
         " file-server auto-backup data primary 10.0.0.1 ftp user u <secret>"),
        (f' ont add 0 3 loid-auth "{S}" checkcode-auth "{S}"', " ont add 0 3 loid-auth <secret> checkcode-auth <secret>"),
        (f"terminal user name root {S}", "terminal user name root <secret>"),
    ],
    "juniper_junos": [
        (f'set system root-authentication encrypted-password "$6${S}"',
         "set system root-authentication encrypted-password <secret>"),
        (f"set snmp community {S} authorization read-only", "set snmp community <secret> authorization read-only"),
        (f"set snmp v3 target-parameters t parameters security-name {S}",
         "set snmp v3 target-parameters t parameters security-name <secret>"),
        (f'set protocols bgp group g authentication-key "$9${S}"', "set protocols bgp group g authentication-key <secret>"),
        (f'set protocols ospf area 0 interface x authentication md5 1 key "$9${S}"',
         "set protocols ospf area 0 interface x authentication md5 1 key <secret>"),
        (f'set snmp v3 usm local-engine user u privacy-aes128 privacy-key "{S}"',
         "set snmp v3 usm local-engine user u privacy-aes128 privacy-key <secret>"),
        (f"set groups G snmp trap-group {S} targets 10.0.0.1", "set groups G snmp trap-group <secret> targets 10.0.0.1"),
        (f"set system root-authentication plain-text-password-value {S}",
         "set system root-authentication plain-text-password-value <secret>"),
        (f"set security ipsec vpn v manual authentication key ascii-text {S}",
         "set security ipsec vpn v manual authentication key ascii-text <secret>"),
    ],
    "mikrotik_routeros": [
        (f'/ppp secret add name=u password="{S} with space" service=l2tp', "/ppp secret add name=u password=<secret> service=l2tp"),
        (f"/snmp community add addresses=::/0 name={S}", "/snmp community add addresses=::/0 name=<secret>"),
        (f'/interface wireless security-profiles set wpa2-pre-shared-key="{S}" mode=dynamic-keys',
         "/interface wireless security-profiles set wpa2-pre-shared-key=<secret> mode=dynamic-keys"),
        (f"/ip ipsec identity add peer=x secret={S}", "/ip ipsec identity add peer=x secret=<secret>"),
        (f'/interface wireguard add private-key="{S}=" name=wg', "/interface wireguard add private-key=<secret> name=wg"),
        (f"/interface macsec add cak={S} ckn=a", "/interface macsec add cak=<secret> ckn=a"),
        (f"/interface wireless security-profiles add management-protection-key={S}",
         "/interface wireless security-profiles add management-protection-key=<secret>"),
        (f'/system script add name=backup source=":local pass \\"{S}\\"\\r\\n/tool fetch user=u password=\\"a {S}\\""',
         "/system script add name=backup source=<secret>"),
        (f'/system scheduler add on-event=":global token {S}" start-time=startup', "/system scheduler add on-event=<secret> start-time=startup"),
        ("/tool netwatch add host=10.0.0.1 up-script=wake", "/tool netwatch add host=10.0.0.1 up-script=wake"),
        (f"/routing rip keys add chain=x key={S} key-id=1", "/routing rip keys add chain=x key=<secret> key-id=1"),
        (f"/ip ipsec manual-sa add ah-key={S} esp-enc-key={S}", "/ip ipsec manual-sa add ah-key=<secret> esp-enc-key=<secret>"),
        (f"/interface lte set lte1 pin={S}", "/interface lte set lte1 pin=<secret>"),
        (f'/interface wireguard peers add preshared-key="{S}=" public-key="abc="',
         '/interface wireguard peers add preshared-key=<secret> public-key="abc="'),
        (f'/zerotier set zt1 identity="a:0:b:{S}" port=9993', "/zerotier set zt1 identity=<secret> port=9993"),
        (f'/container envs add key=TOKEN list=x value="{S}"', "/container envs add key=<secret> list=x value=<secret>"),
        (f"/routing bgp peer add tcp-md5-key={S} name=x", "/routing bgp peer add tcp-md5-key=<secret> name=x"),
    ],
    "nokia_sros": [
        (f'        password "$2y$10${S}"', "        password <secret>"),
        (f'            community "{S}" hash2 r version both', "            community <secret> hash2 r version both"),
        (f'            authentication-key "{S}" hash2', "            authentication-key <secret> hash2"),
        (f'            entry 0 key "{S}" hash2 algorithm x', "            entry 0 key <secret> hash2 algorithm x"),
        (f'            usm-community "{S}" hash2 group "g"', '            usm-community <secret> hash2 group "g"'),
        (f"            authentication sha {S} privacy aes-128-cfb-key {S}", "            authentication sha <secret>"),
        (f"            authentication hash2 sha {S} privacy aes-128-cfb-key {S}",
         "            authentication hash2 sha <secret>"),
        (f'            usm-community "{S}" group "g"', '            usm-community <secret> group "g"'),
        (f'            notify-community "{S}"', "            notify-community <secret>"),
        (f"            entry 0 key {S} algorithm aes-128-cmac-96", "            entry 0 key <secret>"),
    ],
    "ubiquiti_edgerouter": [
        (f"set system login user u authentication plaintext-password '{S} x'",
         "set system login user u authentication plaintext-password <secret>"),
        (f"set service snmp v3 user u auth plaintext-key {S}", "set service snmp v3 user u auth plaintext-key <secret>"),
        (f"set service snmp v3 user u privacy encrypted-key 0x{S}",
         "set service snmp v3 user u privacy encrypted-key <secret>"),
        (f"set service snmp community {S} authorization ro", "set service snmp community <secret> authorization ro"),
        (f"set vpn ipsec peer 1.1.1.1 authentication pre-shared-secret {S}",
         "set vpn ipsec peer 1.1.1.1 authentication pre-shared-secret <secret>"),
        (f"set system login user u authentication otp key '{S}'", "set system login user u authentication otp key <secret>"),
        (f"set pki certificate x private key '{S}'", "set pki certificate x private key <secret>"),
        (f"set service https api keys id x key {S}", "set service https api keys id x key <secret>"),
        (f"set service monitoring telegraf influxdb authentication token {S}",
         "set service monitoring telegraf influxdb authentication token <secret>"),
        (f"set protocols nhrp tunnel tun0 cisco-authentication {S}",
         "set protocols nhrp tunnel tun0 cisco-authentication <secret>"),
        (f"set service unms connection 'wss://h:443+{S}+allowUntrustedCertificate'",
         "set service unms connection <secret>"),
    ],
    "zte_zxros": [
        (f"snmp-server community encrypted {S} view AllView ro", "snmp-server community encrypted <secret> view AllView ro"),
        (f"username a password encrypted {S} privilege 15", "username a password encrypted <secret> privilege 15"),
        (f"snmp-server host mng 10.0.0.5 trap version 2c {S} udp-port 162",
         "snmp-server host mng 10.0.0.5 trap version 2c <secret> udp-port 162"),
        (f" server 1 10.0.0.5 master key {S} port 1812", " server 1 10.0.0.5 master key <secret>"),
        (f" isis authentication {S} level-1", " isis authentication <secret> level-1"),
        (f" vrrp 1 text-authentication {S}", " vrrp 1 text-authentication <secret>"),
        (f"onu 1 type x loid u pw {S} vport-mode gemport", "onu 1 type x loid u pw <secret> vport-mode gemport"),
        (f" registration-method pw {S}", " registration-method pw <secret>"),
        (f"  ssid auth wep wifi_0/1 key {S}", "  ssid auth wep wifi_0/1 key <secret>"),
    ],
    "hp_procurve": [
        (f'snmp-server community "{S}" operator unrestricted', "snmp-server community <secret> operator unrestricted"),
        (f'snmpv3 user u auth md5 "{S}" priv "{S}"', "snmpv3 user u auth md5 <secret> priv <secret>"),
        (f'snmpv3 user "u" auth sha {S} priv {S}', 'snmpv3 user "u" auth sha <secret> priv <secret>'),
        (f'radius-server host 1.2.3.4 key "{S}"', "radius-server host 1.2.3.4 key <secret>"),
    ],
}  # fmt: skip


def own(platform: str) -> tuple[str, ...]:
    config = PLATFORMS[platform].config
    assert config is not None
    return config.secrets


@pytest.mark.parametrize("platform", LINES)
def test_secrets_are_hidden(platform: str) -> None:
    rules = patterns(own(platform))
    assert [masked(line, rules) for line, _ in LINES[platform]] == [kept for _, kept in LINES[platform]]
    whole = masked("\n".join(line for line, _ in LINES[platform]), rules)
    assert S not in whole


@pytest.mark.parametrize("platform", LINES)
def test_hiding_again_changes_nothing(platform: str) -> None:
    for _, kept in LINES[platform]:
        assert masked(kept, patterns(own(platform))).replace(f'"{HIDDEN}"', HIDDEN) == kept.replace(
            f'"{HIDDEN}"', HIDDEN
        )


PLAIN = """service password-encryption
ntp server 10.0.0.1 key 5 prefer
ntp trusted-key 1
crypto key pubkey-chain rsa
 gre key 5
 ip rsvp authentication key-chain MYCHAIN
 isis authentication key-chain MYCHAIN
 authentication open
key-chain "x" key 1
set interfaces tunnel tun0 parameters ip key 5
set system ntp server 10.0.0.1 key 1
/interface wireguard peers add public-key="abc="
/routing rip keys add key-id=1
security passwords min-length 8
key chain MYCHAIN
 key 1
ip community-list standard X permit 65000:100
 set community 65000:100 additive
 tunnel key 1234
 ip address 10.0.0.1 255.255.255.0
 authentication-mode aaa
set policy-options community C members 65000:1"""


def test_what_is_no_secret_stays() -> None:
    assert masked(PLAIN) == PLAIN


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Z")), min_size=8, max_size=40))
def test_no_secret_of_any_letters_is_left(secret: str) -> None:
    for line in (
        "enable secret 5 {}",
        "snmp-server community {} RO",
        " neighbor 10.0.0.1 password 7 {}",
        "set secret={}",
    ):
        if secret not in line.format(HIDDEN):  # a word of the line itself
            assert secret not in masked(line.format(secret))


def test_hiding_takes_no_longer_than_its_text_is_long() -> None:
    """Each of these would take minutes were a pattern to read on to the end of the line from every word."""
    for word in ("snmp ", "radius key", "password", "]", "-----BEGIN X-----", "a.a=", "%^%#", "://a:", "cipher \t"):
        masked(word * (50_000 // len(word)), patterns(own("huawei")))


CISCO = f"""Building configuration...

Current configuration : 1234 bytes
!
! Last configuration change at 09:09:22 UTC Tue Apr 9 2013
hostname r1
crypto pki certificate chain TP
 certificate self-signed 01
  30820122 30820122
  \tquit
enable secret 5 {S}
ntp clock-period 17179738
end
"""


def config(platform: str) -> Config:
    found = PLATFORMS[platform].config
    assert found is not None
    return found


def test_what_changes_by_itself_is_left_out() -> None:
    kept = cleaned(CISCO.replace("\n", "\r\n"), config("cisco_ios"))
    assert kept == "!\nhostname r1\ncrypto pki certificate chain TP\nenable secret 5 <secret>\nend\n"


def test_a_line_that_goes_on_is_one() -> None:
    printed = (
        '# nov/22/2026 10:00:00 by RouterOS 6.49\n/ppp secret add name=u pass\\\n    word="S3cr\\\n    3t" x=1\n/end\n'
    )
    assert cleaned(printed, config("mikrotik_routeros")) == "/ppp secret add name=u password=<secret> x=1\n/end\n"


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (CISCO.removesuffix("end\n"), "broke off"),
        (f"% Invalid input detected at {S}\nend\n", "doesn't take"),
        ("Error: Unrecognized command found at '^' position.\nend", "doesn't take"),
        ("end", "no configuration"),
        ("", "broke off"),
    ],
)
def test_what_is_no_configuration(printed: str, said: str) -> None:
    with pytest.raises(NoConfigError, match=said) as refused:
        cleaned(printed, config("cisco_ios"))
    assert S not in str(refused.value)


def test_a_certificate_that_does_not_end_takes_the_rest() -> None:
    with pytest.raises(NoConfigError, match="no configuration"):
        cleaned(" certificate x\n 30\nend\n", config("cisco_ios"))


def test_the_history(engine: Engine) -> None:
    first = keep(engine, "gp1", "frr", "a\nb\n", NOW)
    assert (first.changed, events(engine, Scope())) == (False, [])
    same = keep(engine, "gp1", "frr", "a\nb\n", NOW + timedelta(days=1))
    assert (same.changed, same.version.seen_at) == (False, NOW + timedelta(days=1))
    changed = keep(engine, "gp1", "frr", "a\nc\nd\n", NOW + timedelta(days=2))
    assert (changed.changed, changed.counts) == (True, Counts(2, 1))
    back = keep(engine, "gp1", "frr", "a\nb\n", NOW + timedelta(days=3))
    keep(engine, "gp2", "frr", "a\nb\n", NOW)
    found = versions(engine, "gp1")
    assert [version.id for version in found] == [back.version.id, changed.version.id, first.version.id]
    assert [text_of(engine, version) for version in found] == ["a\nb\n", "a\nc\nd\n", "a\nb\n"]
    newest, oldest = events(engine, Scope())
    assert (newest.kind, newest.device, newest.at) == (EventKind.CONFIG_CHANGED, "gp1", NOW + timedelta(days=3))
    assert oldest.detail == {"version": changed.version.id, "before": first.version.id, "added": 2, "removed": 1}
    assert at(found, NOW + timedelta(days=2, hours=1)) == found[1]
    assert at(found, NOW - timedelta(days=1)) is None
    with engine.connect() as connection:
        assert len(connection.execute(select(config_text.c.sha256)).all()) == 2  # each text once


def test_what_is_old_goes_and_the_newest_stays(engine: Engine) -> None:
    for day, text in enumerate(("a\n", "b\n", "c\n")):
        keep(engine, "gp1", "frr", text, NOW + timedelta(days=day))
    keep(engine, "gp2", "frr", "a\n", NOW)
    assert forget(engine, "gp1", NOW + timedelta(days=400)) == 2
    assert [text_of(engine, version) for version in versions(engine, "gp1")] == ["c\n"]
    assert [text_of(engine, version) for version in versions(engine, "gp2")] == ["a\n"]  # the text is still needed
    assert events(engine, Scope(), device="gp1") == []
    assert forget(engine, "gp1", NOW + timedelta(days=400)) == 0


def test_a_key_that_stands_is_not_forgotten(engine: Engine) -> None:
    """The alert would end by itself after `config_days`."""
    for device, keys in {"gp1": ("A", None, "B"), "gp2": ("A", None)}.items():
        for hour, key in enumerate(keys):
            note_key(engine, device, key, NOW + timedelta(hours=hour))
        forget(engine, device, NOW + timedelta(days=400))
    with engine.connect() as connection:
        assert set(changed_keys(connection)) == {"gp1"}
    assert [one.kind for one in events(engine, Scope(), device="gp1")] == [EventKind.HOST_KEY_CHANGED]


def test_of_a_device_that_is_gone_nothing_stays(engine: Engine) -> None:
    for device in ("gp1", "gone"):
        keep(engine, device, "frr", "a\n", NOW)
        keep(engine, device, "frr", f"{device}\n", NOW)
        note_key(engine, device, "A", NOW)
    assert forget_gone(engine, {"gp1"}, NOW) == 0  # not old enough
    assert forget_gone(engine, {"gp1"}, NOW + timedelta(days=1)) == 2
    assert versions(engine, "gone") == []
    assert events(engine, Scope(), device="gone") == []
    assert [text_of(engine, version) for version in versions(engine, "gp1")] == ["gp1\n", "a\n"]
    with engine.connect() as connection:
        assert len(connection.execute(select(config_text.c.sha256)).all()) == 2


def test_a_changed_key_is_news_once(engine: Engine) -> None:
    keys = (None, "A", "A", "B", "A", None, None)
    told = [note_key(engine, "gp1", key, NOW + timedelta(hours=hour)) for hour, key in enumerate(keys)]
    assert told == [False, True, False, True, True, True, False]
    kinds = [event.kind for event in events(engine, Scope(), since=NOW)]
    assert kinds == [EventKind.HOST_KEY_KNOWN, *[EventKind.HOST_KEY_CHANGED] * 3]


def test_an_unknown_key_is_an_alert_until_the_device_shows_a_known_one(engine: Engine) -> None:
    small = small_inventory()
    inventory_store.apply(engine, small, NOW)
    note_key(engine, "gp1", "ssh-ed25519 SHA256:x", NOW)
    note_key(engine, "gone", "ssh-ed25519 SHA256:x", NOW)  # not in the inventory: nobody could look
    with engine.connect() as connection:
        assert set(changed_keys(connection)) == {"gp1", "gone"}
    (opening,) = evaluate(engine, small, AlertSettings(), NOW)
    assert isinstance(opening, Opening)
    assert (opening.rule, opening.subject, opening.area) == (Rule.HOST_KEY_CHANGED, "gp1", "gp:G1")
    assert evaluate(engine, small, AlertSettings(), NOW + timedelta(hours=1)) == ()
    (alert,) = alerts(engine, Scope("district:387"))
    for language, title in (
        ("en", "[LOOK] Another SSH host key: gp1, Gram 1"),
        ("hi", "[जाँचें] SSH"),
        ("pa", "[ਜਾਂਚੋ] SSH"),
    ):
        message = render(alert, Event.FIRING, language, "http://x")
        assert message.title.startswith(title)
        assert len(message.body.splitlines()) == 4
    note_key(engine, "gp1", None, NOW + timedelta(hours=2))
    (ended,) = evaluate(engine, small, AlertSettings(), NOW + timedelta(hours=2))
    assert ended.reason is AlertReason.ENDED
    (alert,) = alerts(engine, Scope("district:387"))
    assert alert.resolved_at == NOW + timedelta(hours=2)
    assert render(alert, Event.RESOLVED, "en", "http://x").title.startswith("[OVER]")


def test_a_changed_configuration_is_told_once_without_its_lines_and_passes_by_itself(engine: Engine) -> None:
    small, mail = small_inventory(), ChannelSettings(name="mail", kind="apprise", url="env:X")
    settings = AlertSettings(config_changed_s=3600, channels=(mail,))
    inventory_store.apply(engine, small, NOW)
    for device in ("gp1", "gone"):
        keep(engine, device, "frr", "a\nb\n", NOW)
    assert evaluate(engine, small, settings, NOW) == ()  # the first reading changed nothing
    for device in ("gp1", "gone"):  # one isn't in the inventory
        keep(engine, device, "frr", "a\nnew\nlines\n", NOW)
    assert evaluate(engine, small, AlertSettings(config_changed_s=0), NOW) == ()
    (opening,) = evaluate(engine, small, settings, NOW)
    assert isinstance(opening, Opening)
    assert (opening.rule, opening.subject, opening.severity) == (Rule.CONFIG_CHANGED, "gp1", Severity.INFO)
    assert evaluate(engine, small, settings, NOW + timedelta(minutes=59)) == ()
    (alert,) = alerts(engine, Scope("district:387"))
    message = render(alert, Event.FIRING, "en", "http://x")
    assert message.title == "[NOTE] Configuration changed: gp1, Gram 1 (Arang, Raipur)"
    assert "Lines added: 2, removed: 1." in message.body
    assert "new" not in message.body
    (claim,) = claim_due(engine, NOW, "worker", channel="mail", limit=8)
    assert finish(engine, claim, None, NOW)
    (passed,) = evaluate(engine, small, settings, NOW + timedelta(hours=3))
    assert passed.reason is AlertReason.PASSED
    (alert,) = alerts(engine, Scope("district:387"))
    assert alert.resolved_at == NOW + timedelta(hours=1)
    assert [one.event for one in deliveries(engine, Scope())] == [Event.FIRING]  # nobody is told that it is over
    keep(engine, "gp1", "frr", "a\n", NOW + timedelta(hours=4))
    (again,) = evaluate(engine, small, settings, NOW + timedelta(hours=4))
    assert isinstance(again, Opening)
    assert (again.summary.added, again.summary.removed) == (0, 2)


def test_the_scope_holds_for_versions_and_events(engine: Engine) -> None:
    inventory_store.apply(engine, small_inventory(), NOW)
    for text in ("a\n", "b\n"):
        keep(engine, "gp1", "frr", text, NOW)
    for area, count in (("gp:G1", 1), ("gp:G2", 0), ("district:387", 1), ("district:1", 0)):
        assert len(events(engine, Scope(area))) == count
        assert len(versions(engine, "gp1", Scope(area))) == 2 * count


def test_a_diff_shows_what_changed() -> None:
    assert unified("a\nb\nc\n", "a\nB\nc\n", ("x", "y")).splitlines() == [
        "--- x",
        "+++ y",
        "@@ -1,3 +1,3 @@",
        " a",
        "-b",
        "+B",
        " c",
    ]
    assert (unified("a\n", "a\n", ("x", "y")), counts("a\na\n", "a\n")) == ("", Counts(0, 1))


@pytest.mark.parametrize(
    ("device", "platform"),
    [
        (Device("d", Role.ROUTER, "s", profile="mikrotik-routeros"), "mikrotik_routeros"),
        (Device("d", Role.ROUTER, "s", manufacturer="MikroTik", device_type="RB750Gr3"), "mikrotik_routeros"),
        (Device("d", Role.OLT, "s", manufacturer="Huawei", device_type="MA5608T"), "huawei_smartax"),
        (Device("d", Role.ROUTER, "s", manufacturer="Huawei", device_type="NE40E"), "huawei"),
        (Device("d", Role.ROUTER, "s", manufacturer="Cisco"), "cisco_ios"),
        (Device("d", Role.ROUTER, "s", manufacturer="FRRouting"), "frr"),
        (Device("d", Role.ROUTER, "s", profile="frr"), "frr"),
        (Device("d", Role.ONT, "s", manufacturer="Huawei"), None),
        (Device("d", Role.ROUTER, "s"), None),
    ],
)
def test_the_inventory_tells_the_platform(device: Device, platform: str | None) -> None:
    found = platform_of(device, PLATFORMS)
    assert (found.name if found else None) == platform


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    for name in ("host", "other", "client"):
        new_key(tmp_path / name)
    return tmp_path


def with_router(keys: Path, profile: str = "frr") -> Inventory:
    """The small inventory, in which gp1 is asked over SSH at 127.0.0.1."""
    small = small_inventory()
    router = replace(small.devices["gp1"], primary_ip="127.0.0.1", profile=profile, ssh_credential="login")
    login = Credential("login", "ssh", user="u", key_file=str(keys / "client"))
    return replace(small, devices={**small.devices, "gp1": router}, credentials={**small.credentials, "login": login})


def settings(keys: Path, port: int) -> Settings:
    collect = CollectSettings(
        ssh_port=port, ssh_deadline_s=90, known_hosts=known_hosts(keys / "known", port, keys / "host")
    )
    return Settings(collect=collect, storage=StorageSettings(url=f"sqlite:///{keys}/pahunch.db"))


def test_who_is_asked(keys: Path) -> None:
    facts = with_router(keys)
    assert [job.device for job in jobs(facts, settings(keys, 1))] == ["gp1"]
    assert [job.device for job in jobs(facts, settings(keys, 1), "gp:G2")] == []
    with pytest.raises(UnknownAreaError):
        list(jobs(facts, settings(keys, 1), "gp:nowhere"))


FRR = f"""Building configuration...

Current configuration:
!
frr version 8.4.4
hostname gp1
!
password {S}
!
router bgp 65001
 neighbor 10.0.0.1 remote-as 65000
 neighbor 10.0.0.1 password {S}
exit
!
interface eth0
 description to the POP
exit
!
end
"""


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


async def test_a_change_shows_exactly_the_diff_and_no_secret_is_anywhere(
    keys: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    after = FRR.replace("to the POP", "to the ring").replace(f"password {S}\nexit", f"password {S}-new\nexit")
    script = Script(PROMPTS["frr"], {"show running-config": [FRR, FRR, after.replace("8.4.4", "8.5")]})
    async with playing(script, keys / "host") as player:
        chosen = settings(keys, player.port)
        monkeypatch.setenv("PAHUNCH_STORAGE__URL", chosen.storage.url)
        monkeypatch.setenv("PAHUNCH_COLLECT__SSH_PORT", str(player.port))
        monkeypatch.setenv("PAHUNCH_COLLECT__SSH_DEADLINE_S", "90")
        monkeypatch.setenv("PAHUNCH_COLLECT__KNOWN_HOSTS", str(chosen.collect.known_hosts))
        store = open_engine(chosen.storage.url)
        upgrade(store)
        inventory_store.apply(store, with_router(keys), NOW)
        said = [
            await asyncio.to_thread(CliRunner().invoke, cli.app, ["backup", "--device", "gp1", "--json"])
            for _ in range(3)
        ]
    assert [result.exit_code for result in said] == [0, 0, 0], said[0].output
    assert [json.loads(result.stdout)["changed"] for result in said] == [False, False, True]
    shown = CliRunner().invoke(cli.app, ["diff", "gp1"])
    assert shown.exit_code == 1
    changed = [line for line in shown.stdout.splitlines()[2:] if line[:1] in "+-"]
    assert changed == [
        "-frr version 8.4.4",
        "+frr version 8.5",
        "- description to the POP",
        "+ description to the ring",
    ]
    listed = json.loads(CliRunner().invoke(cli.app, ["list", "gp1", "--json"]).stdout)
    assert len(listed) == 2
    oldest = CliRunner().invoke(cli.app, ["show", "gp1", "--at", str(listed[1]["id"])])
    assert "neighbor 10.0.0.1 password <secret>" in oldest.stdout
    assert CliRunner().invoke(cli.app, ["show", "gp1", "--at", "1999-01-01"]).exit_code == 2
    assert CliRunner().invoke(cli.app, ["show", "gp2"]).exit_code == 2
    assert [event.detail["added"] for event in events(store, Scope())] == [2]
    store.dispose()
    everywhere = _files(keys)
    everywhere += "".join(text_of(store, version) for version in versions(store, "gp1"))
    everywhere += caplog.text + "".join(capfd.readouterr()) + shown.output + "".join(result.output for result in said)
    assert "to the ring" in everywhere
    assert S not in everywhere


def _files(folder: Path) -> str:
    """Everything in the database's files."""
    return "".join(path.read_bytes().decode("latin-1") for path in folder.glob("pahunch.db*"))


async def test_a_host_with_another_key_gets_no_credential_and_is_an_event(
    keys: Path, engine: Engine, pool: ThreadPoolExecutor
) -> None:
    script = Script(PROMPTS["frr"], {"show running-config": [FRR]})
    async with playing(script, keys / "other") as player:
        (job,) = jobs(with_router(keys), settings(keys, player.port))
        ended = [await back_up(job, engine, pool) for _ in range(2)]
    assert [each.reason for each in ended if isinstance(each, Failure)] == [Reason.HOST_KEY_CHANGED] * 2
    (event,) = events(engine, Scope())
    assert (event.device, event.kind) == ("gp1", EventKind.HOST_KEY_CHANGED)
    assert "ssh-ed25519 SHA256:" in str(event.detail["key"])
    assert script.asked == []


async def test_what_breaks_off_is_not_kept(keys: Path, engine: Engine, pool: ThreadPoolExecutor) -> None:
    script = Script(PROMPTS["frr"], {"show running-config": [FRR.removesuffix("end\n")]})
    async with playing(script, keys / "host") as player:
        (job,) = jobs(with_router(keys), settings(keys, player.port))
        ended = await back_up(job, engine, pool)
    assert ended == Failure(Reason.PROTOCOL, detail="the configuration broke off")
    assert versions(engine, "gp1") == []


def test_each_has_its_own_time_of_the_day(keys: Path) -> None:
    (job,) = jobs(with_router(keys), settings(keys, 1))
    wanted = [replace(job, device=f"gp{number}") for number in range(100)]
    turns = list(islice(in_turn(wanted, 86400, 1_000_000.0), 300))
    times = [at for at, _ in turns]
    assert times == sorted(times)
    assert min(times) >= 1_000_000
    by_device = {name: [at for at, each in turns if each.device == name] for name in ("gp0", "gp50")}
    assert all(later - earlier == pytest.approx(86400) for few in by_device.values() for earlier, later in [few[:2]])
    first: list[Job] = [each for _, each in turns[:100]]
    assert sorted(each.device for each in first) == sorted(each.device for each in wanted)
    gaps = sum(later - earlier > 8000 for earlier, later in pairwise(times))
    assert gaps == 0


async def test_the_collector_keeps_them_until_it_is_stopped(keys: Path, engine: Engine) -> None:
    script = Script(PROMPTS["frr"], {"show running-config": [FRR, FRR.replace("POP", "ring")]})
    stop = asyncio.Event()
    async with playing(script, keys / "host") as player:
        chosen = settings(keys, player.port)
        often = chosen.model_copy(update={"collect": chosen.collect.model_copy(update={"config_interval_s": 0.3})})
        keeping = asyncio.create_task(keep_backing_up(engine, with_router(keys), often, stop))
        await asyncio.to_thread(wait_until, lambda: bool(events(engine, Scope())), saying="a change is noted")
        stop.set()
        await keeping
    assert len(await asyncio.to_thread(versions, engine, "gp1")) == 2
    off = chosen.model_copy(update={"collect": chosen.collect.model_copy(update={"config_interval_s": 0})})
    await keep_backing_up(engine, with_router(keys), off, asyncio.Event())  # ends by itself


@pytest.mark.server
async def test_a_real_router(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    """FRR by its vtysh over Debian's sshd: read, kept, changed, kept again."""
    engine = open_engine(f"sqlite:///{tmp_path}/pahunch.db")
    upgrade(engine)
    with zebra() as router, sshd(tmp_path, f"ForceCommand {router.shell}") as server:
        router.configure("hostname gp1", f"password {S}", "interface lo", "description to the POP")
        facts = with_router(tmp_path)
        login = Credential("login", "ssh", user=server.user, key_file=str(server.key))
        facts = replace(facts, credentials={**facts.credentials, "login": login})
        collect = CollectSettings(ssh_port=server.port, ssh_deadline_s=90, known_hosts=server.known_hosts)
        (job,) = jobs(facts, Settings(collect=collect))
        read = await read_over_ssh(job.target, PLATFORMS["frr"], pool)
        first = await back_up(job, engine, pool)
        router.configure("interface lo", "description to the ring", "exit", f"password {S}2")
        second = await back_up(job, engine, pool)
        third = await back_up(job, engine, pool)
    assert isinstance(read, Reading), read
    assert read.os_version is not None
    loopback = next(row for row in read.interfaces or () if row.name == "lo")
    assert (loopback.admin, loopback.oper, loopback.alias) == ("up", "up", "to the POP")
    assert isinstance(first, Kept), first
    assert isinstance(second, Kept), second
    assert isinstance(third, Kept), third
    assert (first.changed, second.changed, third.changed, second.counts) == (False, True, False, Counts(1, 1))
    texts = [text_of(engine, kept.version) for kept in (first, second)]
    assert [line for line in unified(texts[0], texts[1], ("a", "b")).splitlines()[2:] if line[0] in "+-"] == [
        "- description to the POP",
        "+ description to the ring",
    ]
    assert not any(S in text for text in texts)
