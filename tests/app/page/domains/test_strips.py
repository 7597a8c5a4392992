"""The strips that show what domains look like."""

import numpy as np

from afn.ask.pictures import Pictures
from app.page.domains.strips import one_of_each, strips_html


def test_each_class_comes_first_and_in_order():
    labels = np.array([3, 3, 1, 0, 3, 1])
    assert one_of_each(labels, 3) == [3, 2, 0]
    assert one_of_each(labels, 4) == [3, 2, 0, 1]
    assert one_of_each(labels, 20) == [3, 2, 5, 0, 1, 4]


def test_a_strip_names_its_domain_and_each_picture():
    images = np.zeros((6, 4, 8, 8, 3), np.uint8)
    pictures = Pictures(
        images=images, labels=np.array([1, 0, 1, 0]), class_names=("a<b", "dog"), source=""
    )
    html = strips_html([("photo & ink", "●", "#123456", pictures)])
    assert "photo &amp; ink</figcaption>" in html
    assert html.count("<img") == 4
    assert 'alt="photo &amp; ink: a&lt;b"' in html
