"""Programs of tests are run as if by a new Python."""

import os
import sys
from types import ModuleType

import pytest

from tests.forked import printed

pytestmark = pytest.mark.slow


def test_what_is_the_main_program_here_is_not_run(monkeypatch, tmp_path):
    main = ModuleType("__main__")
    main.__file__ = str(tmp_path / "page.py")
    (tmp_path / "page.py").write_text("raise SystemExit('a page outside its app')")
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert printed("-c", "print(1)", env=dict(os.environ), cwd=tmp_path) == "1\n"
    assert sys.modules["__main__"] is main
