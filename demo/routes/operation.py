"""What those who keep Inkloop running ask: is it up, is it ready, what has it done."""

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from demo.metrics import Metrics
from demo.problems import ProblemAnswer
from demo.services import Services


def router(services: Services, metrics: Metrics) -> APIRouter:
    """The addresses for operators."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/healthz")
    def healthy() -> dict[str, str]:
        """The process is up."""
        return {"status": "up"}

    @routes.get("/readyz", responses={503: {"model": ProblemAnswer, "description": "not ready; the message says why"}})
    def ready() -> dict[str, str]:
        """Store and model are ready."""
        services.store.ready()
        return {"status": "ready", "model": services.reader.version}

    @routes.get("/metrics", response_class=Response)
    def numbers() -> Response:
        """Counters in Prometheus' text format."""
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return routes
