"""Telling one app of one notification, through the push service that it named."""

import asyncio
import logging
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from federation import webpush
from federation.errors import Unreachable
from federation.guard import Refused
from federation.http import Client, Pushed
from federation.retry import retry_at, temporary, wait_ms
from server.clock import HOUR_MS
from server.model import Job, Post, PushSubscription
from server.secrets import Vault
from server.services import notifications, pushes
from server.services.notifications import Notice
from server.store import accounts, jobs, posts
from server.store import pushes as store
from server.store.db import Database, Read, Write
from server.worker.turns import Turns

log = logging.getLogger(__name__)

TRIES: Final = 4  # within some 25 minutes
STALE_MS: Final = 12 * HOUR_MS
ASIDE_MS: Final = 1_000  # so long others go first where a member or a service has many under way

Words = Callable[[Notice, Post | None, str, str], bytes]
"""What a push says of a notification, in a language, to the app that has this token: JSON of at
most `MAX_PLAIN_BYTES`."""


class Ready(msgspec.Struct, frozen=True):
    """Everything for a push that is still wanted."""

    subscription: PushSubscription
    notice: Notice
    post: Post | None
    language: str


class Pushes:
    """Sends pushes, none at the cost of others, and counts the `results`."""

    def __init__(
        self,
        db: Database,
        client: Client,
        now_ms: Callable[[], int],
        *,
        key: EllipticCurvePrivateKey,
        contact: str,
        words: Words,
        vault: Vault,
    ) -> None:
        """`key` is ours, by which services know us; `contact` where they find us.

        `vault` sealed the tokens.
        """
        self._db = db
        self._client = client
        self._now_ms = now_ms
        self._key = key
        self._contact = contact
        self._words = words
        self._vault = vault
        self._turns = Turns(now_ms)
        self.results: Counter[str] = Counter()

    async def do(self, job: Job) -> None:
        """To its end: taken, wanted no more, given up; or put off."""
        push, now_ms = msgspec.json.decode(job.payload, type=pushes.Push), self._now_ms()
        ready = await self._db.read(_ready, push, now_ms)
        if ready is None:
            await self._db.write(jobs.complete, job, now_ms)
            return
        host = urlsplit(ready.subscription.endpoint).netloc
        if self._turns.rests(host):
            await self._put_off(job, ready, Pushed(0, None))
            return
        with self._turns.turn(ready.subscription.account_id, host) as free:
            if not free:
                await self._db.write(jobs.stand_back, job, now_ms + ASIDE_MS)
                return
            answer = await self._send(ready, host)
        await self._answered(job, ready, answer)

    async def _send(self, ready: Ready, host: str) -> Pushed:
        """The service's answer; status 0 when there was none, 403 where we may not go."""
        one = ready.subscription
        token = self._vault.open(one.sealed_token, pushes.about(one.token_id)).decode()
        request = webpush.request(
            self._words(ready.notice, ready.post, ready.language, token),
            webpush.recipient(one.p256dh, one.auth),
            one.endpoint,
            standard=bool(one.standard),
            key=self._key,
            contact=self._contact,
            once=webpush.private_key(webpush.make_key()),
            salt=os.urandom(webpush.SALT_BYTES),
            now_s=self._now_ms() // 1000,
        )
        began_s = asyncio.get_running_loop().time()
        try:
            answer = await self._client.push(one.endpoint, request.body, request.headers)
        except Refused:
            return Pushed(403, None)
        except Unreachable as error:
            log.info("push service %s: %s", host, error)
            self._turns.silent(one.account_id, host)
            return Pushed(0, None)
        took_s = asyncio.get_running_loop().time() - began_s
        self._turns.answered(one.account_id, host, took_s)
        return answer

    async def _answered(self, job: Job, ready: Ready, answer: Pushed) -> None:
        status = answer.status
        if status == 0 or temporary(status):
            await self._put_off(job, ready, answer)
            return
        result, end = _outcome(status)
        self.results[result] += 1
        await self._db.write(end, job, ready.subscription, self._now_ms())

    async def _put_off(self, job: Job, ready: Ready, answer: Pushed) -> None:
        now_ms = self._now_ms()
        if job.attempts >= TRIES:
            self.results["given_up"] += 1
            await self._db.write(_failed, job, ready.subscription, now_ms)
            return
        self.results["put_off"] += 1
        due_ms = retry_at(job.attempts, now_ms, random.random())  # noqa: S311  jitter
        if answer.retry_after_ms is not None:
            due_ms = now_ms + wait_ms(answer.retry_after_ms)
        await self._db.write(jobs.postpone, job, due_ms, f"push service: {answer.status}")


def _outcome(status: int) -> tuple[str, Callable[[Write, Job, PushSubscription, int], None]]:
    """What an answer that settles it means, and what then happens."""
    if 200 <= status < 300:
        return "taken", _arrived
    if status in (404, 410):
        return "ended", _ended
    return "refused", _failed


def _ready(db: Read, push: pushes.Push, now_ms: int) -> Ready | None:
    """What is to be sent, if the app still wants it and the member may still read it."""
    subscription = store.by_id(db, push.subscription)
    member = accounts.member(db, subscription.account_id) if subscription else None
    if subscription is None or member is None:
        return None
    if member.state != "active" or member.disabled_ms is not None:
        return None
    notice = notifications.one(db, subscription.account_id, push.notification)
    if notice is None or now_ms - notice.notification.created_ms > STALE_MS:
        return None
    told = notice.notification
    if told.filtered or not pushes.wants(subscription, told.kind):
        return None
    if not pushes.welcome(db, subscription, notice.account, now_ms):
        return None
    post = posts.by_id(db, notice.entry.post_id) if notice.entry else None
    return Ready(subscription, notice, post, member.language or subscription.locale)


def _arrived(tx: Write, job: Job, subscription: PushSubscription, now_ms: int) -> None:
    pushes.arrived(tx, subscription)
    jobs.complete(tx, job, now_ms)


def _ended(tx: Write, job: Job, subscription: PushSubscription, now_ms: int) -> None:
    store.remove(tx, subscription.id)
    jobs.complete(tx, job, now_ms)


def _failed(tx: Write, job: Job, subscription: PushSubscription, now_ms: int) -> None:
    pushes.failed(tx, subscription)
    jobs.complete(tx, job, now_ms)
