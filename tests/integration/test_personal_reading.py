"""The running app reads a hand's documents with that hand's own model: at first, again, and what is drawn."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from demo.readers import PersonalReaders
from flywheel import personal, registry, runs
from flywheel.scopes import Scope
from flywheel.store import Store
from flywheel.tables import now
from recognizer.errors import BadModel
from tests.fake_reader import FakeReader
from tests.integration.test_api import LETTER, TEXTS, Web, png, web
from tests.integration.test_registry import folder_of

ANN, LETTERS = Scope("writer", "Ann"), Scope("collection", "Letters")
OWN = {"anns-2": ANN, "letters-3": LETTERS, "broken-4": Scope("writer", "Bob"), "away-5": Scope("writer", "Cleo")}


class Loaded:
    """Loads fake readers, remembers which, and cannot load what is called broken or, for want of space, away."""

    def __init__(self) -> None:
        self.versions: list[str] = []

    def __call__(self, _: Store, model: registry.Model) -> FakeReader:
        self.versions.append(model.version)
        if model.version == "away-5":
            raise OSError("No space left on device")
        if model.version.startswith("broken"):
            raise BadModel("broken-4 cannot be loaded.")
        reader = FakeReader()
        reader.become(model.version, LETTER)
        return reader


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """An app with a common model and four that are somebody's own."""
    folder = tmp_path_factory.mktemp("personal")
    with web(folder) as running:
        for version in ("fake-1", *OWN):
            registry.register(running.store, folder_of(folder, version), scope=OWN.get(version))
        registry.promote(running.store, "fake-1", by="inkloop", why="First.", anyway=True)
        for version, scope in OWN.items():
            personal.promote(running.store, version, scope, by="Ann", why="A trial.", anyway=True)
        yield running


@pytest.fixture
def loaded(app: Web) -> Loaded:
    """What is loaded from now on; two are kept."""
    loads = Loaded()
    app.services.personal = PersonalReaders(app.services.settings, app.store, kept=2, load_model=loads)
    return loads


def sent(app: Web, **labels: str) -> dict[str, Any]:
    answer = app.client.post("/api/v1/read", files={"file": ("letter.png", png(LETTER.image))}, data=labels)
    assert answer.status_code == 200, answer.text
    (page,) = answer.json()
    return dict(page)


def test_a_document_is_read_by_its_writers_model_before_its_collections_and_that_before_the_common_one(
    app: Web, loaded: Loaded
) -> None:
    assert sent(app)["model"] == sent(app, writer="Carl")["model"] == "fake-1" and loaded.versions == []
    assert sent(app, writer="Carl", collection="Letters")["model"] == "letters-3"
    for _ in range(2):
        page = sent(app, writer="Ann", collection="Letters")
        assert (page["model"], page["newer_model"], page["text"]) == ("anns-2", None, "\n".join(TEXTS))
    assert loaded.versions == ["letters-3", "anns-2"]


def test_what_is_drawn_and_what_is_read_again_is_read_by_what_serves_the_hand_then(app: Web, loaded: Loaded) -> None:
    page = sent(app, writer="Ann")
    at = f"/api/v1/documents/{page['document']['id']}"
    personal.roll_back(app.store, ANN, by="Ann", why="A trial.")
    assert app.client.get(at).json()["pages"][0]["newer_model"] == "fake-1"
    assert app.client.post(f"{at}/read-again").json()["pages"][0]["model"] == "fake-1"
    personal.roll_back(app.store, ANN, by="Ann", why="Back.", version="anns-2")
    first = page["lines"][0]
    drawn = app.client.post(
        f"/api/v1/pages/{page['id']}/lines", json={"replaces": [first["id"]], "lines": [{"polygon": first["polygon"]}]}
    ).json()
    assert drawn["newer_model"] == "anns-2"
    assert registry.reader_of(app.store, UUID(drawn["lines"][0]["id"]), now()) == "anns-2"
    assert app.client.post(f"{at}/read-again").json()["pages"][0]["model"] == "anns-2"


def test_few_readers_stay_loaded_those_used_last(app: Web, loaded: Loaded) -> None:
    readers = PersonalReaders(app.services.settings, app.store, kept=1, load_model=loaded)
    for scope in (ANN, ANN, LETTERS, ANN):
        assert readers.reader_for([scope]) is not None
    assert loaded.versions == ["anns-2", "letters-3", "anns-2"]


def test_a_model_that_cannot_be_loaded_is_taken_back_and_the_next_one_reads(app: Web, loaded: Loaded) -> None:
    assert sent(app, writer="Bob", collection="Letters")["model"] == "letters-3"
    newest = personal.history(app.store)[0]
    assert (newest.version, newest.by, newest.why) == (
        None, "inkloop", "It cannot serve here: broken-4 cannot be loaded.",
    )  # fmt: skip
    assert sent(app, writer="Bob")["model"] == "fake-1" and loaded.versions == ["broken-4", "letters-3"]


def test_a_model_that_cannot_be_loaded_now_is_not_taken_back(app: Web, loaded: Loaded) -> None:
    before = personal.history(app.store)
    assert [sent(app, writer="Cleo")["model"] for _ in range(2)] == ["fake-1"] * 2
    assert loaded.versions == ["away-5"] * 2
    assert personal.history(app.store) == before


def test_an_operator_asks_promotes_and_rolls_back_for_a_hand_over_the_api(app: Web) -> None:
    def post(path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        answer = app.client.post(f"/api/v1/models/{path}", json=body)
        return answer.status_code, answer.json()

    status, told = post("turns", writer="Ann")
    assert status == 409 and "Writer Ann has too few accepted lines" in told["error"]["message"]
    assert post("turns", writer="Ann", collection="Letters")[0] == post("turns", writer="")[0] == 422
    assert runs.runs(app.store) == []
    status, told = post("rollback", writer="Ann", why="Enough.")
    (ann,) = (scope for scope in told["personal"]["scopes"] if scope["name"] == "Letters")
    assert (status, ann["version"]) == (200, "letters-3") and personal.history(app.store)[0].why == "Enough."
    assert post("anns-2/promote", writer="Ann")[0] == 409
    assert post("anns-2/promote", writer="Ann", why="A trial.", anyway=True)[0] == 200
    assert ANN in personal.serving(app.store) and [row.version for row in registry.promotions(app.store)] == ["fake-1"]
