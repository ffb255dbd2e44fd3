"""Tests, and what they share: synthetic handwriting."""
