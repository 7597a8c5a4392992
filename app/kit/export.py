"""The data behind figures as CSV."""

import csv
import io
from collections.abc import Callable

from .draw.chart import Rows


def csv_of(table: Callable[[], Rows]) -> Callable[[], bytes]:
    """Writes the table as CSV when it is called."""

    def write() -> bytes:
        rows, text = table(), io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()

    return write
