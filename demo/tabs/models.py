"""The Models tab: retrain, watch it, see what the gate says, promote and roll back. For operators."""

from demo.components.model_board import model_board
from demo.services import Services


def build(services: Services) -> None:
    """Lay out the tab inside the ``gr.Blocks`` that is being built."""
    model_board()
