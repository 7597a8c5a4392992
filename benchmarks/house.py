"""How the house is built, in figures: ``python -m benchmarks.house``.

Reads the syntax trees of ``app`` and ``afn`` and imports none of them; ``--list`` says what is
counted. An import is a pair of modules, however many names it takes; within functions too, but not
where only type checkers look. Two layouts are known:

- ``app/page/<page>/``: a module's page is its folder, all else in ``app`` is shared;
- before that, the pages are what ``streamlit_app.py`` takes from ``app.views``. A module is a
  page's if it has the page's name, in whichever folder, if it lies in ``app/lessons`` or
  ``app/trials``, or if only modules of that page import it. All else is shared, and counts as kit.
"""

import argparse
import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUTES = "app.streamlit_app"
ALIASES = {"costing": "cost"}
"""Module's name of before there were folders of pages -> its page."""
LESSONS = {"lessons", "trials"}
"""Folders of ``app`` that are the lessons' page's, of before there were folders of pages."""

WIDGETS = frozenset((
    "checkbox", "data_editor", "date_input", "file_uploader", "multiselect", "number_input",
    "pills", "radio", "segmented_control", "select_slider", "selectbox", "slider", "text_area",
    "text_input", "toggle",
))  # fmt: skip
"""Streamlit's that have a value, which the session keeps under their key."""


class House:
    """The modules below a folder: their trees and what each imports of the others."""

    def __init__(self, root: Path) -> None:
        self.trees: dict[str, ast.Module] = {}
        self.lines: Counter[str] = Counter()
        for path in sorted(chain(root.glob("app/**/*.py"), root.glob("afn/**/*.py"))):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text()
            self.trees[name] = ast.parse(text)
            self.lines[parts[0]] += len(text.splitlines())
        folders = {path.parent for path in root.glob("a*/**/__init__.py")}
        self._packages = {".".join(each.relative_to(root).parts) for each in folders}
        self.imports = {name: set(self._imported(name)) - {name} for name in self.trees}
        self.pages = self._pages()

    def _imported(self, name: str) -> Iterator[str]:
        for node in _walked(self.trees[name]):
            if isinstance(node, ast.Import):
                yield from (each.name for each in node.names if each.name in self.trees)
            elif isinstance(node, ast.ImportFrom):
                home = node.module or ""
                if node.level:
                    depth = node.level - (name in self._packages)
                    above = name.split(".")[: -depth or None]
                    home = ".".join([*above, *filter(None, [node.module])])
                for each in node.names:
                    if (inner := f"{home}.{each.name}") in self.trees:
                        yield inner
                    elif home in self.trees:
                        yield home

    def _pages(self) -> dict[str, str]:
        """The page of each module of the app that is a page's."""
        if any(name.startswith("app.page.") for name in self.trees):
            parts = {name: name.split(".") for name in self.trees}
            return {n: p[2] for n, p in parts.items() if p[:2] == ["app", "page"] and p[2:]}
        views = {each for each in self.imports[ROUTES] if each.startswith("app.views.")}
        names = {each.rpartition(".")[2] for each in views}
        found: dict[str, str] = {}
        for name in self.trees:
            home, _, stem = name.rpartition(".")
            stem = ALIASES.get(stem, stem)
            if home.split(".")[0] == "app" and stem in names:
                found[name] = stem
            elif name.split(".")[0] == "app" and LESSONS & set(name.split(".")[1:2]):
                found[name] = "lessons"
        importers: defaultdict[str, set[str]] = defaultdict(set)
        for name, imported in self.imports.items():
            for each in imported:
                importers[each].add(name)
        while True:  # what is only one page's is that page's
            more = {}
            for name in self.trees.keys() - found.keys():
                owners = {found.get(each, "") for each in importers[name]}
                if name.startswith("app.") and len(owners) == 1 and owners != {""}:
                    [more[name]] = owners
            if not more:
                return found
            found |= more

    def page_to_page(self) -> list[str]:
        """Imports of one page by another."""
        return [
            f"{name} -> {each}"
            for name, page in sorted(self.pages.items())
            for each in sorted(self.imports[name])
            if self.pages.get(each, page) != page
        ]

    def kit_to_page(self) -> list[str]:
        """Imports of a page by what pages share; the routes may."""
        return [
            f"{name} -> {each}"
            for name in sorted(self.trees.keys() - self.pages.keys() - {ROUTES})
            for each in sorted(self.imports[name] & self.pages.keys())
        ]

    def circles(self) -> list[str]:
        """Sets of modules each of which reaches the others."""
        reached = {name: self._reached(name) for name in self.trees}
        sets = {
            frozenset(each for each in reached[name] if name in reached[each])
            for name in self.trees
            if name in reached[name]
        }
        return sorted(" <-> ".join(sorted(each)) for each in sets)

    def _reached(self, name: str) -> set[str]:
        found: set[str] = set()
        left = [name]
        while left:
            new = self.imports[left.pop()] - found
            found |= new
            left += new
        return found

    def types(self) -> list[str]:
        """Classes, and types that are given a name: ``Kind = Literal[...]``; each with its home."""
        found = []
        for name, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    found.append(f"{node.name} in {name}")
            for node in tree.body:
                match node:
                    case ast.Assign(targets=[ast.Name(id=alias)], value=value):
                        is_type = isinstance(value, ast.Subscript | ast.BinOp)
                        if is_type and alias.strip("_")[:1].isupper() and not alias.isupper():
                            found.append(f"{alias} in {name}")
        return sorted(found)

    def duplicates(self) -> list[str]:
        """Names that several types have."""
        homes = defaultdict(list)
        for each in self.types():
            type_name, _, home = each.partition(" in ")
            homes[type_name].append(home)
        return [f"{n}: {', '.join(homes[n])}" for n in sorted(homes) if len(homes[n]) > 1]

    def session(self) -> list[str]:
        """Modules that name session keys and are neither a page's view nor the kit's.

        By Streamlit's ``session_state``, however they come by it, or by a text that they give as
        its key to a widget with a value.
        """
        return sorted(
            name
            for name, tree in self.trees.items()
            if not (name.startswith("app.state.") or _is_view(name))
            and any(map(_names_a_key, ast.walk(tree)))
        )

    def staying(self) -> tuple[int, int]:
        """Imports of the app by itself that stay in their folder, and all of them."""
        pairs = [
            (name.rpartition(".")[0], each.rpartition(".")[0])
            for name in self.trees
            for each in self.imports[name]
            if name.startswith("app.") and each.startswith("app.")
        ]
        return sum(home == other for home, other in pairs), len(pairs)


