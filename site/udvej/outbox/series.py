"""The two series of numbers: referrals count up from 1, drills down from -1.

They share a table, its key and its order, and cannot be taken for each other; a drill uses up no
number of a referral, whose series has no gap.
"""


def title(number: int) -> str:
    """The subject of a mail and heading of its letter; the two kinds differ at a glance."""
    return f"Henvendelse nr. {number}" if number > 0 else f"PRØVE nr. {-number}"


def logged(number: int) -> str:
    """The number for a line of the log."""
    return f"number={number}" if number > 0 else f"drill={-number}"


def named(number: int) -> str:
    """The number for those who run the site."""
    return f"number {number}" if number > 0 else f"drill {-number}"
