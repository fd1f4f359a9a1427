"""A network of a process's own, in which it may have any address of 2001:db8::/32 and 127/8."""

import os
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import Final

# Nothing leads out of it.
_LAID: Final = """\
ip link set lo up
ip route add local 2001:db8::/32 dev lo
echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind
exec "$@"
"""


@cache
def why_not() -> str:
    """Why no such network can be made here, or ""."""
    if os.geteuid() != 0:
        return "only root may make a network of its own"
    made = subprocess.run(within(["true"]), capture_output=True, text=True, check=False, timeout=60)
    return f"no network of its own can be made: {made.stderr.strip()}" if made.returncode else ""


def within(command: Sequence[str]) -> list[str]:
    """A command that runs another in such a network."""
    return ["unshare", "--net", "sh", "-ec", _LAID, "sh", *command]
