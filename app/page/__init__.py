"""The pages: a folder each, in the order of the navigation.

Not `pages`: Streamlit takes a folder of that name beside its script for an app of the old kind, and
tells the first visitor of a server who comes by a link that there is no such page.
"""

PAGES = (
    "playground",
    "data",
    "lessons",
    "dynamics",
    "rescaling",
    "robustness",
    "adapt",
    "domains",
    "ablations",
    "norms",
    "inside",
    "yours",
    "cost",
    "advise",
    "paper",
    "runs",
)
"""The first one is where the app starts."""
LINKED = ("data", "advise")
"""Of them, those that are not in the navigation, but linked to: on the Playground and Your
model."""
HIDDEN = ("server", "privacy")
"""Not in the navigation."""
