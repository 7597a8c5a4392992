"""Where the app's own files lie."""

from pathlib import Path

import plotly

REFERENCE = Path(__file__).parents[1] / "reference"
"""What was measured and trained beforehand."""
DEMO = REFERENCE / "demo"
"""The comparison that the Playground opens with."""
STATIC = Path(__file__).parents[1] / "static"
"""What browsers load: scripts, fonts."""
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
"""The Plotly that is installed, as browsers load it; the server serves it beside those scripts."""
PRESET_CURVES = REFERENCE / "presets.json"
