"""Where other servers send people to act from their account here. FEP-3b86, `ostatus/subscribe`."""

from aiohttp import web

from server.errors import NotFound
from server.lookup import MAX_QUERY
from web.keys import Viewer
from web.pages.access import signed_in
from web.pages.forms import see
from web.pages.search import resolved

routes = web.RouteTableDef()


@routes.get("/authorize_interaction")
@signed_in
async def interact(request: web.Request, viewer: Viewer) -> web.Response:
    """Find the person or post that `uri` names and show it, at the button for what to `do`.

    Nothing is done before that button is pressed. FEP-3b86 §6.1.
    """
    wish = request.query.get("uri", "").strip()[:MAX_QUERY].removeprefix("acct:")
    path = await resolved(request, wish) if wish else ""
    if not path:
        raise NotFound("Nothing was found at this address. Please check it and search again.")
    return see(to_act(path, request.query.get("do", "")))


def to_act(path: str, verb: str) -> str:
    """The page of a person or a post, at the place where the button for `verb` is."""
    id = path.rpartition("/")[2]
    if not id.isdigit():  # a person's
        return f"{path}#follow" if verb == "follow" else path
    places = {"reply": "#reply", "like": f"#acts-{id}", "share": f"#acts-{id}"}
    return path + places.get(verb, "")
