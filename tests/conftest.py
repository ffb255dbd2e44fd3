"""What tests of several folders share: the one Label Studio of a run."""

from collections.abc import Iterator

import pytest

from tests.label_studio import Studio, running_studio


@pytest.fixture(scope="session")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A running Label Studio."""
    with running_studio(tmp_path_factory.mktemp("label-studio")) as studio:
        yield studio


@pytest.fixture
def studio(studio_server: Studio) -> Studio:
    """A running Label Studio without projects."""
    studio_server.clear()
    return studio_server
