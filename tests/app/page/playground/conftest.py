import pytest

from tests.app.browser import Motion


@pytest.fixture
def motion() -> Motion:
    """Images do not run along the pipes, but where that is what is tested."""
    return "reduce"
