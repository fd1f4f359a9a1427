"""Attacks by one person at home, cut short, while real visitors come: what becomes of these.

How fast they are answered is measured by `make bench` (`bench.attacked`), and not asserted here.
"""

from typing import Any, Final

import pytest
from support.attacked import met
from support.attacks import ATTACKS
from support.networks import why_not

_MOST_SECONDS: Final = 140
SHORT: Final = ("--visits=4", "--seconds=4", "--scale=0.1")
# Thousands of them, since fewer hinder nobody.
MANY: Final = ("--visits=4", "--seconds=6", "--scale=0.5")
# The others take minutes together.
QUICKEST: Final = (("homes", "nginx and kernel"),)
OTHERS: Final = [
    *((attack, "nginx and kernel") for attack in ATTACKS if attack != "homes"),
    *((attack, "nginx") for attack in ("silent", "handshakes")),
    *((attack, "serve") for attack in ATTACKS),
]
CASES: Final = [
    *QUICKEST,
    *(pytest.param(*case, marks=pytest.mark.slow) for case in OTHERS),
]

pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
    pytest.mark.timeout(300),  # keys, a site and nginx are made for each
]


def briefly(attack: str, where: str) -> dict[str, Any]:
    """What the visitors met."""
    limits = MANY if attack in ("silent", "handshakes") else SHORT
    return met(attack, where, *limits, patience=_MOST_SECONDS)


@pytest.mark.parametrize(("attack", "where"), CASES)
def test_visitors_read_send_and_leave_while_others_attack(attack: str, where: str) -> None:
    """Each is answered rightly; what is acknowledged is kept; a refused form comes back."""
    found = briefly(attack, where)
    assert found["attacker"], "nobody attacked"
    assert found["wrong"] == {}
    assert len(found["seconds"]["leave"]) >= 1
    assert found["taken"] >= len(found["seconds"]["leave"])
    assert found["kept"] >= found["taken"]
    assert found["drafts_kept"]


@pytest.mark.slow
def test_thousands_of_silent_connections_are_held_by_nginx_and_refused_by_the_kernel() -> None:
    """Half-begun handshakes, of which no limit of nginx knows: so the controls hold."""
    held = briefly("handshakes", "nginx")["attacker"]
    assert held["opened"] > 4000
    bounded = briefly("handshakes", "nginx and kernel")["attacker"]
    assert bounded["opened"] <= 400
    assert bounded["ConnectionRefusedError"] > 0
