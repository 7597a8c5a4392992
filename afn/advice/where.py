"""Data of one's own, by a name, a folder of classes or an archive."""

from pathlib import Path

from afn.data import ImageData, catalogue, load_dataset
from afn.data.archives import read_archive
from afn.data.class_folders import read_class_folders
from afn.data.split import num_test_of, stratified_split

_SIDE = 64
"""A folder's pictures become squares of so many pixels, as those of the data folder's trees."""
_SEED = 20150103
"""Of the split, likewise."""


def data_of(name: str) -> ImageData:
    """A data set of the catalogue; else a folder ``CLASS/IMAGE`` or an ``.npz``.

    A fifth of a folder's images is kept for the test, of each class its share.

    Raises:
        ValueError: It is neither, or cannot be read.
        FileNotFoundError: A known one is not on disk.
    """
    path = Path(name).expanduser()
    if name in catalogue() or not path.exists():
        return load_dataset(name)  # or it says what is known
    if path.suffix == ".npz":
        return read_archive(path, path.stem)
    if not path.is_dir():
        raise ValueError(f"{path}: expected a data set's name, a folder of classes or an .npz")
    x, y, class_names = read_class_folders(path, (_SIDE, _SIDE))
    train, test = stratified_split(y, num_test_of(len(y)), seed=_SEED)
    return ImageData(
        name=path.resolve().name,
        x_train=x[train],
        y_train=y[train],
        x_test=x[test],
        y_test=y[test],
        class_names=class_names,
    )
