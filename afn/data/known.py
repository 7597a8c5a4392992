"""The well-known data sets as published, and how a copy found on disk differs from that."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from afn.data.entries import Availability, DatasetEntry, DatasetSource, ImageData, digit_names
from afn.data.split import num_test_of

_CIFAR10 = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_CIFAR100 = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
    "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar",
    "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile",
    "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster",
    "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster",
    "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange",
    "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy",
    "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal",
    "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar",
    "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman",
    "worm",
)  # fmt: skip
_PACS = ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")


def _published(
    name: str,
    title: str,
    image_shape: tuple[int, int, int],
    class_names: tuple[str, ...],
    sizes: tuple[int, int],
    source: str,
    *,
    megabytes: int = 0,
    how_to_get: str = "",
) -> DatasetEntry:
    status: Availability = "downloadable" if megabytes else "missing"
    return DatasetEntry(
        name=name,
        title=title,
        status=status,
        image_shape=image_shape,
        class_names=class_names,
        num_train=sizes[0],
        num_test=sizes[1],
        source=source,
        how_to_get=how_to_get or f"python -m afn data download {name} ({megabytes} MB)",
    )


def _pacs(domain: str, num_images: int) -> DatasetEntry:
    num_test = num_test_of(num_images)
    return _published(
        f"pacs/{domain}",
        f"PACS · {domain.replace('_', ' ')}",
        (64, 64, 3),
        _PACS,
        (num_images - num_test, num_test),
        "PACS (Li et al. 2017) at 64×64 instead of 227×227, with a stratified 80/20 split of this "
        "program's, not the official lists; no licence stated, research use.",
        how_to_get=f"put the images into PACS/{domain}/<class>/ in the data folder",
    )


_SETS = (
    _published(
        "mnist",
        "MNIST",
        (28, 28, 1),
        digit_names(),
        (60_000, 10_000),
        "Handwritten digits (LeCun, Cortes, Burges); commonly given as CC BY-SA 3.0.",
        megabytes=12,
    ),
    _published(
        "usps",
        "USPS",
        (16, 16, 1),
        digit_names(),
        (7_291, 2_007),
        "Handwritten zip-code digits (Hull 1994), unbalanced; no licence stated, research use.",
        megabytes=8,
    ),
    _published(
        "svhn",
        "SVHN",
        (32, 32, 3),
        digit_names(),
        (73_257, 26_032),
        "House-number digits from street photos (Netzer et al. 2011); non-commercial use.",
        megabytes=246,
    ),
    _published(
        "cifar10",
        "CIFAR-10",
        (32, 32, 3),
        _CIFAR10,
        (50_000, 10_000),
        "Small photos of ten classes (Krizhevsky 2009); no licence stated, cite the report.",
        megabytes=170,
    ),
    _published(
        "cifar100",
        "CIFAR-100",
        (32, 32, 3),
        _CIFAR100,
        (50_000, 10_000),
        "Small photos of a hundred classes (Krizhevsky 2009); no licence stated, cite the report.",
        megabytes=169,
    ),
    _published(
        "mnistm",
        "MNIST-M",
        (28, 28, 3),
        digit_names(),
        (59_001, 9_001),
        "MNIST digits over photo crops (Ganin et al. 2016), in many copies regenerated with other "
        "crops; the photos (BSDS500) are for non-commercial research and education.",
        how_to_get="put mnistm.npz (x_train, y_train, x_test, y_test; uint8) into the data folder",
    ),
    _pacs("art_painting", 2_048),
    _pacs("cartoon", 2_344),
    _pacs("photo", 1_670),
    _pacs("sketch", 3_929),
)
KNOWN: dict[str, DatasetEntry] = {entry.name: entry for entry in _SETS}


def on_disk(
    name: str,
    *,
    place: str,
    title: str,
    image_shape: tuple[int, int, int],
    class_names: tuple[str, ...],
    num_train: int,
    num_test: int,
    left_out: str = "",
) -> DatasetEntry:
    """The entry of files found at ``place``, saying where they differ from the published set."""
    source = f"From {place} in the data folder, which does not record its origin or licence."
    known = KNOWN.get(name)
    if known is not None:
        title, source = known.title, known.source
        if (num_train, num_test) != (known.num_train, known.num_test):
            source += (
                f" This copy has {num_train:,} training and {num_test:,} test images;"
                f" published are {known.num_train:,} and {known.num_test:,}."
            )
    return DatasetEntry(
        name=name,
        title=title,
        status="on disk",
        image_shape=image_shape,
        class_names=class_names,
        num_train=num_train,
        num_test=num_test,
        source=source,
        left_out=left_out,
    )


def unusable(name: str, *, title: str, error: ValueError) -> DatasetEntry:
    """The entry of files that are there but cannot be used, with the reason and the remedy."""
    return DatasetEntry(
        name=name,
        title=KNOWN[name].title if name in KNOWN else title,
        status="missing",
        image_shape=(0, 0, 0),
        class_names=(),
        num_train=0,
        num_test=0,
        source="Found in the data folder, but not usable as it is.",
        how_to_get=str(error),
    )


def find_known(_folder: Path) -> Iterator[DatasetSource]:
    """Every well-known set, for those that no other finder has found."""
    for entry in KNOWN.values():
        yield DatasetSource(entry, partial(_refuse, entry))


def _refuse(entry: DatasetEntry) -> ImageData:
    raise FileNotFoundError(
        f"{entry.name} is not in the data folder; to get it: {entry.how_to_get}"
    )
