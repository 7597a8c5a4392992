"""Files that people name on the command line: what is wrong with one is said in a line."""

from pathlib import Path


def read_named(path: Path, what: str) -> bytes:
    """The content of a file.

    Args:
        path: As it was named.
        what: That is expected to be in it, such as "a picture".

    Raises:
        ValueError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        came = "no such file: check its name"
    except IsADirectoryError:
        came = "a folder: name a file in it"
    except OSError as error:
        came = f"a file that cannot be read ({error.strerror})"
    raise ValueError(f"{path}: expected {what}, got {came}")


def read_named_text(path: Path, what: str) -> str:
    """As `read_named`, of a text.

    Raises:
        ValueError: It cannot be read, or is no UTF-8.
    """
    try:
        return read_named(path, what).decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path}: expected {what}, got no UTF-8: save it as text") from None


def check_output(path: Path, option: str = "--output") -> None:
    """Raise ValueError with one line unless a file can be written there; before the long work."""
    if path.is_dir():
        raise ValueError(f"{option}: {path} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise ValueError(f"{option}: there is no folder {path.parent}: make it first")