def _is_view(name: str) -> bool:
    """``app.page.<page>.view`` or ``app.kit.view``."""
    return name.endswith(".view") and name.split(".")[1] in ("page", "kit")


def _names_a_key(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="st" | "streamlit"), attr="session_state"):
            return True
        case ast.ImportFrom(names=names) | ast.Import(names=names):
            return any(each.name.endswith("session_state") for each in names)
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant("session_state"), *_]):
            return True
        case ast.Call(func=ast.Attribute(attr=kind), keywords=given) if kind in WIDGETS:
            keys = [each.value for each in given if each.arg == "key"]
            return any(isinstance(key, ast.Constant | ast.JoinedStr) for key in keys)
    return False


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node but what only type checkers look at."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            if ast.unparse(child.test).startswith("not"):
                yield from chain.from_iterable(map(_walked, child.body))
            continue
        yield from _walked(child)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="also say what is counted")
    parser.add_argument("--root", type=Path, default=ROOT, help="another copy of the project")
    options = parser.parse_args()
    house = House(options.root)
    counted = {
        "page -> page imports": house.page_to_page(),
        "kit -> page imports": house.kit_to_page(),
        "circles of imports": house.circles(),
        "type names more than once": house.duplicates(),
        "modules naming session keys, views aside": house.session(),
    }
    for title, found in counted.items():
        print(f"{title:<44}{len(found):>7}")
        if options.list:
            print("".join(f"    {each}\n" for each in found), end="")
    names = {each.partition(" in ")[0] for each in house.types()}
    print(f"{'type names':<44}{len(names):>7}")
    for package in ("app", "afn"):
        modules = sum(name.split(".")[0] == package for name in house.trees)
        print(f"{f'lines of {package} ({modules} modules)':<44}{house.lines[package]:>7,}")
    stay, every = house.staying()
    print(f"{'imports within app that stay in a folder':<44}{stay / every:>7.0%}  of {every}")
    print(f"{'modules of pages, of those of app':<44}{len(house.pages):>7}")


if __name__ == "__main__":
    main()
