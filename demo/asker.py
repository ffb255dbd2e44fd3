"""Who is asking: the one place that decides it, for the routes and for the tabs.

Without accounts everyone who reaches this machine is the one contributor "local".
"""

from uuid import UUID

import gradio as gr
from starlette.requests import HTTPConnection

from demo.services import Services

LOCAL = "local"


def contributor_of(request: HTTPConnection | gr.Request, services: Services) -> UUID:
    """The contributor on whose behalf a request acts, be it one of a route or of a tab.

    Raises:
        StoreUnavailable: the store cannot say.
    """
    return services.store.contributor(LOCAL)
