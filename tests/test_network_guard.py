"""The guard in conftest.py: loopback works, everything else fails loudly."""

import socket

import pytest


def test_loopback_is_open():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(("localhost", server.getsockname()[1])) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_local_sockets_are_open():
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"x")
        assert other.recv(1) == b"x"


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80)])
def test_addresses_beyond_loopback_are_refused(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as stream:
        with pytest.raises(pytest.fail.Exception, match="loopback only"):
            stream.connect(address)
        with pytest.raises(pytest.fail.Exception, match="loopback only"):
            stream.connect_ex(address)


def test_names_beyond_loopback_are_not_looked_up():
    with pytest.raises(pytest.fail.Exception, match=r"host\.invalid"):
        socket.create_connection(("host.invalid", 443))
