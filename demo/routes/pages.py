"""The files that the page in the browser is made of, and the API's own documentation, all served from here.

FastAPI's /docs would fetch Swagger UI from another host; the wheel fastapi-offline carries it, so ours needs nobody.
"""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles

HERE = Path(__file__).resolve().parent.parent
BROWSER = HERE / "components" / "browser"
EXAMPLES = HERE / "examples"
SWAGGER = Path(str(files("fastapi_offline") / "static"))


class Fresh(StaticFiles):
    """Static files that a browser asks about again each time: after an update nobody runs yesterday's script."""

    def file_response(self, *args: object, **options: object) -> Response:
        """The file, or 304 where the browser has it already."""
        response = super().file_response(*args, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


def mount(app: FastAPI) -> None:
    """Serve our scripts and styles, the examples, and /docs."""
    app.mount("/ui", Fresh(directory=BROWSER))
    app.mount("/examples", Fresh(directory=EXAMPLES))
    app.mount("/swagger", Fresh(directory=SWAGGER))
    app.include_router(_documentation(app))


def _documentation(app: FastAPI) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=f"{app.title}: the API",
            swagger_js_url="swagger/swagger-ui-bundle.js",
            swagger_css_url="swagger/swagger-ui.css",
            swagger_favicon_url="favicon.ico",
        )

    return routes
