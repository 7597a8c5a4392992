"""``python -m afn``."""

from afn.cli.main import main

main()
