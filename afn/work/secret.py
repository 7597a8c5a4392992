"""What a shared server knows and nobody else does: its secret, and the key to its server page."""

import hashlib
import hmac
import logging
import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

_log = logging.getLogger(__name__)
_FILE = ".secret"
_FEWEST = 16


def is_shared() -> bool:
    """Whether this server is for several people: ``AFN_SHARED=1``, as ``afn serve --shared`` says.

    Else everybody may do everything, and nobody is told from anybody.
    """
    return os.environ.get("AFN_SHARED", "") not in ("", "0")


@cache
def secret(root: Path) -> str:
    """What signs the visitors' cookies: ``AFN_SECRET``, or a file beside the runs, made once.

    Where none can be written, one that lasts as long as this process.

    Args:
        root: The run store's folder.

    Raises:
        ValueError: ``AFN_SECRET`` is too short to be one.
    """
    if given := os.environ.get("AFN_SECRET"):
        if len(given) < _FEWEST:
            raise ValueError(
                f"AFN_SECRET has {_FEWEST} characters or more, not {len(given)}: take those of "
                "`openssl rand -hex 32`"
            )
        return given
    try:
        return _kept(root)
    except OSError as error:
        _log.warning("visitors are new after a restart: %s cannot be kept: %s", root / _FILE, error)
        return secrets.token_hex(32)


def server_key(root: Path) -> str:
    """What opens the server page: whoever started the server gets to see it.

    Args:
        root: The run store's folder.
    """
    return hmac.new(secret(root).encode(), b"server page", hashlib.sha256).hexdigest()[:24]


def _kept(root: Path) -> str:
    path = root / _FILE
    for _ in range(2):
        with suppress(FileNotFoundError):
            if len(found := path.read_text()) >= _FEWEST:
                return found
            path.unlink()  # torn; signing with nothing would be signing by anybody
        _make(path)
    return path.read_text()


def _make(path: Path) -> None:
    """Whole or not at all, and by whoever is first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{_FILE}.{secrets.token_hex(3)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
