"""The figures of how the house is built, of two small houses in its two layouts; and its rules."""

import ast
from pathlib import Path

import pytest

from benchmarks.house import ROOT, House


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT)


def test_pages_import_one_another_at_most_three_times(house: House) -> None:
    assert len(house.page_to_page()) <= 3, house.page_to_page()


def test_the_kit_imports_no_page(house: House) -> None:
    assert house.kit_to_page() == []


def test_there_are_no_circles(house: House) -> None:
    assert house.circles() == []


def test_session_keys_are_named_in_views_alone(house: House) -> None:
    assert house.session() == []


@pytest.mark.parametrize(
    "text",
    [
        "import streamlit as st\nst.session_state['a']",
        "import streamlit as st\nstate = st.session_state",
        "import streamlit\nstreamlit.session_state.a = 1",
        "from streamlit import session_state as kept",
        "import streamlit as st\ngetattr(st, 'session_state')",
        "import streamlit as st\nst.slider('a', key='a')",
        "def draw(column, i): column.pills('a', key=f'a.{i}')",
    ],
)
def test_whoever_names_a_session_key_is_found(tmp_path: Path, text: str) -> None:
    files = {"app/page/cost/page.py": text, "app/kit/view.py": text, "app/page/cost/view.py": text}
    assert built(tmp_path, files).session() == ["app.page.cost.page"]


def test_a_key_from_a_view_and_one_that_holds_nothing_are_no_session_keys(tmp_path: Path) -> None:
    text = "from .view import key\nst.slider('a', key=key('a'))\nst.button('b', key='b')\n"
    assert built(tmp_path, {"app/page/cost/page.py": text}).session() == []


def test_a_module_gives_a_name_once() -> None:
    for path in [*(ROOT / "afn").rglob("*.py"), *(ROOT / "app").rglob("*.py")]:
        given = [
            target.id
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
        assert sorted(given) == sorted(set(given)), path


def test_every_folder_of_modules_is_a_package() -> None:
    """The import contracts see no module of a folder without ``__init__.py``."""
    folders = {path.parent for top in ("app", "afn") for path in (ROOT / top).glob("**/*.py")}
    assert [each for each in folders if not (each / "__init__.py").exists()] == []


def test_git_keeps_the_page_of_runs() -> None:
    """``runs/`` without the first slash hides the page of that name from git and from ruff."""
    rules = (ROOT / ".gitignore").read_text().splitlines()
    assert "/runs/" in rules
    assert "runs/" not in rules


def built(root: Path, files: dict[str, str]) -> House:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    return House(root)


def test_folders_of_pages(tmp_path: Path) -> None:
    house = built(
        tmp_path,
        {
            "app/page/cost/page.py": "from ..paper import words\nfrom ...kit.view import View\n",
            "app/page/cost/view.py": "import streamlit as st\nst.session_state['a']\n",
            "app/page/paper/words.py": "import streamlit as st\nst.session_state['a']\n",
            "app/kit/view.py": "class View: ...\ndef late(): import app.page.cost.page\n",
            "afn/one.py": "import afn.two\nclass View: ...\n",
            "afn/two.py": "if typing.TYPE_CHECKING:\n    import afn.one\n",
        },
    )
    assert house.page_to_page() == ["app.page.cost.page -> app.page.paper.words"]
    assert house.kit_to_page() == ["app.kit.view -> app.page.cost.page"]
    assert house.circles() == ["app.kit.view <-> app.page.cost.page"]
    assert house.duplicates() == ["View: afn.one, app.kit.view"]
    assert house.session() == ["app.page.paper.words"]


def test_pages_by_their_names(tmp_path: Path) -> None:
    house = built(
        tmp_path,
        {
            "app/streamlit_app.py": "from app.views import cost, paper\n",
            "app/views/cost.py": "from app.state import cost\nfrom app import help, shared\n",
            "app/views/paper.py": "from app import costing, shared\n",
            "app/state/cost.py": "Kind = dict[str, int]\n",
            "app/costing.py": "",
            "app/help.py": "from app.state import paper\n",
            "app/state/paper.py": "",
            "app/shared.py": "from app import costing\nKind = tuple[int, ...]\n",
        },
    )
    assert house.pages["app.help"] == "cost"
    assert "app.shared" not in house.pages
    assert house.page_to_page() == [
        "app.help -> app.state.paper",
        "app.views.paper -> app.costing",
    ]
    assert house.kit_to_page() == ["app.shared -> app.costing"]
    assert house.duplicates() == ["Kind: app.shared, app.state.cost"]
    assert house.circles() == []


def test_tests_await_in_a_thread_of_its_own() -> None:
    there = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "waiting.py"]
    assert not [str(path) for path in there if "asyncio" + ".run(" in path.read_text()]
