"""Images to learn from: a catalogue of data sets and one way to load any of them."""

from afn.data.catalogue import (
    catalogue,
    data_dir,
    dataset_entry,
    download,
    load_dataset,
    unread,
)
from afn.data.entries import DatasetEntry, ImageData

__all__ = [
    "DatasetEntry",
    "ImageData",
    "catalogue",
    "data_dir",
    "dataset_entry",
    "download",
    "load_dataset",
    "unread",
]
