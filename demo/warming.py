"""Lets a reader read nothing once while people are still arriving: its first page would be slow.

What a network needs is made when it first runs, and that took three times as long as reading a page does afterwards.
"""

import threading

import numpy as np
from PIL import Image

from demo.readers import Reader
from recognizer.images import PageImage

PAGE_PX = (1000, 1400)
LINE = ((100.0, 100.0), (900.0, 100.0), (900.0, 150.0), (100.0, 150.0))
NOTHING = "an empty page"


def warm_up_beside(reader: Reader) -> threading.Thread:
    """Warm a reader up in a thread of its own, and give that thread."""
    thread = threading.Thread(target=warm_up, args=(reader,), name="warm-up")
    thread.start()
    return thread


def warm_up(reader: Reader) -> None:
    """Read an empty page and an empty line of it, and forget them."""
    width, height = PAGE_PX
    page = PageImage(1, Image.new("RGB", PAGE_PX, "white"), np.full((height, width), 255, np.uint8))
    reader.read_page(page, path=NOTHING)
    reader.read_outlines(page, [(LINE, None)])
