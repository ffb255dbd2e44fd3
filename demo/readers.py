"""The readers of the web: what it needs of one, and the few of single hands and collections that are kept loaded.

A personal reader is loaded when the first page asks for it; where it cannot be, the common one reads instead. One that
is bad itself is taken back in the registry, where people see why; else the next page tries again.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from flywheel import personal
from flywheel.errors import FlywheelError
from flywheel.model_folders import is_to_blame, load
from flywheel.registry import Model
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.store import Store
from recognizer.errors import RecognizerError
from recognizer.images import PageImage
from recognizer.page import Line, Outline, Page

log = logging.getLogger(__name__)

KEPT = 3  # each holds its weights in memory beside the common one's
BY_ITSELF = "inkloop"


class Reader(Protocol):
    """What the web needs of ``recognizer.line_reader.LineReader``."""

    @property
    def version(self) -> str:
        """Names the model."""

    def read_page(self, page: PageImage, *, path: str) -> Page:
        """Find and read the lines of a page; safe to call from several threads."""

    def read_outlines(self, page: PageImage, outlines: Sequence[tuple[Outline, Outline | None]]) -> list[Line]:
        """Read just the lines with these polygons and baselines; safe to call from several threads."""

    def plausibility(self, images: Sequence[NDArray[np.uint8]], texts: Sequence[str]) -> Sequence[float]:
        """How far the image of each line crop bears out a text."""

    def unknown_characters(self, text: str) -> Sequence[str]:
        """The characters of a text that the model cannot write."""


LoadPersonal = Callable[[Store, Model], Reader]


class PersonalReaders:
    """The readers of scopes that have a model of their own, the lately used ones kept; safe to share between threads.

    Args:
        settings: where models are unpacked.
        store: whose registry says who has one.
        kept: how many stay loaded.
        load_model: makes a reader of a model; None: as every model is loaded.
    """

    def __init__(
        self, settings: Settings, store: Store, *, kept: int = KEPT, load_model: LoadPersonal | None = None
    ) -> None:
        self._store, self._kept = store, kept
        self._load = load_model or (lambda store, model: load(store, model, settings.scratch / "models"))
        self._loaded: OrderedDict[str, Reader] = OrderedDict()
        self._loading = threading.Lock()

    def version_for(self, scopes: Sequence[Scope]) -> str | None:
        """The version that reads these scopes; None: the common one does.

        Raises:
            StoreUnavailable: the registry cannot be asked now.
        """
        found = personal.model_for(self._store, scopes)
        return None if found is None else found[1].version

    def reader_for(self, scopes: Sequence[Scope]) -> Reader | None:
        """The reader of the first of these scopes that has one; None: the common one reads.

        Raises:
            StoreUnavailable: the registry cannot be asked now.
        """
        with self._loading:  # one at a time: two pages of one hand must not load it twice
            while (found := personal.model_for(self._store, scopes)) is not None:
                reader = self._kept_or_loaded(*found)
                if reader is not None:
                    return reader
                scopes = [scope for scope in scopes if scope != found[0]]
        return None

    def _kept_or_loaded(self, scope: Scope, model: Model) -> Reader | None:
        if model.version not in self._loaded:
            try:
                self._loaded[model.version] = self._load(self._store, model)
            except (FlywheelError, RecognizerError, OSError) as error:
                log.error("%s cannot read here: %s", model.version, error)
                if is_to_blame(error):
                    self._take_back(scope, model, f"It cannot serve here: {error}")
                return None
        self._loaded.move_to_end(model.version)
        while len(self._loaded) > self._kept:
            self._loaded.popitem(last=False)
        return self._loaded[model.version]

    def _take_back(self, scope: Scope, model: Model, why: str) -> None:
        try:
            personal.drop(self._store, scope, model.version, by=BY_ITSELF, why=why)
        except FlywheelError as error:
            log.warning("%s could not be taken back now: %s", model.version, error)
