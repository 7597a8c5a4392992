"""What axe-core finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Rules = dict[str, object]
ALL: Rules = {}
COLOURS: Rules = {"runOnly": ["color-contrast"]}
"""Those that another colour scheme changes."""
SHAPES: Rules = {"rules": {"color-contrast": {"enabled": False}}}
"""Those that another width does."""


def complaints(page: Page, rules: Rules = ALL) -> list[str]:
    """What is serious or critical by these rules, one line each; what is right is not gathered.

    That is half of the time, and much of the rest goes into the contrast of colours.
    """
    found = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response
    return [
        f"{each['impact']} {each['id']}: {node['html'][:160]} "
        f"{' '.join(node['failureSummary'].split())}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
