"""The router: which pages there are. ``python -m streamlit run app/streamlit_app.py``"""

import sys
from pathlib import Path
from typing import Any

import streamlit as st

ROOT = str(Path(__file__).parents[1])
if ROOT not in sys.path:  # `streamlit run` puts only this folder there
    sys.path.insert(0, ROOT)

from app.kit import (
    address,
    garbage,
)
from app.kit.components import history  # noqa: E402
from app.pages.ablations import page as ablations  # noqa: E402
from app.pages.cost import page as cost  # noqa: E402
from app.pages.domains import page as domains  # noqa: E402
from app.pages.dynamics import page as dynamics  # noqa: E402
from app.pages.inside import page as inside  # noqa: E402
from app.pages.lessons import page as lessons  # noqa: E402
from app.pages.paper import page as paper  # noqa: E402
from app.pages.playground import page as playground  # noqa: E402
from app.pages.rescaling import page as rescaling  # noqa: E402
from app.pages.robustness import page as robustness  # noqa: E402
from app.pages.runs import page as runs  # noqa: E402

garbage.begin()
st.set_page_config(
    page_title="AFN playground", page_icon="λ", layout="wide", initial_sidebar_state=335
)
st.html(Path(__file__).with_name("look.css"))
onward: list[Any] = []  # where the first visit's tour ends
playground_page = st.Page(
    lambda: playground.render(onward),
    title="Playground",
    url_path="home",
    default=True,
)
lessons_page: Any = st.Page(
    lambda: lessons.render(open_page=lessons_page), title="Lessons", url_path="lessons"
)
dynamics_page = st.Page(
    lambda: dynamics.render(open_page=playground_page), title="λ dynamics", url_path="lambda"
)
rescaling_page = st.Page(
    lambda: rescaling.render(open_page=playground_page), title="γ/β", url_path="gamma-beta"
)
robustness_page = st.Page(
    lambda: robustness.render(open_page=playground_page), title="Robustness", url_path="robustness"
)
domains_page = st.Page(domains.render, title="Domains", url_path="domains")
ablations_page = st.Page(
    lambda: ablations.render(open_page=playground_page), title="Ablations", url_path="ablations"
)
inside_page = st.Page(inside.render, title="Inside the layer", url_path="inside")
cost_page = st.Page(cost.render, title="Cost", url_path="cost")
paper_page = st.Page(paper.render, title="Paper", url_path="paper")
runs_page = st.Page(
    lambda: runs.render(open_page=playground_page, dynamics_page=dynamics_page),
    title="Runs",
    url_path="runs",
)
onward += [lessons_page, inside_page, dynamics_page]
pages = [
    playground_page,
    lessons_page,
    dynamics_page,
    rescaling_page,
    robustness_page,
    domains_page,
    ablations_page,
    inside_page,
    cost_page,
    paper_page,
    runs_page,
]


def _also(path: str, page: Any) -> Any:
    """Another path to a page, as people type it."""
    return st.Page(
        lambda: history.redirect(page.url_path),
        title=page.title,
        url_path=path,
        visibility="hidden",
    )


also = [_also("playground", playground_page), _also("Playground", playground_page)]
also += [_also(page.url_path.capitalize(), page) for page in pages[1:]]
page = st.navigation([*pages, *also], position="hidden" if st.context.is_embedded else "top")
address.enter(page.url_path)
page.run()
