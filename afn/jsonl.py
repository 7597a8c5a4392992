"""Append-only files of JSON lines: one writer or several, readers that tolerate a torn line."""

import errno
import json
import os
from pathlib import Path
from typing import Any


def append_line(path: Path, record: dict[str, Any]) -> None:
    """Append one record in one write, so that concurrent writers do not mix their lines.

    Raises:
        OSError: It could not be written whole. What a full disk tore is fenced off the next line.
    """
    line = json.dumps(record, allow_nan=False, ensure_ascii=False).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(descriptor)


def read_lines(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Records from byte `offset` on, and the offset behind the last complete line.

    A torn last line stays unread until it is complete; a damaged line in between is skipped.
    A missing file has no records.
    """
    placed, end = read_placed_lines(path, offset)
    return [record for record, _ in placed], end


def read_placed_lines(path: Path, offset: int = 0) -> tuple[list[tuple[dict[str, Any], int]], int]:
    """The same, each record with the offset behind its line."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], offset
    records = []
    for line in data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]:
        offset += len(line) + 1
        try:
            record = json.loads(line) if line else None
        except ValueError:
            continue
        if isinstance(record, dict):
            records.append((record, offset))
    return records, offset
