"""A read page as other programs want it."""
