"""Documents of strangers, as small as they may be."""

from typing import Any

ANN = "https://far.test/u/ann"


def an_activity(**changes: Any) -> dict[str, Any]:
    like = {"id": "https://far.test/a/1", "type": "Like", "actor": ANN}
    return like | {"object": "https://here.test/objects/1"} | changes


def an_object(**changes: Any) -> dict[str, Any]:
    return {"id": "https://far.test/p/1", "type": "Note", "attributedTo": ANN} | changes


def an_actor(**changes: Any) -> dict[str, Any]:
    names = {"preferredUsername": "ann", "inbox": f"{ANN}/inbox"}
    return {"id": ANN, "type": "Person"} | names | changes
