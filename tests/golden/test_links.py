"""Links: what a page makes of each, and the link that it writes then; and the pages' paths."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.golden.conftest import Golden
from tests.golden.names import LESSONS, LINKS, TrainConfig
from tests.waiting import PATIENCE

APP = Path(__file__).parents[2] / "app" / "streamlit_app.py"
DRAWN = "eNpjYBhk4D8Q0JM3SAAAemAf4Q"
"""A square, drawn."""
ASKED = {
    "ablations": [
        "", "sweep=stability&guess=2&metric=fog&over=lr&as=map&show=difference&against=BN",
        "sweep=new&data=digits8&net=resnet8&epochs=5&vary1=norm&values1=bn, in&vary2=lr"
        "&values2=0.1, 1&vary3=adaptive&values3=on, off&seeds=5&tests=all&domains=syn~digits8",
        "source=live", "sweep=0a1b2c3d4e", "guess=?", "vary2=", "domains=",
        "as=pie", "show=all", "vary1=colour", "seeds=0", "epochs=many", "tests=most", "source=old",
    ],
    "cost": [
        "", "of=resnet8&as=absolute&m=20260101-000000-abcdef",
        "over=size&channels=64&size=8&batch=8&norms=in~none", "norms=", "norms=none~in~in",
        "of=vgg", "over=time", "channels=7", "size=٣٢", "batch=1e9", "norms=afn~bn", "as=bars",
    ],
    "domains": [
        "", "of=pacs&how=leave one out&n=200&batch=1&show=difference&norms=afn-off",
        "setting=channels reduced&recipe=0a1b2c3d&source=syn@grey&layer=backbone.blocks.1.norm"
        "&look=bn&show=beyond batch", "norms=afn~bn",
        "norms=", "setting=blue", "how=both", "norms=bn~bogus", "n=7", "batch=-1", "show=all",
        "look=in",
    ],
    "gamma-beta": [
        "", "run=mnist5k-afn&layer=all&step=78&under=domains&domains=syn~digits8&n=500&stats=batch"
        "&batch=32&corruption=fog", "stats=running", "domains=",
        "step=last", "step=-1", "under=stress", "corruption=rain", "n=7", "stats=none", "batch=3",
    ],
    "home": [
        "", "data=digits8&net=resnet8&widths=8-16-32&bs=32&lr=0.02&momentum=0&lamlr=10&epochs=7"
        "&seed=3&sev=5", "lr=0.01&run=a~-~b&scale=logit&by=layer&layer=backbone.blocks.0.norm",
        *(f"c={norm}" for norm in ("afn", "asrnorm", "bn", "in", "gn", "ln", "bin", "none")),
        *(f"c=afn~lambda_{start}" for start in (
            "paper", "reference", "open", "off", "-1.25_2_0.5_-4", "-1.25_-3_-0.5_1.5_linear",
            "-inf_-3_-5_-5", "1e-3_0_0_0", "3_3_3_3", "sideways", "1_2_3",
        )),
        "c=afn~stan_4~rescale_8~dropout_0.3~formula_reference~stats_running&c=asrnorm~ed_off",
        "c=afn~frozen_on&c=bn~stats_batch", "c=afn&c=bn&c=in&c=gn&c=ln",
        "c=bogus", "c=afn~colour_red", "c=afn~ed_maybe", "c=afn~stan_x", "c=afn~dropout_0.95",
        "data=moon", "net=vgg", "widths=8-x", "bs=0", "lr=fast", "lr=0", "epochs=1.5", "sev=6",
        "seed=-1", "augment=crop_flip", "utm_source=mail",
    ],
    "inside": [
        "", "model=mnist5k-afn&layer=backbone.blocks.1.norm&channel=7&image=2&data=syn"
        "&corruption=fog&severity=2&batch=8&first=40&order=by label&stats=running&mu=0.5&sigma=1"
        "&gamma=0&beta=0.25&where=here", f"first_place=a drawing&drawn={DRAWN}",
        f"drawn={DRAWN}", "first_place=an upload", "severity=0",
        "mu=2", "mu=x", "batch=3", "first=600", "channel=a", "drawn=zzz", "where=there",
        "image=99", "stats=none", "first_place=a photo",
    ],
    "lambda": [
        "", "runs=a~b&show=gradient&of=beta&by=layer&seeds=lines&steps=log", "show=move&of=sigma",
        "show=logit", "show=change", "runs=a~a~~b",
        "show=loss", "of=delta", "by=channel", "seeds=bars", "steps=sqrt", "runs=a~b~c~d~e~f~g~h~i",
    ],
    "lessons": [
        "", *(f"lesson={lesson}&guess=0&check=1" for lesson in LESSONS),
        "lesson=axes&guess=?&check=-~0", "lesson=nowhere&guess=1", "guess=1",
        "lesson=axes&guess=99", "lesson=axes&check=0~0~0~0~0", "lesson=axes&check=x",
        "lesson=axes&at=7", "lesson=one-image&guess=0&at=28", "lesson=axes&at=22",
        "lesson=axes&at=x", "at=3",
    ],
    "paper": ["", "column=tests&network=mnist-grey", "network=cifar10", "column=both",
              "network=<b>"],
    "robustness": [
        "", "models=a~b&data=mnist5k&n=200&stats=batch&batch=1&order=by label&baseline=a"
        "&show=accuracy&corruption=fog&severity=0&pictures=disagree",
        "stats=running&pictures=first", "models=", "n=7", "stats=none", "batch=3", "batch=٣٢",
        "order=random", "show=all",
        "corruption=rain", "severity=6", "severity=-1", "pictures=all", "models=a~b~c~d~e",
        "mu=2&corruption=fog",
    ],
}  # fmt: skip
"""Page -> links to it: all that they can ask for, and what they cannot."""


def configs(view: tuple[TrainConfig, ...]) -> list[str]:
    """The Playground's contenders: each one's settings besides the defaults."""
    return [json.dumps(config.changed(), sort_keys=True) for config in view]


def settings(view: Any) -> list[str]:
    """A page's settings besides the defaults."""
    plain = type(view)()
    return [
        f"{name}={value!r}"
        for name in view.__slots__
        if (value := getattr(view, name)) != getattr(plain, name)
    ]


