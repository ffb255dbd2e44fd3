"""The package's own handwriting, under the name by which tests know it."""

from recognizer.datasets.handwriting import Grey, Hand, Paper, WrittenLine, WrittenPage, write_line, write_page

__all__ = ["Grey", "Hand", "Paper", "WrittenLine", "WrittenPage", "write_line", "write_page"]
