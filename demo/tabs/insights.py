"""The Insights tab: how well the models read, by what people changed, and what correcting costs against typing."""

from demo.components.insight_board import insight_board
from demo.services import Services


def build(services: Services) -> None:
    """Lay out the tab inside the ``gr.Blocks`` that is being built."""
    insight_board()
