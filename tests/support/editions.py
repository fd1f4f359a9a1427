"""What is needed to read pages by themselves."""

from typing import Final

from udvej.outbox.sealed import Scheme
from udvej.services import boxes_for

BOXES: Final = boxes_for(Scheme.SMIME)
