"""A team that has shown that it can open what is sent."""

from sqlalchemy import delete
from udvej.outbox.drills import Drills, new_code
from udvej.outbox.schema import REFERRALS
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.services import Services


def confirm(services: Services) -> None:
    """As `shown`, for a whole site."""
    shown(services.outbox, services.drills, services.sealer.recipients.fingerprint)


def shown(outbox: Outbox, drills: Drills, sealed_for: str) -> None:
    """A drill was sent and its code entered; of its mail nothing is left."""
    code = new_code()
    drills.make(lambda number: Sealed(b"drill", f"{number}"), sealed_for, code)
    leased = outbox.lease()
    assert leased is not None
    outbox.sent(leased)
    drills.confirm(code)
    with outbox.database.transaction() as connection:
        connection.execute(delete(REFERRALS).where(REFERRALS.c.number < 0))
