"""The Label tab: the loop with Label Studio, for those who label and for those who wonder why it stands still."""

from demo.components.label_board import label_board
from demo.services import Services


def build(services: Services) -> None:
    """Lay out the tab inside the ``gr.Blocks`` that is being built."""
    label_board()
