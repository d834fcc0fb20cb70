"""Which addresses are public, under every spelling and embedding, and what a name resolves to."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import errors
from edge.net.addresses import resolve, special

SPECIAL = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "of this network",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "100.64.0.1": "shared by a carrier's customers",
    "100.127.255.255": "shared by a carrier's customers",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.8": "reserved",
    "192.0.0.171": "reserved",
    "192.0.2.1": "for documentation",
    "192.88.99.1": "reserved",
    "192.168.1.1": "private",
    "198.18.0.1": "for benchmarks",
    "198.19.255.255": "for benchmarks",
    "198.51.100.7": "for documentation",
    "203.0.113.9": "for documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "0:0:0:0:0:0:0:1": "loopback",
    "::ffff:127.0.0.1": "loopback",
    "::FFFF:7f00:1": "loopback",
    "::ffff:169.254.169.254": "link-local",
    "::127.0.0.1": "loopback",
    "::10.0.0.1": "private",
    "::8.8.8.8": "reserved",
    "::ffff:0:10.0.0.1": "reserved",
    "64:ff9b::10.0.0.1": "private",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b:1::1": "private",
    "100::1": "discarded",
    "2001::1": "unspecified",
    "2001:0:0808:0808:0:0:f5ff:fffe": "private",  # Teredo, with 10.0.0.1 behind it
    "2001:0:0a00:1:0:0:f7f7:f7f7": "private",  # Teredo, with 10.0.0.1 as its server
    "2001:2::1": "for benchmarks",
    "2001:10::1": "reserved",
    "2001:20::1": "reserved",
    "2001:db8::1": "for documentation",
    "2002:7f00:1::": "loopback",
    "2002:c0a8:101::1": "private",
    "3fff::1": "for documentation",
    "4000::1": "reserved",
    "5f00::1": "reserved",
    "fc00::1": "unique-local",
    "fd12:3456::1": "unique-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "febf::1": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "ff0e::1": "multicast",
    "": "not an address",
    "example.org": "not an address",
    "127.1": "not an address",
    "0177.0.0.1": "not an address",
    "1.2.3.4\0": "not an address",
    ":::1": "not an address",
}

PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2606:4700::1111",
    "2a00:1450::1",
    "3ffe:ffff::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2001:0:0808:0808:0:0:f7f7:f7f7",
)


@pytest.mark.parametrize(("address", "what"), SPECIAL.items())
def test_special(address: str, what: str) -> None:
    assert special(address) == what


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert special(address) == ""


# Of some networks releases of Python say different things; ours is the stricter word.
@given(st.ip_addresses())
def test_what_is_public_is_no_private_address_to_the_standard_library(address: Any) -> None:
    embeds = isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or address.teredo or address in NAT64
    )
    if not embeds and not special(str(address)):
        assert not (
            address.is_private or address.is_reserved or address.is_multicast or address.is_link_local
        )


NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@pytest.mark.parametrize(
    "host", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "127.0.0.1.", "0", "::1", "::ffff:127.0.0.1"]
)
def test_another_spelling_of_an_address_is_judged_as_the_address(host: str) -> None:
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        pytest.skip("this resolver does not know that spelling")
    with pytest.raises(errors.FetchFailed, match="is (127|0|::)"):
        resolve(host, 443, allow_special=False)


def answers(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Makes the resolver answer so; what it was asked."""
    asked = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [
            (socket.AF_INET6, 1, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, 1, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_of_a_name_with_both_only_the_public_addresses_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, "10.0.0.1", "8.8.8.8", "::1", "2606:4700::1")
    found = resolve("both.test", 443, allow_special=False)
    assert [where[0] for _, where in found] == ["8.8.8.8", "2606:4700::1"]
    assert asked == ["both.test"]


def test_where_special_addresses_are_allowed_none_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "10.0.0.1", "8.8.8.8")
    assert [where[0] for _, where in resolve("both.test", 443, allow_special=True)] == ["10.0.0.1", "8.8.8.8"]


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "a..test"])
def test_what_is_no_name_is_an_error(host: str) -> None:
    with pytest.raises(errors.FetchFailed, match="was not found"):
        resolve(host, 443, allow_special=True)
