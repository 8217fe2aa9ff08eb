"""This place: Rule, Activity."""

from collections.abc import Mapping, Sequence

from server.services.rules import Rule
from server.services.servers import Week
from web import entities


def rules(
    found: Sequence[Rule], elsewhere: Mapping[str, Sequence[Rule]] | None = None
) -> list[entities.Rule]:
    """Rules; `elsewhere` are the same ones by language."""
    told: list[entities.Rule] = []
    for n, rule in enumerate(found):
        said: dict[str, entities.RuleWords] = {
            language: {"text": others[n].text, "hint": others[n].hint}
            for language, others in (elsewhere or {}).items()
        }
        told.append(
            {"id": str(rule.id), "text": rule.text, "hint": rule.hint, "translations": said}
        )
    return told


def week(week: Week) -> entities.Activity:
    """Activity; all numbers are texts, as the reference has them."""
    return {
        "week": str(week.begins_ms // 1000),
        "statuses": str(week.posts),
        "logins": str(week.writers),
        "registrations": str(week.newcomers),
    }
