"""What a municipality asks in the form; apart from what receives the answers."""

from pathlib import Path

from udvej.content.facts import Facts
from udvej.content.kommune_toml import FACTS_FILE, source_of
from udvej.errors import UnknownQuestion
from udvej.intake.form import ReferralForm
from udvej.wording import tell


def form_of(facts: Facts, folder: Path) -> type[ReferralForm]:
    """The form as a municipality asks it, which `[formular]` of its facts says.

    Args:
        facts: the municipality's.
        folder: what they were read from.

    Raises:
        ContentError: a question is to be left out that there is not, or that is always asked.
    """
    said = facts["formular"]
    try:
        return ReferralForm.asked_by(said["ved_knappen"], said["uden"] or ())
    except UnknownQuestion as error:
        path = folder / FACTS_FILE
        source = source_of(path)
        problem = tell(
            "»%(name)s« er ikke et spørgsmål, I kan undvære; vælg mellem %(known)s",
            name=error.name,
            known=", ".join(error.known),
        )
        raise source.error(problem, "uden", "formular") from error
