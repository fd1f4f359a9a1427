"""The ways to seal; apart from sealing itself, so that reading pages needs no cryptography."""

from collections.abc import Mapping
from enum import StrEnum


class Scheme(StrEnum):
    """For whom referrals are sealed."""

    SMIME = "smime"  # for the team: nobody else can open them
    TRANSPORT = "transport"  # for the server: at rest only; opened to be mailed inside TLS


def boxes_for(sealing: Scheme) -> Mapping[str, bool]:
    """The boxes of content that are shown under one way of sealing only, by name."""
    return {scheme: scheme is sealing for scheme in Scheme}
