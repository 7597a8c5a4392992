"""The pages: a folder each, in the order of the navigation."""

PAGES = (
    "playground",
    "lessons",
    "dynamics",
    "rescaling",
    "robustness",
    "domains",
    "ablations",
    "inside",
    "cost",
    "paper",
    "runs",
)
"""The first one is where the app starts."""
