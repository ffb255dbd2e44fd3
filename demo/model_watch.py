"""Lets the running app read with whatever model the registry names, within seconds and without losing a request.

A thread asks the registry cheaply, loads the new model beside the old one and puts it in its place; pages in work are
finished by the reader they began with. A model that is bad itself, or reads nonsense, is rolled back by itself; one
that only cannot be loaded here and now serves others on, and is tried again.
"""

import logging
import threading
from collections.abc import Callable
from typing import Self

from demo.readers import Reader
from demo.services import Services
from flywheel import registry
from flywheel.errors import FlywheelError, NotFound, NotPromotable
from flywheel.model_folders import is_to_blame, load
from flywheel.registry import Model
from flywheel.settings import Settings
from flywheel.store import Store
from recognizer.errors import RecognizerError
from recognizer.line_reader import LineReader

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
PATIENCE = 15
"""How many looks to wait after one that failed: loading a model costs the pages in work their time."""
CANNOT = (FlywheelError, RecognizerError, OSError)
BY_ITSELF = "inkloop"


def first_reader(settings: Settings, store: Store) -> Reader:
    """The reader to begin with: the model that serves, or what the settings name where that cannot be loaded yet.

    Raises:
        BadModel: what the settings name cannot be loaded.
    """
    serving = registry.serving(store)
    try:
        reader = None if serving is None else load_or_roll_back(settings, store, serving)
    except CANNOT as error:
        log.error("What serves cannot be loaded here yet; what the settings name reads meanwhile: %s", error)
        reader = None
    return reader or LineReader.load(settings.model)


def load_or_roll_back(settings: Settings, store: Store, model: Model) -> Reader | None:
    """The model, loaded; or, where it is bad, the one it was rolled back to; None where there is no other.

    Raises:
        FlywheelError, RecognizerError, OSError: it cannot be loaded here and now, which is not its fault.
    """
    tried: set[str] = set()
    wanted: Model | None = model
    while wanted is not None and wanted.version not in tried:
        tried.add(wanted.version)
        try:
            return load(store, wanted, settings.scratch / "models")
        except CANNOT as error:
            if not is_to_blame(error):
                raise
            log.error("%s cannot serve and is rolled back: %s", wanted.version, error)
            wanted = _roll_back(store, wanted, f"It cannot serve here: {error}")
    return None


def _roll_back(store: Store, bad: Model, why: str) -> Model | None:
    """What serves after a bad model; None: nothing else did before."""
    try:
        registry.roll_back(store, by=BY_ITSELF, why=why, serving=bad.version)
    except NotFound:
        return None
    except NotPromotable as error:
        log.info("%s", error)  # another app, or a person, was faster
    return registry.serving(store)


Load = Callable[[Settings, Store, Model], Reader | None]


class ModelWatch:
    """Keeps ``services.reader`` the model that serves, for the length of a ``with`` block.

    Args:
        services: whose reader is swapped.
        every_s: how often the registry is asked.
        load: makes a reader of a model, or of the one it rolled back to.
    """

    def __init__(self, services: Services, *, every_s: float = LOOK_EVERY_S, load: Load = load_or_roll_back) -> None:
        self._services, self._every_s, self._load = services, every_s, load
        self._closing = threading.Event()
        self._refused = ""
        self._thread = threading.Thread(target=self._run, name="model-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()

    def look(self) -> None:
        """Look once, and swap the reader if another model serves.

        Raises:
            FlywheelError, RecognizerError, OSError: the registry cannot be asked, or the model not be loaded, here and
                now; what reads reads on.
        """
        services = self._services
        serving = registry.serving(services.store)
        if serving is None or serving.version in (services.reader.version, self._refused):
            return
        reader = self._load(services.settings, services.store, serving)
        if reader is None:
            self._refused = serving.version  # nothing else to serve with: keep what reads now, and say so once
            return
        log.warning("%s reads from now on, instead of %s.", reader.version, services.reader.version)
        services.reader = reader

    def _run(self) -> None:
        pause = self._every_s
        while not self._closing.wait(pause):
            pause = self._every_s
            try:
                self.look()
            except CANNOT as error:
                log.warning("What serves cannot be asked for or loaded now; what reads, reads on: %s", error)
                pause *= PATIENCE
