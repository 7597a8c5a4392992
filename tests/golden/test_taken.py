"""What each page hands out: programs, notebooks, command lines and files, and the page's link.

The pages are opened as a visitor does, and what is downloaded is kept as text.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import streamlit as st

from tests.golden.conftest import Golden
from tests.golden.names import LESSONS, VIEWS, drawn, opened

pytestmark = pytest.mark.slow

SHIPPED = "mnist5k-bn~mnist5k-afn"
TRAINED = "golden-afn~golden-bn~golden-fork~golden-cut"
CASES: dict[str, tuple[str, str, dict[str, str]]] = {
    "home": ("home", "playground", {"run": TRAINED, "by": "layer"}),
    "runs-one": ("runs", "run", {"run": "golden-fork"}),
    "runs-two": ("runs", "pair", {"run": "golden-afn~golden-bn"}),
    "lambda": ("lambda", "dynamics", {"runs": "golden-afn~mnist5k-asrnorm~golden-fork"}),
    "lambda-logit": ("lambda", "dynamics", {"runs": "golden-afn", "show": "logit"}),
    "lambda-move": ("lambda", "dynamics", {"runs": "mnist5k-afn~golden-bn", "show": "move"}),
    "lambda-map": (
        "lambda", "dynamics.landscape",
        {"runs": "mnist5k-afn", "corruption": "fog", "severity": "3", "point": "0.25~0.5"},
    ),
    "lambda-movement": ("lambda", "dynamics.movement", {"runs": "mnist5k-afn~mnist5k-asrnorm"}),
    "gamma-beta": ("gamma-beta", "rescaling", {"run": "golden-afn"}),
    "gamma-beta-conditions": (
        "gamma-beta", "rescaling.differences",
        {"run": "mnist5k-afn", "corruption": "fog", "n": "100", "stats": "running"},
    ),
    "gamma-beta-domains": (
        "gamma-beta", "rescaling.differences",
        {"run": "mnist5k-asrnorm", "under": "domains", "domains": "digits8", "n": "100"},
    ),
    "robustness": ("robustness", "robustness.shift", {"models": SHIPPED, "n": "200"}),
    "robustness-batch": (
        "robustness", "robustness.shift",
        {"models": SHIPPED, "n": "200", "stats": "batch", "batch": "32", "order": "by label",
         "corruption": "glass_blur", "severity": "2", "data": "digits8"},
    ),
    "robustness-grid": ("robustness", "robustness.grid", {"models": SHIPPED}),
    "robustness-classes": ("robustness", "robustness.classes", {"models": SHIPPED}),
    "adapt": ("adapt", "adapt", {"n": "200", "resets": "4", "ways": "running~mix~tent~frozen"}),
    "domains": ("domains", "domains", {"norms": "bn~bn-batch~afn~afn-off", "batch": "32"}),
    "ablations": ("ablations", "ablations", {"sweep": "batch-size", "guess": "?"}),
    "ablations-new": (
        "ablations", "ablations",
        {"sweep": "new", "vary2": "lambda_init", "values2": "paper, off", "vary3": "adaptive",
         "values3": "on, off", "domains": "mnist5k", "data": "digits8", "tests": "clean"},
    ),
    "inside": (
        "inside", "inside",
        {"model": "mnist5k-afn", "layer": "backbone.blocks.1.norm", "channel": "3", "image": "1",
         "corruption": "fog", "severity": "2", "batch": "8", "mu": "0.5", "where": "here"},
    ),
    "cost": ("cost", "cost", {}),
    "cost-network": ("cost", "cost", {"of": "resnet8", "norms": "afn", "as": "absolute"}),
    "paper": ("paper", "paper", {"column": "tests", "network": "mnist5k"}),
    **{
        f"lessons-{lesson}": ("lessons", "lessons", {"lesson": lesson, "guess": "?"})
        for lesson in LESSONS
    },
}  # fmt: skip
"""Name of the file -> page, section, and link."""
PRESSED = {"robustness-classes": "robustness.start.classes"}
"""Button that begins what a section is about."""
NUMBERLESS = ("inside", "paper")
"""Their expected numbers are left out: this machine computes them, or each network that is shipped
changes them."""


class Taken:
    """What a page lets a browser download, by file name: text of its take-along section, else "".

    Args:
        section: Of the page, as it is called where widgets are named.
    """

    def __init__(self, section: str) -> None:
        self.section, self.others = section, dict[str, str]()
        self.files = dict[str, str]()

    def button(self, label: str, data: Any = "", name: str = "", *_: Any, **given: Any) -> bool:
        """In the place of ``st.download_button``."""
        name = name or given["file_name"]
        if f"{given.get('key')}".startswith(f"take.{self.section}."):
            self.files[name] = data
        elif not f"{given.get('key')}".startswith("take."):
            self.others[name] = ""
        return False


@pytest.mark.parametrize("name", CASES)
def test_what_is_taken_along(
    answered: None, golden: Golden, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    page, section, url = CASES[name]
    taken = Taken(section)
    monkeypatch.setattr(st, "download_button", taken.button)
    at = opened(VIEWS.get(page, page), **url)
    if name in PRESSED:
        at.button(PRESSED[name]).click()
    at.session_state[f"take.{section}"] = True
    drawn(at.run())
    key = f"take.{section}.which"
    titles = [each.options for each in at.get("button_group") if each.key == key]
    parts = []
    for title in titles[0] if titles else [""]:
        taken.files.clear()
        if title:
            at.session_state[key] = title
        drawn(at.run())
        assert taken.files, "the section hands out nothing"
        parts += told(dict(taken.files), has_numbers=name not in NUMBERLESS)
    link = "&".join(f"{key}={value}" for key, value in written(at.query_params))
    others = [f"and {each}" for each in sorted(taken.others)]
    golden(f"taken/{name}.txt", "\n".join([f"?{link}", *others, *parts]))


def written(parameters: Mapping[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    """The address's parameters, one by one."""
    for key, values in parameters.items():
        for value in [values] if isinstance(values, str) else values:
            yield key, value


def told(files: Mapping[str, str], *, has_numbers: bool) -> Iterator[str]:
    """An experiment's files, each text once."""
    for file, text in files.items():
        if file.endswith(".ipynb"):
            text = notebook(text)
            for other, known in files.items():
                if other != file:
                    assert known.rstrip() in text
                    text = text.replace(known.rstrip(), f"(as {other})")
            if not has_numbers:
                text = re.sub(r"(\*\*Expected\*\*.*?```\n).*?(\n```)", r"\1…\2", text, flags=re.S)
        elif file == "configurations.json":
            configs = json.loads(text)
            assert text == json.dumps(configs, indent=1, ensure_ascii=False)
            lines = (f"{name}: {json.dumps(config)}" for name, config in configs.items())
            text = "\n".join(lines)
        yield f"==== {file}\n{text.rstrip()}"


def notebook(text: str) -> str:
    """A notebook's cells, less the versions of packages that it was made with."""
    cells = json.loads(text)["cells"]
    text = "\n".join(f"-- {cell['cell_type']}\n{''.join(cell['source'])}" for cell in cells)
    return re.sub(r"Made with .*", "Made with ….", text)
