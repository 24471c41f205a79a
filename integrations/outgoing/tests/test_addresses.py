"""Where webhooks may go."""

from __future__ import annotations

import socket

import pytest

from integrations.outgoing.addresses import (
    LONGEST_URL,
    NotAllowed,
    Target,
    may_connect_to,
    read_target,
    resolve,
)

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - nothing is bound to it here
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]


@pytest.fixture(autouse=True)
def _outside(settings) -> None:
    settings.WEBHOOKS_TO_THIS_MACHINE = False


@pytest.mark.parametrize("address", PRIVATE)
def test_no_webhook_goes_to_a_private_address(address):
    assert not may_connect_to(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_even_in_development_only_this_machine_is_added(address, settings):
    settings.WEBHOOKS_TO_THIS_MACHINE = True
    assert may_connect_to(address) == (address.startswith("127.") or address == "::1")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_webhooks_go_to_public_addresses(address):
    assert may_connect_to(address)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example.com", Target("https", "a.example.com", 443, "/")),
        ("https://a.example.com:8443/x?y=1", Target("https", "a.example.com", 8443, "/x?y=1")),
        ("https://[2606:2800::1]/x", Target("https", "2606:2800::1", 443, "/x")),
    ],
)
def test_a_url_is_taken_apart(url, target):
    assert read_target(url) == target


def test_the_host_header_has_a_port_only_where_it_is_unusual():
    assert read_target("https://a.example.com/").host_header == "a.example.com"
    assert read_target("https://a.example.com:8443/").host_header == "a.example.com:8443"
    assert read_target("https://[2606:2800::1]/").host_header == "[2606:2800::1]"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://a.example.com/", "https://"),
        ("ftp://a.example.com/", "https://"),
        ("a.example.com/hooks", "https://"),
        ("https:///hooks", "name a host"),
        ("https://user:word@a.example.com/", "user name"),
        ("https://@a.example.com/", "user name"),
        ("https://a.example.com/#part", "fragment"),
        ("https://a.example.com:25/", "port"),
        ("https://a.example.com:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://a.example.com/a b", "spaces"),
        ("https://a.example.com/\r\nHost: b", "spaces"),
        ("https://a.example.com\\@b.example.com/", "backslashes"),
        ("https://ex\N{LATIN SMALL LETTER A WITH DIAERESIS}mple.com/", "ASCII"),
        ("https://a.example.com/" + "x" * LONGEST_URL, "characters"),
    ],
)
def test_other_urls_are_refused_with_a_reason(url, why):
    with pytest.raises(NotAllowed, match=why):
        read_target(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::1]"])
def test_however_this_machine_is_written_it_is_refused(host):
    with pytest.raises(NotAllowed, match="on the public Internet"):
        resolve(read_target(f"https://{host}/"))


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    def both(*_args: object, **_options: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
            for address in ("93.184.216.34", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(NotAllowed):
        resolve(read_target("https://a.example.com/"))


def test_a_host_that_is_not_there_is_refused_like_one_that_is_private(monkeypatch):
    def nowhere(*_args: object, **_options: object) -> None:
        raise socket.gaierror

    def private(*_args: object, **_options: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 443))]

    refusals = []
    for answer in (nowhere, private):
        monkeypatch.setattr(socket, "getaddrinfo", answer)
        with pytest.raises(NotAllowed, match="cannot be found") as refused:
            resolve(read_target("https://db.example.com/"))
        refusals.append(str(refused.value))
    assert len(set(refusals)) == 1
