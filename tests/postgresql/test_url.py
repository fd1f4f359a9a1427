"""What `UDVEJ_DATABASE` may say; no message repeats a part of it, which may be of the password."""

import pytest
from udvej.errors import ConfigError
from udvej.postgresql.url import checked

BEGIN = "postgresql+psycopg://udvej:hemmeligt@"


@pytest.mark.parametrize(
    "end",
    [
        "localhost/udvej",
        "127.0.0.1:5433/udvej",
        "[::1]/udvej",
        "/udvej?host=/run/postgresql",
        "/udvej?host=127.0.0.1,localhost&port=5432,5433&target_session_attrs=read-write",
        "db.example/udvej?sslmode=verify-full",
        "10.0.0.7:5432/udvej?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "/udvej?host=a.example,b.example&sslmode=verify-full",
        "/udvej?host=a.example:5432&host=b.example:5433&sslmode=verify-full",
    ],
)
def test_a_server_here_or_over_verified_tls_is_taken(end: str) -> None:
    """By a socket, a loopback address, or a certificate that names it."""
    assert checked(BEGIN + end).database == "udvej"


@pytest.mark.parametrize(
    "end",
    [
        "db.example/udvej",
        "db.example/udvej?sslmode=require",
        "db.example/udvej?sslmode=verify-ca",
        "10.0.0.7/udvej",
        "/udvej?host=/run/postgresql,db.example",
        "/udvej?host=localhost&host=b.example:5433",
        "localhost/udvej?host=db.example",
        "[2001:db8::1]/udvej",
    ],
)
def test_another_machine_without_verified_tls_is_refused(end: str) -> None:
    """One of several is enough."""
    with pytest.raises(ConfigError, match=r"^UDVEJ_DATABASE: .*sslmode=verify-full"):
        checked(BEGIN + end)


@pytest.mark.parametrize(
    "text",
    [
        "hemmeligt",
        "sqlite:///hemmeligt",
        "postgresql://udvej:hemmeligt@localhost/udvej",
        "postgresql+psycopg2://udvej:hemmeligt@localhost/udvej",
        f"{BEGIN}localhost",
        f"{BEGIN}localhost:hemmeligt/udvej",
        f"{BEGIN}/udvej",
        "postgresql+psycopg://udvej:me@hemmeligt@localhost/udvej",
        f"{BEGIN}localhost/udvej?password=hemmeligt",
        f"{BEGIN}localhost/udvej?hemmeligt=1",
        f"{BEGIN}localhost/udvej?service=udvej",
        f"{BEGIN}localhost/udvej?hostaddr=10.0.0.7",
    ],
)
def test_anything_else_is_refused_without_a_word_of_it(text: str) -> None:
    """Nor is it in the cause, which may be written to a log."""
    with pytest.raises(ConfigError, match=r"^UDVEJ_DATABASE: ") as raised:
        checked(text)
    assert "hemmeligt" not in f"{raised.value!r}{raised.value.__cause__!r}"
