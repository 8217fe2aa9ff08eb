"""Where apps want to be told of notifications: one subscription for each token."""

from typing import Any

from server.model import PushSubscription
from server.store.db import Read, Write

MOST = 20  # subscriptions of one account that are told of something


def put(tx: Write, subscription: PushSubscription) -> None:
    """Store it; what the same token wanted before ends."""
    remove_of_token(tx, subscription.token_id)
    tx.run(
        """
        INSERT INTO push_subscription
            (id, token_id, account_id, endpoint, p256dh, auth, standard, alerts, policy, locale,
             sealed_token, failures, created_ms)
        VALUES (:id, :token_id, :account_id, :endpoint, :p256dh, :auth, :standard, :alerts,
            :policy, :locale, :sealed_token, :failures, :created_ms)
        """,
        **{name: getattr(subscription, name) for name in subscription.__struct_fields__},
    )


def of_token(db: Read, token_id: int) -> PushSubscription | None:
    """What this token wants."""
    found = db.one("SELECT * FROM push_subscription WHERE token_id = :token", token=token_id)
    return PushSubscription(**found) if found else None


def by_id(db: Read, id: int) -> PushSubscription | None:
    """One subscription."""
    found = db.one("SELECT * FROM push_subscription WHERE id = :id", id=id)
    return PushSubscription(**found) if found else None


def of_account(db: Read, account_id: int) -> list[PushSubscription]:
    """What the apps of an account want: the newest `MOST`."""
    found = db.all(
        """
        SELECT * FROM push_subscription WHERE account_id = :account ORDER BY id DESC LIMIT :most
        """,
        account=account_id,
        most=MOST,
    )
    return [PushSubscription(**row) for row in found]


def set_columns(tx: Write, id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change what it wants, or how often it failed."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(f"UPDATE push_subscription SET {names} WHERE id = :id", id=id, **columns)  # noqa: S608


def remove(tx: Write, id: int) -> None:
    """It has ended."""
    tx.run("DELETE FROM push_subscription WHERE id = :id", id=id)


def remove_of_token(tx: Write, token_id: int) -> None:
    """The token wants nothing any more. When a token ends, the database does this by itself."""
    tx.run("DELETE FROM push_subscription WHERE token_id = :token", token=token_id)
