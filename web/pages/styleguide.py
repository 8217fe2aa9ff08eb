"""Every component of the design system in every state, for those who make pages."""

from typing import Final

from aiohttp import web

from web.keys import BRAND, SITE
from web.pages import blog_samples, board_samples, samples, tokens, video_samples
from web.pages.access import now
from web.render import language_of, page

routes = web.RouteTableDef()

POLICY: Final = "Content-Security-Policy"
PARTS: Final = (
    *("making", "colours", "type", "space", "icons", "controls", "fields", "pieces", "ways"),
    *("people", "notes", "stories", "videos", "threads", "boards", "notices", "writing", "blog"),
)
WORKING: Final = ("/language", "/theme", "/search", "/sign-out")


@routes.get("/styleguide")
async def styleguide(request: web.Request) -> web.Response:
    """The page; its samples need no database, and their buttons do nothing."""
    site, brand = request.config_dict[SITE], request.config_dict[BRAND]
    guide = samples.Samples(site, language_of(request), now(request))
    response = await page(
        request,
        "styleguide.html",
        chapters=PARTS,
        tokens=tokens,
        palette=brand.palette,
        samples=samples,
        guide=guide,
        boards_guide=board_samples.BoardSamples(guide, now(request)),
        blog_guide=blog_samples.Blog(guide),
        films=video_samples.films(guide),
    )
    # Browsers send no form from here but those of the frame, whatever a sample's button says.
    forms = " ".join(f"{site.origin}{path}" for path in WORKING)
    policy = response.headers[POLICY].replace("form-action 'self'", f"form-action {forms}")
    response.headers[POLICY] = policy
    return response
