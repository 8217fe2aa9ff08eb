"""What moderators see: Admin::Account and those beside it."""

from collections.abc import Mapping
from hashlib import sha256

from server.clock import DAY_MS
from server.model import Account, Site
from server.services.figures import UNMEASURED, Cohort, Measure
from server.services.moderation import Person
from server.services.reports import Report
from server.services.rules import Rule
from server.services.tags import DAYS
from server.store.db import Row
from server.store.entry_rules import AddressRule, EmailRule
from web import entities
from web.present.accounts import HIDDEN, account, role
from web.present.place import rules as told_rules
from web.present.values import when, when_or_none


def admin_account(site: Site, one: Person) -> entities.AdminAccount:
    """Admin::Account."""
    shown, member = one.account, one.member
    ips: list[entities.AdminIp] = [
        {"ip": address, "used_at": when(at_ms)} for address, at_ms in one.seen
    ]
    if member is not None and member.address and not any(i["ip"] == member.address for i in ips):
        ips.append({"ip": member.address, "used_at": when(member.created_ms)})
    return {
        "id": str(shown.id),
        "username": shown.name,
        "domain": shown.domain or None,
        "created_at": when(shown.created_ms),
        "email": member.email if member else None,
        "ip": ips[0]["ip"] if ips else None,
        "ips": ips,
        "role": role(site, member) if member else None,
        "confirmed": member.confirmed_ms is not None if member else None,
        "suspended": shown.state in HIDDEN,
        "silenced": shown.limited_ms is not None,
        "sensitized": shown.sensitive_ms is not None,
        "disabled": member.disabled_ms is not None if member else None,
        "approved": member.state != "pending" if member else None,
        "locale": (member.language or None) if member else None,
        "invite_request": (member.reason or None) if member else None,
        "account": account(site, shown),
    }


def admin_report(
    site: Site,
    report: Report,
    people: Mapping[int, Person],
    statuses: list[entities.Status],
    rules: list[Rule],
) -> entities.AdminReport:
    """Admin::Report; `people` are those whom it names."""

    def of(one: Account | None) -> entities.AdminAccount | None:
        return admin_account(site, people.get(one.id, Person(account=one))) if one else None

    return {
        "id": str(report.id),
        "action_taken": not report.open,
        "action_taken_at": when_or_none(report.closed_ms),
        "category": report.category,
        "comment": report.comment,
        "forwarded": report.forwarded,
        "created_at": when(report.created_ms),
        "updated_at": when(report.updated_ms),
        "account": admin_account(
            site, people.get(report.reporter.id, Person(account=report.reporter))
        ),
        "target_account": of(report.target),
        "assigned_account": of(report.assigned),
        "action_taken_by_account": of(report.closed_by),
        "statuses": statuses,
        "rules": told_rules([one for one in rules if one.id in report.rule_ids]),
    }


def admin_domain_block(row: Row) -> entities.AdminDomainBlock:
    """Admin::DomainBlock."""
    return {
        "id": str(row["id"]),
        "domain": row["domain"],
        "digest": sha256(row["domain"].encode()).hexdigest(),
        "created_at": when(row["created_ms"]),
        "severity": row["severity"],
        "reject_media": bool(row["reject_media"]),
        "reject_reports": bool(row["reject_reports"]),
        "private_comment": row["private_comment"] or None,
        "public_comment": row["reason"] or None,
        "obfuscate": bool(row["obfuscate"]),
    }


def admin_domain_allow(row: Row) -> entities.AdminDomainAllow:
    """Admin::DomainAllow."""
    return {
        "id": str(row["id"]),
        "domain": row["domain"],
        "created_at": when(row["created_ms"]),
    }


def admin_email_domain_block(rule: EmailRule, now_ms: int) -> entities.AdminEmailDomainBlock:
    """Admin::EmailDomainBlock."""
    today = now_ms // DAY_MS
    return {
        "id": str(rule.id),
        "domain": rule.value,
        "created_at": when(rule.created_ms),
        "history": [
            {"day": str((today - back) * DAY_MS // 1000), "accounts": "0", "uses": "0"}
            for back in range(DAYS)
        ],
        "allow_with_approval": False,
    }


def admin_canonical_email_block(rule: EmailRule) -> entities.AdminCanonicalEmailBlock:
    """Admin::CanonicalEmailBlock."""
    return {"id": str(rule.id), "canonical_email_hash": rule.value}


def admin_ip_block(rule: AddressRule) -> entities.AdminIpBlock:
    """Admin::IpBlock."""
    return {
        "id": str(rule.id),
        "ip": rule.network,
        "severity": rule.severity,
        "comment": rule.comment,
        "created_at": when(rule.created_ms),
        "expires_at": when_or_none(rule.expires_ms),
    }


def admin_measure(measure: Measure) -> entities.AdminMeasure:
    """Admin::Measure; of servers the reference tells nothing of the time before."""
    entity: entities.AdminMeasure = {
        "key": measure.key,
        "unit": "bytes" if measure.key in UNMEASURED else None,
        "total": str(measure.total),
        "data": [{"date": when(at_ms), "value": str(many)} for at_ms, many in measure.days],
    }
    if measure.key in UNMEASURED:
        entity["human_value"] = "0 Bytes"
    if not measure.key.startswith("instance_"):
        entity["previous_total"] = str(measure.before)
    return entity


def admin_dimension(key: str, lines: list[tuple[str, str]]) -> entities.AdminDimension:
    """Admin::Dimension."""
    return {
        "key": key,
        "data": [{"key": name, "human_key": name, "value": value} for name, value in lines],
    }


def admin_cohort(cohort: Cohort, frequency: str) -> entities.AdminCohort:
    """Admin::Cohort."""
    return {
        "period": when(cohort.period_ms),
        "frequency": frequency,
        "data": [
            {"date": when(at_ms), "rate": rate, "value": str(many)}
            for at_ms, rate, many in cohort.data
        ],
    }
