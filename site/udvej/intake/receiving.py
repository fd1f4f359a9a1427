"""Taking a referral in: sealed and kept as one, for one municipality."""

from functools import partial

from udvej.intake.referral import Referral
from udvej.intake.sealing import Sealer
from udvej.outbox.table import Outbox


class Receiver:
    """One municipality's sealer and outbox, which nobody can take apart.

    What receives a form is handed this and neither of the two, so that no referral can be sealed
    for another municipality than the one that keeps, counts and mails it. `Services.receiver` is
    the only place where one is made.
    """

    def __init__(self, sealer: Sealer, outbox: Outbox) -> None:
        """Join them.

        Args:
            sealer: seals for the team.
            outbox: keeps what the same team is to get.
        """
        self._sealer, self._outbox = sealer, outbox

    def accept(self, key: bytes, referral: Referral, *, paced: bool = False) -> str:
        """Seal a referral and keep it; when this returns it is on the disk.

        Args:
            key: as for `Outbox.accept`.
            referral: what was written.
            paced: whether it may be a robot's, and so is mailed behind the others.

        Returns:
            The reference of the receipt, as `Outbox.accept` does.

        Raises:
            StorageError: it was not kept.
            SealingError: it was not kept, since it could not be sealed.
        """
        seal = partial(self._sealer.seal, referral)
        return self._outbox.accept(key, referral.reference, seal, paced=paced)

    def receipt(self, key: bytes, within: float) -> str:
        """The reference of what was sent under a key; as `Outbox.receipt`."""
        return self._outbox.receipt(key, within)

    def delay(self) -> float:
        """In how many seconds the last of what may be a flood's is mailed; as `Outbox.delay`."""
        return self._outbox.delay()
