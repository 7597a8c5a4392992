"""The figures of how the house is built, of two small houses in its two layouts."""

from pathlib import Path

from benchmarks.house import House


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
