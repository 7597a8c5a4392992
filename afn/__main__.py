"""``python -m afn``."""

from afn.cli import main

main()
