"""What Inkloop remembers: the store of pages, readings and corrections, and what is made from it."""
