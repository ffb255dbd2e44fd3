"""Whether the loop with Label Studio works: is the server reached, as whom, with which projects, what went wrong."""

from typing import Any

from flywheel.errors import LabelStudioError
from flywheel.label_projects import known_projects
from flywheel.label_studio import LabelStudio
from flywheel.settings import Settings, without_password
from flywheel.store import Store

PATIENCE_S = 10.0


def look(settings: Settings, store: Store) -> dict[str, Any] | None:
    """The state of the loop, ready for JSON; None where no server is named.

    Returns:
        {"url", "reached", "account", "version", "projects": [{"name", "number", "url", "gone"}], "problems"}
    """
    if settings.label_studio_url is None:
        return None
    report: dict[str, Any] = {
        "url": without_password(settings.label_studio_url),
        "reached": False,
        "account": None,
        "version": None,
        "projects": [],
        "problems": [],
    }
    with store.reading() as session:
        projects = known_projects(session, settings.label_studio_url)
    try:
        with LabelStudio.of(settings, timeout_s=PATIENCE_S) as client:
            server = client.server()
            report |= {"reached": True, "account": server.account, "version": server.version}
    except LabelStudioError as error:
        report["problems"].append(str(error))
    for project in projects:
        if project.gone:
            report["problems"].append(
                f"The project {project.kind.project_name!r} ({project.number}) was deleted in Label Studio. To begin a "
                "new one and send it what is not labelled yet: python -m flywheel push --new-project."
            )
        report["projects"].append(
            {
                "name": project.kind.project_name,
                "number": project.number,
                "url": without_password(project.url),
                "gone": project.gone,
            }
        )
    return report