@pytest.mark.parametrize("page", ASKED)
def test_a_link_says_what_it_said(golden: Golden, page: str) -> None:
    form = LINKS[page]
    lines = []
    for link in ASKED[page]:
        view, problems = form.from_url(parse_qs(link, keep_blank_values=True))
        lines.append(f"?{link}")
        lines += [f"  is {each}" for each in (configs if page == "home" else settings)(view)]
        lines.append(f"  -> ?{encoded(form.to_url(view))}")
        lines += [f"  ! {problem}" for problem in problems]
        again, _ = form.from_url(parse_qs(encoded(form.to_url(view)), keep_blank_values=True))
        assert form.to_url(again) == form.to_url(view)
    golden(f"links/{page}.txt", "\n".join([*lines, ""]))


def encoded(url: dict[str, str | list[str]]) -> str:
    """A query string, legible."""
    pairs = [
        (key, value)
        for key, values in url.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return "&".join(f"{key}={quote(value, safe=' ,~@<>?=/')}" for key, value in pairs)


def test_every_page_and_its_aliases_are_where_they_were(
    golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []

    class Nowhere:
        url_path, title = "nowhere", "Nowhere"

        def run(self) -> None:
            """Draw nothing."""

    def navigation(pages: list[Any], **_: Any) -> Nowhere:
        found[:] = pages
        return Nowhere()

    monkeypatch.setattr(st, "navigation", navigation)
    at = AppTest.from_file(str(APP), default_timeout=PATIENCE).run()
    assert not at.exception
    lines = [f"/{page.url_path}  {page.title}  {page.visibility}" for page in found]
    golden("links/pages.txt", "\n".join([*lines, ""]))
