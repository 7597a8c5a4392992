"""What pyproject.toml cannot say: models lie beside the package, and some go along inside it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ALONG = ("mnist5k-*", "results.csv")
"""Of ``pretrained/``: the embedded digits' models, and the table of what all reach."""


class BuildWithModels(build_py):
    """Puts models where `afn.pretrained.cards` looks for them in an installed package."""

    def run(self) -> None:
        if self.editable_mode:
            super().run()  # the repository's own folder is used
            return
        package = Path(self.build_lib, "afn")
        shutil.rmtree(package, ignore_errors=True)  # an earlier build may have had other modules
        super().run()
        models = package / "pretrained" / "shipped"
        models.mkdir()
        for pattern in ALONG:
            for path in Path("pretrained").glob(pattern):
                shutil.copy(path, models)


setup(cmdclass={"build_py": BuildWithModels})
