"""What is needed to read pages by themselves."""

from typing import Final

from udvej.outbox.scheme import Scheme, boxes_for

BOXES: Final = boxes_for(Scheme.SMIME)
