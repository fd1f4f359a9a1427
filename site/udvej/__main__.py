"""`python -m udvej`."""

import sys

from udvej.cli import main

sys.exit(main())
