"""Who is asking, and what they may do: the one place that decides it, for the routes and for the tabs.

Without accounts (``INKLOOP_AUTH`` is not ``on``) everyone who reaches this machine is the one contributor "local", an
operator. With accounts the doorkeeper finds out before anything else runs, and leaves the asker in the request's state.
"""

from uuid import UUID

import gradio as gr
from starlette.requests import HTTPConnection

from demo.errors import Forbidden, NotLoggedIn
from demo.services import Services
from flywheel.accesses import Asker
from flywheel.accounts import Role, local_contributor
from flywheel.additions import LOCAL

__all__ = ["Asker", "Role", "asker", "contributor_of", "require"]


def asker(request: HTTPConnection | gr.Request, services: Services) -> Asker:
    """On whose behalf a request acts, be it one of a route or of a tab.

    Raises:
        NotLoggedIn: nobody's.
        StoreUnavailable: the store cannot say.
    """
    if not services.settings.auth:
        return Asker(local_contributor(services.store), LOCAL, Role.OPERATOR, trusted=True)
    found = getattr(getattr(request, "state", None), "asker", None)
    if not isinstance(found, Asker):
        raise NotLoggedIn
    return found


def contributor_of(request: HTTPConnection | gr.Request, services: Services) -> UUID:
    """The contributor on whose behalf a request acts.

    Raises:
        NotLoggedIn: there is none.
        StoreUnavailable: the store cannot say.
    """
    return asker(request, services).contributor_id


def require(request: HTTPConnection | gr.Request, services: Services, role: Role) -> Asker:
    """The asker, if they may do what a role may.

    Raises:
        NotLoggedIn: nobody asks.
        Forbidden: they may not.
        StoreUnavailable: the store cannot say.
    """
    found = asker(request, services)
    if not found.role.includes(role):
        raise Forbidden(role=role, name=found.name, has=found.role)
    return found
