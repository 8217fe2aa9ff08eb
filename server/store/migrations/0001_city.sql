-- One text for both databases. server/store/migrate.py turns INTEGER into BIGINT, BLOB into BYTEA and
-- drops STRICT and WITHOUT ROWID for PostgreSQL. Every id is made by server.ids, times are milliseconds
-- UTC, truths are 0 or 1. A statement ends with a semicolon at the end of a line.

CREATE TABLE peer (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    inbox TEXT NOT NULL UNIQUE,
    scheme TEXT NOT NULL DEFAULT 'cavage',
    due_ms INTEGER,
    claimed_until_ms INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    failing_since_ms INTEGER,
    gone_ms INTEGER,
    last_error TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX peer_due ON peer (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX peer_host ON peer (host);

CREATE TABLE host (
    name TEXT PRIMARY KEY,
    software TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '',
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE domain_rule (
    domain TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    domain TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT 'Person',
    display_name TEXT NOT NULL DEFAULT '',
    bio TEXT NOT NULL DEFAULT '',
    bio_source TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL,
    inbox TEXT NOT NULL,
    outbox TEXT NOT NULL DEFAULT '',
    followers_uri TEXT NOT NULL DEFAULT '',
    following_uri TEXT NOT NULL DEFAULT '',
    featured_uri TEXT NOT NULL DEFAULT '',
    peer_id INTEGER REFERENCES peer,
    avatar TEXT NOT NULL DEFAULT '',
    header TEXT NOT NULL DEFAULT '',
    fields TEXT NOT NULL DEFAULT '[]',
    emojis TEXT NOT NULL DEFAULT '[]',
    also_known_as TEXT NOT NULL DEFAULT '[]',
    moved_to TEXT,
    locked INTEGER NOT NULL DEFAULT 0,
    bot INTEGER NOT NULL DEFAULT 0,
    discoverable INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL DEFAULT 'active',
    followers_count INTEGER NOT NULL DEFAULT 0,
    following_count INTEGER NOT NULL DEFAULT 0,
    posts_count INTEGER NOT NULL DEFAULT 0,
    last_post_ms INTEGER,
    version INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL,
    fetched_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX account_local ON account (name) WHERE domain = '';
CREATE INDEX account_handle ON account (name, domain);
CREATE INDEX account_domain ON account (domain, id);

CREATE TABLE account_key (
    account_id INTEGER PRIMARY KEY REFERENCES account,
    rsa_private BLOB NOT NULL,
    rsa_public TEXT NOT NULL,
    ed25519_private BLOB NOT NULL,
    ed25519_public TEXT NOT NULL
) STRICT;

CREATE TABLE remote_key (
    uri TEXT PRIMARY KEY,
    account_id INTEGER REFERENCES account,
    owner TEXT NOT NULL,
    pem TEXT NOT NULL DEFAULT '',
    multibase TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'active',
    fetched_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX remote_key_account ON remote_key (account_id);

CREATE TABLE member (
    account_id INTEGER PRIMARY KEY REFERENCES account,
    email TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL DEFAULT 'member',
    state TEXT NOT NULL DEFAULT 'active',
    reason TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    default_visibility TEXT NOT NULL DEFAULT 'public',
    notified_id INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE invite (
    code TEXT PRIMARY KEY,
    account_id INTEGER REFERENCES account,
    uses_left INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    csrf TEXT NOT NULL,
    agent TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session (account_id);

CREATE TABLE access_token (
    token_hash BLOB PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    scopes TEXT NOT NULL,
    app TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_token_account ON access_token (account_id);

CREATE TABLE login_failure (
    subject TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (subject, at_ms, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE follow (
    follower_id INTEGER NOT NULL REFERENCES account,
    target_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL UNIQUE,
    uri TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    local INTEGER NOT NULL,
    reblogs INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (follower_id, target_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX follow_target ON follow (target_id, state, id);
CREATE INDEX follow_follower ON follow (follower_id, state, id);
CREATE INDEX follow_local ON follow (target_id, follower_id) WHERE local = 1 AND state = 'accepted';

CREATE TABLE following_peer (
    target_id INTEGER NOT NULL REFERENCES account,
    peer_id INTEGER NOT NULL REFERENCES peer,
    followers INTEGER NOT NULL,
    PRIMARY KEY (target_id, peer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE block (
    account_id INTEGER NOT NULL REFERENCES account,
    target_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX block_target ON block (target_id);

CREATE TABLE mute (
    account_id INTEGER NOT NULL REFERENCES account,
    target_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    until_ms INTEGER,
    notifications INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE post (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL DEFAULT '',
    author_id INTEGER NOT NULL REFERENCES account,
    local INTEGER NOT NULL,
    kind TEXT NOT NULL,
    visibility TEXT NOT NULL,
    title TEXT NOT NULL DEFAULT '',
    lead TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL DEFAULT '',
    warning TEXT NOT NULL DEFAULT '',
    sensitive INTEGER NOT NULL DEFAULT 0,
    language TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    emojis TEXT NOT NULL DEFAULT '[]',
    extra TEXT NOT NULL DEFAULT '{}',
    reply_to_uri TEXT,
    reply_to_id INTEGER REFERENCES post,
    thread_id INTEGER NOT NULL,
    replies INTEGER NOT NULL DEFAULT 0,
    likes INTEGER NOT NULL DEFAULT 0,
    boosts INTEGER NOT NULL DEFAULT 0,
    pinned_ms INTEGER,
    published_ms INTEGER NOT NULL,
    edited_ms INTEGER,
    deleted_ms INTEGER,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX post_author ON post (author_id, id) WHERE deleted_ms IS NULL;
CREATE INDEX post_thread ON post (thread_id, id);
CREATE INDEX post_reply ON post (reply_to_id, id);
CREATE INDEX post_orphan ON post (reply_to_uri) WHERE reply_to_id IS NULL AND reply_to_uri IS NOT NULL;
CREATE INDEX post_local ON post (id) WHERE local = 1 AND visibility = 'public' AND reply_to_uri IS NULL AND deleted_ms IS NULL;
CREATE INDEX post_public ON post (id) WHERE visibility = 'public' AND reply_to_uri IS NULL AND deleted_ms IS NULL;
CREATE INDEX post_story ON post (id) WHERE local = 1 AND visibility = 'public' AND kind = 'article' AND deleted_ms IS NULL;
CREATE INDEX post_pinned ON post (author_id, pinned_ms) WHERE pinned_ms IS NOT NULL;

CREATE TABLE revision (
    post_id INTEGER NOT NULL REFERENCES post,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    lead TEXT NOT NULL,
    content TEXT NOT NULL,
    source TEXT NOT NULL,
    warning TEXT NOT NULL,
    written_ms INTEGER NOT NULL,
    PRIMARY KEY (post_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    body TEXT NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX draft_account ON draft (account_id, updated_ms);

CREATE TABLE media (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    post_id INTEGER REFERENCES post,
    position INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    large TEXT NOT NULL DEFAULT '',
    small TEXT NOT NULL DEFAULT '',
    remote_url TEXT NOT NULL DEFAULT '',
    alt TEXT NOT NULL DEFAULT '',
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    small_width INTEGER NOT NULL DEFAULT 0,
    small_height INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    blurhash TEXT NOT NULL DEFAULT '',
    focus_x REAL NOT NULL DEFAULT 0,
    focus_y REAL NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX media_post ON media (post_id, position);
CREATE INDEX media_loose ON media (created_ms) WHERE post_id IS NULL;

CREATE TABLE mention (
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    PRIMARY KEY (post_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_account ON mention (account_id, post_id);

CREATE TABLE hashtag (
    tag TEXT NOT NULL,
    post_id INTEGER NOT NULL REFERENCES post,
    PRIMARY KEY (tag, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hashtag_post ON hashtag (post_id);

CREATE TABLE favourite (
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL UNIQUE,
    uri TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (post_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX favourite_account ON favourite (account_id, id);

CREATE TABLE boost (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    uri TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    UNIQUE (post_id, account_id)
) STRICT;
CREATE INDEX boost_account ON boost (account_id, id);

CREATE TABLE home (
    owner_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    post_id INTEGER NOT NULL REFERENCES post,
    booster_id INTEGER REFERENCES account,
    PRIMARY KEY (owner_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX home_post ON home (post_id, owner_id);

CREATE TABLE notification (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    kind TEXT NOT NULL,
    from_id INTEGER NOT NULL REFERENCES account,
    post_id INTEGER REFERENCES post,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX notification_account ON notification (account_id, id);
CREATE INDEX notification_post ON notification (post_id);
CREATE INDEX notification_from ON notification (from_id, account_id, kind);

CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    reporter_id INTEGER NOT NULL REFERENCES account,
    target_id INTEGER REFERENCES account,
    objects TEXT NOT NULL,
    comment TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE activity (
    uri TEXT PRIMARY KEY,
    received_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_received ON activity (received_ms);

CREATE TABLE tombstone (
    uri TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    payload BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    claimed_until_ms INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX job_due ON job (due_ms) WHERE state = 'waiting';
CREATE INDEX job_lane ON job (lane, id) WHERE state = 'waiting';

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    sender_id INTEGER NOT NULL REFERENCES account,
    body BLOB NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE delivery (
    peer_id INTEGER NOT NULL REFERENCES peer,
    outbox_id INTEGER NOT NULL REFERENCES outbox,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (peer_id, outbox_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_outbox ON delivery (outbox_id);

CREATE TABLE parked_delivery (
    peer_id INTEGER NOT NULL REFERENCES peer,
    outbox_id INTEGER NOT NULL REFERENCES outbox,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (peer_id, outbox_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_delivery_outbox ON parked_delivery (outbox_id);

CREATE TABLE idempotency (
    account_id INTEGER NOT NULL REFERENCES account,
    key TEXT NOT NULL,
    post_id INTEGER NOT NULL REFERENCES post,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_post ON idempotency (post_id);

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
