"""The running app reads with what the registry names: swapped in flight, rolled back when it cannot read."""

import io
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

from demo.model_watch import ModelWatch, first_reader
from demo.readers import Reader
from demo.services import Services
from flywheel import registry
from flywheel.errors import BrokenBlob
from flywheel.registry import Model, promote, register
from flywheel.settings import Settings
from flywheel.store import Store
from recognizer.images import PageImage
from recognizer.page import Page
from tests.fake_reader import FakeReader
from tests.handwriting import WrittenPage, write_page
from tests.integration.test_registry import broken_folder, folder_of
from tests.running_app import serving, settings_in

IN_FLIGHT = 64


class VersionedReader(FakeReader):
    """A fake reader with a version of its own, which waits at its first page until it is let go."""

    def __init__(self, version: str, page: WrittenPage) -> None:
        super().__init__()
        self.version = version
        self.begun, self.go = threading.Event(), threading.Event()
        self.teach(page)

    def read_page(self, page: PageImage, *, path: str) -> Page:
        self.begun.set()
        assert self.go.wait(60)
        return super().read_page(page, path=path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "var")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as opened:
        yield opened


@pytest.fixture
def base(store: Store, tmp_path: Path) -> Model:
    model = register(store, folder_of(tmp_path, "base-1"))
    promote(store, "base-1", by="Ann", why="First.", anyway=True)
    return model


def test_sixty_four_requests_in_flight_survive_a_promotion(tmp_path: Path) -> None:
    written = write_page(["Dear Bob,"], seed=4, width=300, height=120)
    picture = io.BytesIO()
    Image.fromarray(written.image).save(picture, "PNG")
    old, new = VersionedReader("base-1", written), VersionedReader("child-2", written)

    def send(url: str) -> httpx.Response:
        return httpx.post(f"{url}/api/v1/read", files={"file": ("x.png", picture.getvalue())}, timeout=120)

    with serving(tmp_path / "var", old) as running, ThreadPoolExecutor(IN_FLIGHT) as people:
        for name in ("base-1", "child-2"):
            register(running.store, folder_of(tmp_path, name))
        promote(running.store, "base-1", by="Ann", why="First.", anyway=True)
        sent = [people.submit(send, running.url) for _ in range(IN_FLIGHT)]
        assert old.begun.wait(60)
        promote(running.store, "child-2", by="Ann", why="Second.", anyway=True)
        readers: dict[str, Reader] = {"base-1": old, "child-2": new}
        ModelWatch(running.services, load=lambda _, __, model: readers[model.version]).look()
        old.go.set()
        new.go.set()
        answers = [answer.result() for answer in sent]
        assert {answer.status_code for answer in answers} == {200}
        models = [answer.json()[0]["model"] for answer in answers]
        assert set(models) == {"base-1", "child-2"} and models.count("child-2") > models.count("base-1")
        assert all(answer.json()[0]["text"] == "Dear Bob," for answer in answers)
        assert httpx.get(f"{running.url}/readyz").json()["model"] == "child-2"


def test_what_was_promoted_serves_from_the_start_and_a_broken_one_is_rolled_back(
    settings: Settings, store: Store, base: Model, tmp_path: Path
) -> None:
    assert first_reader(settings, store).version == "base-1"
    services = Services(settings, store, first_reader(settings, store))
    register(store, broken_folder(tmp_path, "broken-2"), parent="base-1")
    promote(store, "broken-2", by="Ann", why="Untried.", anyway=True)
    ModelWatch(services).look()
    assert services.reader.version == "base-1"
    newest = registry.promotions(store)[0]
    assert (newest.version, newest.kind, newest.by) == ("base-1", "rollback", "inkloop")
    assert newest.why.startswith("It cannot serve here: ")


def test_a_model_that_one_app_cannot_load_now_is_not_rolled_back_for_everybody_but_tried_again(
    settings: Settings, store: Store, base: Model, tmp_path: Path
) -> None:
    services = Services(settings, store, first_reader(settings, store))
    register(store, folder_of(tmp_path, "child-2"), parent="base-1")
    promote(store, "child-2", by="Ann", why="Better.", anyway=True)
    models = settings.scratch / "models"
    models.rename(models.with_name("elsewhere"))
    models.write_bytes(b"in the way of a folder, as a full disk would be")
    with pytest.raises(OSError, match="models"):
        ModelWatch(services).look()
    assert services.reader.version == "base-1" and len(registry.promotions(store)) == 2
    assert first_reader(settings, store).version.startswith("inkloop-")
    models.unlink()
    ModelWatch(services).look()
    assert services.reader.version == "child-2"


def test_a_lost_blob_rolls_nothing_back(settings: Settings, store: Store, base: Model, tmp_path: Path) -> None:
    services = Services(settings, store, FakeReader())
    key = next(iter(store.blobs.keys()))
    store.blobs.delete(key)
    with pytest.raises(BrokenBlob):
        ModelWatch(services).look()
    assert services.reader.version == "fake-1" and len(registry.promotions(store)) == 1


def test_the_watch_goes_on_after_a_failure(settings: Settings, store: Store, base: Model) -> None:
    swapped = threading.Event()
    tries: list[str] = []

    def second_time(_: Settings, __: Store, model: Model) -> Reader:
        tries.append(model.version)
        if len(tries) == 1:
            raise OSError("No space left on device")
        reader = FakeReader()
        reader.version = model.version
        swapped.set()
        return reader

    with ModelWatch(Services(settings, store, FakeReader()), every_s=0.01, load=second_time):
        assert swapped.wait(60)
    assert tries[:2] == ["base-1", "base-1"]


def test_the_watch_swaps_by_itself(settings: Settings, store: Store, base: Model, tmp_path: Path) -> None:
    swapped = threading.Event()

    def note(_: Settings, __: Store, model: Model) -> Reader:
        reader = FakeReader()
        reader.version = model.version
        swapped.set()
        return reader

    services = Services(settings, store, FakeReader())
    with ModelWatch(services, every_s=0.01, load=note):
        assert swapped.wait(60)
    assert services.reader.version == "base-1"


def test_the_only_model_being_broken_leaves_what_reads_now(settings: Settings, store: Store, tmp_path: Path) -> None:
    folder = broken_folder(tmp_path, "broken-1")
    register(store, folder)
    shutil.rmtree(folder)
    promote(store, "broken-1", by="Ann", why="Untried.", anyway=True)
    services = Services(settings, store, FakeReader())
    watch = ModelWatch(services)
    watch.look()
    watch.look()
    assert services.reader.version == "fake-1"
    assert first_reader(settings, store).version.startswith("inkloop-")
