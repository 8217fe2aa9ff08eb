"""This place: Rule, Activity."""

from server.services.rules import Rule
from server.services.servers import Week
from web import entities


def rule(rule: Rule) -> entities.Rule:
    """Rule."""
    return {"id": str(rule.id), "text": rule.text, "hint": rule.hint}


def week(week: Week) -> entities.Activity:
    """Activity; all numbers are texts, as the reference has them."""
    return {
        "week": str(week.begins_ms // 1000),
        "statuses": str(week.posts),
        "logins": str(week.writers),
        "registrations": str(week.newcomers),
    }
