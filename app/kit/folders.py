"""Where the app's own files lie."""

from pathlib import Path

REFERENCE = Path(__file__).parents[1] / "reference"
"""What was measured and trained beforehand."""
STATIC = Path(__file__).parents[1] / "static"
"""What browsers load: scripts, fonts."""
