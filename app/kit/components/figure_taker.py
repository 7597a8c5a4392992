"""Any figure of a page as SVG or PNG, with its caption and what to cite; made in the browser."""

import streamlit as st

from afn import __version__
from afn.pretrained.published import ARXIV

from .scripts import module_line

BIBTEX = f"""@misc{{afn-paper,
  title = {{{{AFN}}: Adaptive Fusion Normalization via an Encoder-Decoder Framework}},
  year = {{2023}},
  eprint = {{{ARXIV["AFN"]}}},
  archivePrefix = {{arXiv}},
  url = {{https://arxiv.org/abs/{ARXIV["AFN"]}}}
}}
@software{{afn-measured,
  title = {{{{AFN}}, {{ASRNorm}} and {{BN}} side by side: a library and a playground}},
  version = {{{__version__}}},
  url = {{%s}},
  note = {{the figure's own address}}
}}
"""
"""Of the paper, and of what drew the figure; the address is put in in the browser."""


def offer_figures() -> None:
    """A row at the end of the page: which figure, and as what; nothing where there is none."""
    _component(key="take-figure", data={"bibtex": BIBTEX})


_component = st.components.v2.component(
    "take_figure",
    html='<div class="afn-take" hidden></div>',
    js=module_line("take_figure") + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)
