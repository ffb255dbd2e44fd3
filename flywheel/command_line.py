"""What the verbs of `python -m flywheel` share: an open store, and how a result is shown."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flywheel.settings import Settings

if TYPE_CHECKING:
    from flywheel.store import Store

Options = argparse.Namespace


@contextmanager
def opened(settings: Settings) -> "Iterator[Store]":
    """The store of the settings, with the tables of this code."""
    from flywheel.store import Store

    with Store.open(settings) as store:
        store.ready()
        yield store


def show(result: dict[str, Any], options: Options) -> None:
    """A result as JSON, or as aligned rows."""
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
        return
    for key, value in result.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"{key:<18}{shown if not isinstance(shown, list) else len(shown)}")
