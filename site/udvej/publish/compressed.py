"""A file, and its compressed forms next to it."""

import gzip
import shutil
from pathlib import Path

import brotli


def write_compressed(body: bytes, path: Path, before: Path | None = None) -> None:
    """Write a file, and it as `.br` (RFC 7932) and `.gz` (RFC 1952) where that is smaller.

    Args:
        body: its content; the same gives the same bytes.
        path: where; its folder is made.
        before: the same file of an older build, if there is one. Where it holds the same, its
            compressed forms are taken from there: to make them takes longer than all else.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    if before is not None and before.is_file() and before.read_bytes() == body:
        for form in before.parent.glob(f"{before.name}.*"):
            shutil.copyfile(form, path.with_name(form.name))
        return
    packed = {".br": brotli.compress(body), ".gz": gzip.compress(body, mtime=0)}
    for suffix, smaller in packed.items():
        if len(smaller) < len(body):
            path.with_name(path.name + suffix).write_bytes(smaller)
