"""A file, and its compressed forms next to it."""

import gzip
from pathlib import Path

import brotli


def write_compressed(body: bytes, path: Path) -> None:
    """Write a file, and it as `.br` (RFC 7932) and `.gz` (RFC 1952) where that is smaller.

    Args:
        body: its content; the same gives the same bytes.
        path: where; its folder is made.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    packed = {".br": brotli.compress(body), ".gz": gzip.compress(body, mtime=0)}
    for suffix, smaller in packed.items():
        if len(smaller) < len(body):
            path.with_name(path.name + suffix).write_bytes(smaller)
