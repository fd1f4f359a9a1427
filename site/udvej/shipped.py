"""What comes with the program besides its code: a folder of content, and its own words."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent
_CHECKOUT: Final = _PACKAGE.parents[1]
# A wheel holds it inside the package.
SHIPPED: Final = next(folder for folder in (_PACKAGE / "shipped", _CHECKOUT) if folder.is_dir())
CONTENT: Final = SHIPPED / "content"
TRANSLATIONS: Final = SHIPPED / "translations"
IS_CHECKOUT: Final = SHIPPED == _CHECKOUT
