"""The whole web application: our own routes first, then the Gradio page on everything that is left."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import gradio as gr
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from demo import problems
from demo.asker import Role, asker
from demo.components.masthead import masthead
from demo.doorkeeper import Doorkeeper
from demo.guarded_page import GuardedPage
from demo.guards import Guards
from demo.judging_desk import JudgingDesk
from demo.label_desk import LabelDesk
from demo.metrics import Metrics
from demo.reading_desk import ReadingDesk
from demo.routes import api, corrections, documents, exports, label_studio, lines, login, media, operation, pages
from demo.routes import insights as insight_routes
from demo.routes import models as model_routes
from demo.services import Services
from demo.tabs import insights, label, models, read
from demo.theme import theme
from flywheel.settings import is_loopback

__all__ = ["Services", "build_app"]

QUEUE_SIZE = 64
CACHE_SECONDS = (3600, 3600)  # Gradio's own copies of files: looked for and deleted every hour
STYLES = [
    "base.css",
    *sorted(style.name for style in pages.BROWSER.glob("*.css") if style.name != "base.css"),
]  # the others build on the base
SCRIPTS = sorted(script.name for script in pages.BROWSER.glob("*.js"))
HEAD = "".join(
    [
        '<meta name="color-scheme" content="light dark">',
        *(f'<link rel="stylesheet" href="ui/{style}">' for style in STYLES),
        # Modules import modules: named at once, they are fetched together and not one after the other.
        *(f'<link rel="modulepreload" href="ui/{script}">' for script in SCRIPTS),
    ]
)
TABS: tuple[tuple[str, Callable[[Services], None]], ...] = (
    ("Read", read.build),
    ("Label", label.build),
    ("Models", models.build),
    ("Insights", insights.build),
)
"""Each tab's name and what lays it out, from left to right."""

LEAST_ROLES: dict[str, Role] = {"Label": Role.ANNOTATOR, "Models": Role.OPERATOR}
"""Whose tab it is, with all that happens in it; the others are everybody's."""


def build_app(services: Services) -> FastAPI:
    """The application that answers people and programs.

    Args:
        services: settings, store and reader; closed by whoever made them.
    """
    metrics = Metrics()
    desk, judging = ReadingDesk(services, metrics), JudgingDesk(services, metrics)
    # The doorkeeper asks for the token; this tells /docs, where it can then be given.
    tokens = [Depends(HTTPBearer(auto_error=False))] if services.settings.auth else []
    app = FastAPI(title="Inkloop", docs_url=None, redoc_url=None, lifespan=_working(desk, judging), dependencies=tokens)
    problems.install(app, metrics)
    for router in (
        exports.router(services),
        insight_routes.router(services),
        model_routes.router(services),
        corrections.router(services, judging, metrics),
        documents.router(services, desk, metrics),
        lines.router(services, desk, metrics),
        label_studio.router(services, LabelDesk(services)),
        api.router(services, desk),  # after the others under /api: it answers for whatever is left there
        media.router(services),
        operation.router(services, metrics),
    ):
        app.include_router(router)
    if services.settings.auth:
        app.include_router(login.router(services))
    pages.mount(app)
    settings = services.settings
    if settings.auth:
        app.add_middleware(Doorkeeper, services=services, metrics=metrics)
    local = not settings.auth and is_loopback(settings.host)
    app.add_middleware(Guards, local=local, limit_bytes=services.limit_bytes, metrics=metrics)
    _add_page(app, services)
    return app


def _add_page(app: FastAPI, services: Services) -> None:
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    page = GuardedPage(services, title="Inkloop", analytics_enabled=False, fill_width=True, delete_cache=CACHE_SECONDS)
    with page:
        head = masthead()
        with gr.Tabs():
            tabs = [_tab(page, name, build) for name, build in TABS]
        if services.settings.auth:
            _show_what_is_the_askers(head, tabs, services)
    page.queue(max_size=QUEUE_SIZE)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=services.settings.host,
        server_port=services.settings.port,
        footer_links=[],
        run_history=False,
        max_file_size=services.limit_bytes,
        theme=theme(),
        head=HEAD,
        ssr_mode=False,
        mcp_server=False,
    )


def _tab(page: GuardedPage, name: str, build: Callable[[Services], None]) -> gr.Tab:
    tab = gr.Tab(name, id=name.lower())
    with tab, page.part_for(LEAST_ROLES.get(name, Role.READER)):
        build(page.services)
    return tab


def _show_what_is_the_askers(head: gr.HTML, tabs: list[gr.Tab], services: Services) -> None:
    roles = [LEAST_ROLES.get(name, Role.READER) for name, _ in TABS]

    def show(request: gr.Request) -> list[Any]:
        found = asker(request, services)
        return [
            {"name": found.name, "role": found.role},
            *(gr.Tab(visible=found.role.includes(role)) for role in roles),
        ]

    gr.on(fn=show, outputs=[head, *tabs], api_visibility="private", show_progress="hidden")


def _working(desk: ReadingDesk, judging: JudgingDesk) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        judging.wake()
        yield
        desk.close()
        judging.close()

    return lifespan
