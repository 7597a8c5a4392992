"""Pages of every public name, from the docstrings: ``python docs/api.py [FOLDER]``, or ``site``.

One for each module that has an ``__all__``. Warnings are errors. MathJax, which a browser fetches,
draws the formulas; without a network they read as LaTeX.
"""

import re
import sys
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pdoc
from pdoc.doc import Class, Module, Variable

ROOT = Path(__file__).parents[1]


def public_modules() -> list[str]:
    """Of the library, those whose source assigns ``__all__``, by name."""
    return sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / "afn").rglob("*.py")
        if re.search(r"^ *__all__\b.* = ", path.read_text(), re.MULTILINE)
    )


def write(folder: Path) -> None:
    """All pages and their index.

    Raises:
        ValueError: A public name that says nothing of itself.
    """
    sys.path.insert(0, str(ROOT))
    names = public_modules()
    for name in names:
        _resolve(name)
    for name in names:
        _complete(Module.from_name(name))
    pdoc.render.configure(docformat="google", math=True, show_source=False, footer_text="afn")
    others = f"!(?!({'|'.join(names)})$)"  # a module may be called as the function that it has
    pdoc.pdoc(*names, others, output_directory=folder)


def _resolve(name: str) -> None:
    """Names that resolve on first use are there for pdoc too."""
    module = import_module(name)
    for each in module.__all__:
        setattr(module, each, getattr(module, each))


def _complete(module: Module) -> None:
    """What pdoc passes over: the words of data, which stand elsewhere, and inherited methods."""
    for member in module.members.values():
        if isinstance(member, Variable) and not member.docstring:
            member.docstring = next(_explanations(member), "")
        if isinstance(member, Class):
            everything = member.members.values()
            member.own_members = [m for m in everything if m.taken_from[0].startswith("afn.")]
        if not member.docstring:
            raise ValueError(f"{member.fullname} says nothing of itself: give it a docstring")
        member.docstring = _aligned(member.docstring)


def _explanations(variable: Variable) -> Iterator[str]:
    value = getattr(sys.modules[variable.modulename], variable.name)
    for name, module in sorted(sys.modules.items()):
        if name.startswith("afn.") and vars(module).get(variable.name) is value:
            text = pdoc.doc_ast.walk_tree(module).var_docstrings.get(variable.name)
            if text:
                yield text


def _aligned(text: str) -> str:
    """Formulas of several lines as TeX has them; Markdown takes one of two backslashes."""
    lines = r"^( *)\.\. math::\n((?:\1 +.+\n?)+)"

    def formula(found: re.Match[str]) -> str:
        indent, equations = found[1], found[2].rstrip().replace("\\\\", "\\" * 4)
        inner = f"{indent}    "
        return (
            f"{indent}.. math::\n{inner}\\begin{{aligned}}\n{equations}\n{inner}\\end{{aligned}}\n"
        )

    return re.sub(lines, formula, text, flags=re.MULTILINE)


if __name__ == "__main__":
    warnings.simplefilter("error")
    write(Path(*sys.argv[1:2] or ["site"]))
