"""Markdown with LaTeX as HTML that needs no script: formulas are MathML."""

import re
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urljoin

from markdown_it import MarkdownIt

_MATH = re.compile(r"\$\$(.+?)\$\$|\$((?:\\.|[^$\\])+?)\$", re.DOTALL)
_ICON = re.compile(r":material/\w+:\s*")
_COLORED = re.compile(r":(?:gray|green|red|blue|orange|violet)\[([^\]]*)\]")


def to_html(markdown: str, base: str = "") -> str:
    """What the text says; HTML within it is text, pictures are not loaded.

    Args:
        markdown: Of a page; what people typed has to be escaped in it, as `plain` does.
        base: The address of the page that it stands on: links within the app go there.
    """
    text = _COLORED.sub(r"\1", _ICON.sub("", markdown))
    return str(_reader().render(text, {"base": base})).strip()


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    reader.inline.ruler.before("escape", "math", _math)
    reader.add_render_rule("math", _drawn)
    reader.add_render_rule("link_open", _link_open)
    reader.add_render_rule("link_close", _link_close)
    return reader


def _math(state: Any, silent: bool) -> bool:
    found = _MATH.match(state.src, state.pos) if state.src[state.pos] == "$" else None
    if found is None:
        return False
    if not silent:
        token = state.push("math", "math", 0)
        token.content, token.block = found[1] or found[2], found[1] is not None
    state.pos = found.end()
    return True


def _drawn(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    return formula(tokens[index].content, is_block=tokens[index].block)


def formula(tex: str, *, is_block: bool = False) -> str:
    """LaTeX as MathML; as it was written where that cannot be had."""
    try:
        from latex2mathml.converter import convert

        return str(convert(tex, display="block" if is_block else "inline"))
    except (ImportError, ValueError, IndexError, KeyError, StopIteration):
        return f"<code>{escape(tex)}</code>"
    except Exception as error:
        if type(error).__module__.startswith("latex2mathml"):  # it has a class for each mistake
            return f"<code>{escape(tex)}</code>"
        raise


def _address(href: str, base: str) -> str:
    """Where a link leads: pages of the app where the document knows it, else nowhere."""
    if re.match(r"[a-z]+:", href) or not base:
        return ""
    return urljoin(base, href)


def _link_open(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    address = _address(tokens[index].attrGet("href"), env["base"])
    return f'<a href="{escape(address)}">' if address else "<span>"


def _link_close(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    opened = next(i for i in range(index, -1, -1) if tokens[i].type == "link_open")
    href = tokens[opened].attrGet("href")
    if _address(href, env["base"]):
        return "</a>"
    told = re.sub(r"^https?://", "", href) if re.match(r"https?:", href) else ""
    return f" ({escape(told)})</span>" if told else "</span>"
