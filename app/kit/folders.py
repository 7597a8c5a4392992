"""Where the app's own files lie."""

from pathlib import Path

REFERENCE = Path(__file__).parent / "reference"
"""What was measured and trained beforehand."""
STATIC = Path(__file__).parent / "static"
"""What browsers load: scripts, fonts."""
