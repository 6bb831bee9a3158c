"""The version of the matching rules: part of every decision."""

from typing import Final

VERSION: Final = "2"
"""Raised when the same receipt and order may get another decision."""
