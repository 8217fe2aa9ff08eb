"""One peer's lane: what waits for it is sent in order, and its answers decide what happens next."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Final

import msgspec

from federation.errors import Unreachable
from federation.http import Answer, Client
from federation.message import Scheme
from federation.origin import host
from federation.retry import (
    DENIED_TRIES,
    MISSING_TRIES,
    Verdict,
    given_up,
    judge,
    retry_at,
    wait_ms,
)
from server.clock import MINUTE_MS
from server.fetch import Fetcher
from server.keyring import Keyring
from server.model import Peer
from server.policy.hosts import registered_domain
from server.store import peers
from server.store.db import Database, Row
from server.store.leases import ClaimLost
from server.worker.loop import SLOW_S, Hold, held
from server.worker.patience import PEERS_OF_DOMAIN, PEERS_OF_SLOW_DOMAIN, Patience

log = logging.getLogger(__name__)

DELIVERIES_AT_ONCE: Final = 10  # of one peer, between two looks at the queue
OTHER_TIME_MS: Final = 2 * MINUTE_MS  # less is told by no signature that anybody refuses
QUIET_S: Final = 600.0  # between two lines in the log about clocks


class Deliveries:
    """Delivers to peers and counts what was `delivered`, and what `failed`."""

    def __init__(
        self,
        db: Database,
        client: Client,
        fetcher: Fetcher,
        keyring: Keyring,
        now_ms: Callable[[], int],
    ) -> None:
        """`fetcher` knows which hosts are welcome, `keyring` signs for the senders."""
        self._db = db
        self._client = client
        self._fetcher = fetcher
        self._keyring = keyring
        self._now_ms = now_ms
        self._quiet_until_s = 0.0
        self._patience = Patience(now_ms, PEERS_OF_DOMAIN, PEERS_OF_SLOW_DOMAIN)
        self.delivered = 0
        self.failed = 0

    async def deliver(self, peer: Peer) -> None:
        """What waits for one peer, in order, until nothing waits or the peer must rest.

        It stands back where others of its domain have all places that there are for them.
        """
        domain = registered_domain(host(peer.inbox))
        try:
            with self._patience.place(domain) as has_one:
                if has_one:
                    await self._deliver(peer)
                else:
                    await self._db.write(peers.stand_back, peer, self._patience.back_ms(domain))
        except ClaimLost:
            log.info("another worker delivers to %s meanwhile", peer.inbox)

    async def _deliver(self, peer: Peer) -> None:
        if not await self._fetcher.hosts.elsewhere(peer.inbox):
            await self._db.write(peers.give_up, peer, "blocked", self._now_ms())
            return
        async with held(self._db, peers.extend, peer, self._now_ms) as hold:
            left: Peer | None = peer
            while left is not None:
                waiting = await self._db.read_inline(peers.waiting, peer.id, DELIVERIES_AT_ONCE)
                left = await self._send_all(left, waiting, hold)

    async def _send_all(self, peer: Peer, waiting: list[Row], hold: Hold) -> Peer | None:
        """Send in order; how the peer stands then. None: it has to rest, or nothing waits."""
        taken: list[int] = []
        for row in waiting:
            if not hold.sure:  # another may be sending what we would send, or what comes after it
                break
            answer, peer = await self._send(peer, row)
            verdict = judge(answer.status or None, answer.retry_after_ms)
            if verdict is Verdict.DONE:
                taken.append(row["outbox_id"])
                self.delivered += 1
                continue
            self.failed += 1
            peer = await self._took(peer, taken)
            taken = []
            if not await self._refused(peer, row, answer, verdict):
                return None
            peer = _well(peer)
        if len(waiting) < DELIVERIES_AT_ONCE or not hold.sure:
            await self._db.write(
                peers.finish,
                peer,
                taken,
                scheme=peer.scheme,
                slow=bool(peer.slow),
                now_ms=self._now_ms(),
            )
            return None
        return await self._took(peer, taken)

    async def _took(self, peer: Peer, taken: list[int]) -> Peer:
        """Forget what the peer has; whoever takes something is well."""
        if not taken:
            return peer
        await self._db.write(peers.delivered, peer, taken, peer.scheme, slow=bool(peer.slow))
        return _well(peer)

    async def _send(self, peer: Peer, row: Row) -> tuple[Answer, Peer]:
        """The peer's answer, status 0 when there was none; and how it spoke, and how fast."""
        scheme: Scheme = "rfc9421" if peer.scheme == "rfc9421" else "cavage"
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            key = await self._keyring.of(row["sender_id"])
            answer = await self._client.post(peer.inbox, row["body"], key=key, scheme=scheme)
        except Unreachable as error:
            answer = Answer(0, scheme, error.retry_after_ms, str(error))
        slow = int(clock() - began >= SLOW_S)
        return answer, msgspec.structs.replace(peer, scheme=answer.scheme, slow=slow)

    async def _refused(self, peer: Peer, row: Row, answer: Answer, verdict: Verdict) -> bool:
        """What an answer other than yes means (SECURITY's table). True: go on with the next."""
        now_ms = self._now_ms()
        clock = self._other_time(peer, answer) if verdict is Verdict.DENIED else ""
        reason = f"{answer.status or 'no answer'}{clock} {answer.reason}".strip()
        if verdict is Verdict.REFUSED:
            await self._db.write(peers.park, peer, row["outbox_id"], reason, now_ms)
            return True
        if verdict is Verdict.DENIED:
            return await self._denied(peer, row, reason, now_ms)
        if verdict is Verdict.WAIT:
            due_ms = now_ms + wait_ms(answer.retry_after_ms)
            await self._rest(peer, due_ms, False, reason, now_ms)
            return False
        if verdict is Verdict.GONE or (verdict is Verdict.MISSING and _missed_before(peer)):
            await self._db.write(peers.give_up, peer, reason, now_ms)
            return False
        if given_up(peer.failing_since_ms, now_ms, nameless="no such name" in answer.reason):
            await self._db.write(peers.rest_for_good, peer, reason, now_ms)
            return False
        due_ms = retry_at(peer.attempts + 1, now_ms, random.random())  # noqa: S311  jitter
        await self._rest(peer, due_ms, True, reason, now_ms)
        return False

    def _other_time(self, peer: Peer, answer: Answer) -> str:
        """What to add to a refusal where the peer's clock is another: it may be the reason.

        The log hears of it now and then: each peer can say what it likes.
        """
        if abs(answer.ahead_ms) < OTHER_TIME_MS:
            return ""
        way = "ahead of" if answer.ahead_ms > 0 else "behind"
        said = f"our clock is {abs(answer.ahead_ms) // MINUTE_MS} minutes {way} theirs"
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + QUIET_S
            log.warning("%s refused what we signed: %s", host(peer.inbox), said)
        return f" ({said})"

    async def _denied(self, peer: Peer, row: Row, reason: str, now_ms: int) -> bool:
        if row["attempts"] + 1 >= DENIED_TRIES:
            await self._db.write(peers.park, peer, row["outbox_id"], reason, now_ms)
            return True
        await self._db.write(peers.count_attempt, peer, row["outbox_id"])
        due_ms = retry_at(row["attempts"] + 1, now_ms, random.random())  # noqa: S311  jitter
        await self._rest(peer, due_ms, False, reason, now_ms)
        return False

    async def _rest(self, peer: Peer, due_ms: int, failed: bool, reason: str, now_ms: int) -> None:
        await self._db.write(
            peers.rest,
            peer,
            due_ms=due_ms,
            failed=failed,
            slow=bool(peer.slow),
            error=reason,
            now_ms=now_ms,
        )


def _well(peer: Peer) -> Peer:
    """The peer as `peers.well` leaves it."""
    return msgspec.structs.replace(peer, attempts=0, failing_since_ms=None, last_error="")


def _missed_before(peer: Peer) -> bool:
    """Whether the answer before this one was 404 too: one alone may be a moment's mistake."""
    return peer.attempts + 1 >= MISSING_TRIES and peer.last_error.startswith("404")
