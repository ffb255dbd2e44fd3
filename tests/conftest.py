"""What tests of several folders share: the one Label Studio of a run."""

from collections.abc import Callable, Iterator

import pytest

from tests.label_studio import Studio, starting_studio


@pytest.fixture(scope="session", autouse=True)
def studio_begun(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Studio] | None]:
    """Label Studio takes half a minute to start: it does so from the first test on, if any will ask for it."""
    if any("studio_server" in getattr(test, "fixturenames", ()) for test in request.session.items):
        with starting_studio(tmp_path_factory.mktemp("label-studio")) as begun:
            yield begun
    else:
        yield None


@pytest.fixture(scope="session")
def studio_server(studio_begun: Callable[[], Studio]) -> Studio:
    """A running Label Studio."""
    return studio_begun()


@pytest.fixture
def studio(studio_server: Studio) -> Studio:
    """A running Label Studio without projects."""
    studio_server.clear()
    return studio_server
