-- Apps: their registration and tokens, what they can do beyond reading and writing posts (bookmarks, lists,
-- filters, polls, schedules, quotes, conversations, push), and what moderators do from them.

-- apps and tokens

CREATE TABLE app (
    id INTEGER PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    secret_hash BLOB NOT NULL,
    name TEXT NOT NULL,
    website TEXT NOT NULL DEFAULT '',
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX app_used ON app (used_ms);

CREATE TABLE authorization_code (
    code_hash BLOB PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES app,
    account_id INTEGER NOT NULL REFERENCES account,
    redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL,
    challenge TEXT NOT NULL DEFAULT '',
    expires_ms INTEGER NOT NULL,
    used_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_code_expires ON authorization_code (expires_ms);
CREATE INDEX authorization_code_app ON authorization_code (app_id);
CREATE INDEX authorization_code_account ON authorization_code (account_id);

CREATE TABLE token (
    id INTEGER PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    account_id INTEGER REFERENCES account,
    app_id INTEGER REFERENCES app,
    app TEXT NOT NULL DEFAULT '',
    scopes TEXT NOT NULL,
    code_hash BLOB,
    created_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL
) STRICT;
INSERT INTO token (id, token_hash, account_id, app, scopes, created_ms, used_ms)
    SELECT row_number() OVER (ORDER BY created_ms), token_hash, account_id, app, scopes, created_ms, created_ms
    FROM access_token;
DROP TABLE access_token;
ALTER TABLE token RENAME TO access_token;
CREATE INDEX access_token_account ON access_token (account_id, id);
CREATE INDEX access_token_app ON access_token (app_id);
CREATE INDEX access_token_code ON access_token (code_hash) WHERE code_hash IS NOT NULL;

CREATE TABLE push_subscription (
    id INTEGER PRIMARY KEY,
    token_id INTEGER NOT NULL UNIQUE REFERENCES access_token ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES account,
    endpoint TEXT NOT NULL,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    standard INTEGER NOT NULL DEFAULT 0,
    alerts TEXT NOT NULL,
    policy TEXT NOT NULL DEFAULT 'all',
    locale TEXT NOT NULL DEFAULT '',
    sealed_token BLOB NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX push_subscription_account ON push_subscription (account_id);

CREATE INDEX job_film_due ON job (due_ms) WHERE state = 'waiting' AND kind = 'media';
CREATE INDEX job_push_due ON job (due_ms) WHERE state = 'waiting' AND kind = 'push';

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    data TEXT NOT NULL
) STRICT;

-- people

ALTER TABLE account ADD COLUMN indexable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN hide_collections INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN avatar_description TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN header_description TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN attribution_domains TEXT NOT NULL DEFAULT '[]';
ALTER TABLE account ADD COLUMN limited_ms INTEGER;
ALTER TABLE account ADD COLUMN sensitive_ms INTEGER;
ALTER TABLE account ADD COLUMN show_media INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN show_media_replies INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN show_featured INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT '';
UPDATE account SET role = (SELECT role FROM member WHERE account_id = account.id)
    WHERE id IN (SELECT account_id FROM member WHERE role <> 'member');
ALTER TABLE member ADD COLUMN default_sensitive INTEGER NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN default_quote_policy TEXT NOT NULL DEFAULT 'public';
ALTER TABLE member ADD COLUMN confirmed_ms INTEGER;
ALTER TABLE member ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN disabled_ms INTEGER;
ALTER TABLE member ADD COLUMN default_language TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN filters INTEGER NOT NULL DEFAULT 0;
UPDATE account SET indexable = discoverable WHERE domain = '';
CREATE INDEX account_directory ON account (last_post_ms)
    WHERE last_post_ms IS NOT NULL AND discoverable = 1 AND limited_ms IS NULL AND state = 'active';
UPDATE member SET confirmed_ms = created_ms;

ALTER TABLE follow ADD COLUMN notify INTEGER NOT NULL DEFAULT 0;
ALTER TABLE follow ADD COLUMN languages TEXT NOT NULL DEFAULT '[]';
CREATE INDEX follow_notify ON follow (target_id, follower_id) WHERE notify = 1 AND state = 'accepted';

CREATE TABLE account_note (
    account_id INTEGER NOT NULL REFERENCES account,
    target_id INTEGER NOT NULL REFERENCES account,
    note TEXT NOT NULL,
    PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE endorsement (
    account_id INTEGER NOT NULL REFERENCES account,
    target_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dismissed_suggestion (
    account_id INTEGER NOT NULL REFERENCES account,
    target_id INTEGER NOT NULL REFERENCES account,
    PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE domain_mute (
    account_id INTEGER NOT NULL REFERENCES account,
    domain TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (account_id, domain)
) STRICT, WITHOUT ROWID;

-- posts

ALTER TABLE post ADD COLUMN app_id INTEGER REFERENCES app;
ALTER TABLE post ADD COLUMN quote_id INTEGER REFERENCES post;
ALTER TABLE post ADD COLUMN quote_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN quote_state TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN quote_policy TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN quotes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX post_quote ON post (quote_id, id) WHERE quote_id IS NOT NULL;
CREATE INDEX post_app ON post (app_id) WHERE app_id IS NOT NULL;
CREATE INDEX post_direct ON post (author_id, thread_id) WHERE visibility = 'direct';

CREATE TABLE poll_vote (
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    choice INTEGER NOT NULL,
    id INTEGER NOT NULL UNIQUE,
    uri TEXT NOT NULL UNIQUE,
    PRIMARY KEY (post_id, account_id, choice)
) STRICT, WITHOUT ROWID;
CREATE INDEX poll_vote_account ON poll_vote (account_id);

CREATE TABLE poll_end (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    ends_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX poll_end_at ON poll_end (ends_ms);

CREATE TABLE bookmark (
    account_id INTEGER NOT NULL REFERENCES account,
    post_id INTEGER NOT NULL REFERENCES post,
    id INTEGER NOT NULL,
    PRIMARY KEY (account_id, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bookmark_page ON bookmark (account_id, id);
CREATE INDEX bookmark_post ON bookmark (post_id);

CREATE TABLE thread_mute (
    account_id INTEGER NOT NULL REFERENCES account,
    thread_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, thread_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_mute_thread ON thread_mute (thread_id);

CREATE TABLE scheduled_post (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    due_ms INTEGER NOT NULL,
    params TEXT NOT NULL,
    app_id INTEGER REFERENCES app,
    idempotency_key TEXT,
    failure TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    UNIQUE (account_id, idempotency_key)
) STRICT;
CREATE INDEX scheduled_post_due ON scheduled_post (due_ms) WHERE failure = '';
CREATE INDEX scheduled_post_page ON scheduled_post (account_id, id);
CREATE INDEX scheduled_post_app ON scheduled_post (app_id) WHERE app_id IS NOT NULL;

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    thread_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL REFERENCES post,
    unread INTEGER NOT NULL DEFAULT 1,
    UNIQUE (account_id, thread_id)
) STRICT;
CREATE INDEX conversation_page ON conversation (account_id, last_id);
CREATE INDEX conversation_last ON conversation (last_id);
CREATE INDEX conversation_thread ON conversation (thread_id);
INSERT INTO conversation (id, account_id, thread_id, last_id, unread)
    SELECT row_number() OVER (ORDER BY account_id, thread_id), account_id, thread_id, max(id), 0
    FROM (SELECT p.author_id AS account_id, p.thread_id, p.id
          FROM post p JOIN member ON member.account_id = p.author_id
          WHERE p.visibility = 'direct' AND p.deleted_ms IS NULL
          UNION SELECT m.account_id, p.thread_id, p.id
          FROM mention m JOIN post p ON p.id = m.post_id JOIN member ON member.account_id = m.account_id
          WHERE p.visibility = 'direct' AND p.deleted_ms IS NULL) AS said
    GROUP BY account_id, thread_id;

ALTER TABLE media ADD COLUMN state TEXT NOT NULL DEFAULT 'ready';
ALTER TABLE media ADD COLUMN meta TEXT NOT NULL DEFAULT '{}';
ALTER TABLE media ADD COLUMN failure TEXT NOT NULL DEFAULT '';
ALTER TABLE media ADD COLUMN scheduled_id INTEGER REFERENCES scheduled_post;
CREATE INDEX media_scheduled ON media (scheduled_id) WHERE scheduled_id IS NOT NULL;
CREATE INDEX media_unfinished ON media (created_ms) WHERE state = 'processing';
CREATE INDEX media_loose_of ON media (account_id) WHERE post_id IS NULL;

CREATE TABLE link_preview (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT 'link',
    author TEXT NOT NULL DEFAULT '',
    author_url TEXT NOT NULL DEFAULT '',
    provider TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    image TEXT NOT NULL DEFAULT '',
    image_alt TEXT NOT NULL DEFAULT '',
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    published_ms INTEGER,
    state TEXT NOT NULL DEFAULT 'waiting',
    fetched_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE post_link (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    preview_id INTEGER NOT NULL REFERENCES link_preview
) STRICT;
CREATE INDEX post_link_preview ON post_link (preview_id, post_id);

-- lists, filters, tags, markers

CREATE TABLE list (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    title TEXT NOT NULL,
    replies_policy TEXT NOT NULL DEFAULT 'list',
    exclusive INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX list_account ON list (account_id, id);

CREATE TABLE list_member (
    list_id INTEGER NOT NULL REFERENCES list,
    account_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    PRIMARY KEY (list_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX list_member_account ON list_member (account_id, list_id);

ALTER TABLE home ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;

CREATE TABLE filter (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    title TEXT NOT NULL,
    contexts TEXT NOT NULL,
    action TEXT NOT NULL DEFAULT 'warn',
    expires_ms INTEGER
) STRICT;
CREATE INDEX filter_account ON filter (account_id, id);

CREATE TABLE filter_keyword (
    id INTEGER PRIMARY KEY,
    filter_id INTEGER NOT NULL REFERENCES filter,
    keyword TEXT NOT NULL,
    whole_word INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX filter_keyword_filter ON filter_keyword (filter_id, id);

CREATE TABLE filter_status (
    id INTEGER PRIMARY KEY,
    filter_id INTEGER NOT NULL REFERENCES filter,
    post_id INTEGER NOT NULL REFERENCES post,
    UNIQUE (filter_id, post_id)
) STRICT;
CREATE INDEX filter_status_post ON filter_status (post_id);

CREATE TABLE followed_tag (
    account_id INTEGER NOT NULL REFERENCES account,
    tag TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (account_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX followed_tag_tag ON followed_tag (tag, account_id);

CREATE TABLE featured_tag (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    tag TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (account_id, tag)
) STRICT;

CREATE TABLE marker (
    account_id INTEGER NOT NULL REFERENCES account,
    timeline TEXT NOT NULL,
    last_read_id INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, timeline)
) STRICT, WITHOUT ROWID;
INSERT INTO marker (account_id, timeline, last_read_id, updated_ms)
    SELECT account_id, 'notifications', notified_id, created_ms FROM member WHERE notified_id > 0;

-- notifications

ALTER TABLE notification ADD COLUMN group_key TEXT NOT NULL DEFAULT '';
ALTER TABLE notification ADD COLUMN filtered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notification ADD COLUMN about_id INTEGER;
CREATE INDEX notification_group ON notification (account_id, group_key, id) WHERE group_key <> '';
DROP INDEX notification_from;
CREATE INDEX notification_from ON notification (from_id, account_id, kind, post_id);
CREATE INDEX notification_filtered ON notification (account_id, from_id, id) WHERE filtered = 1;

CREATE TABLE notification_policy (
    account_id INTEGER PRIMARY KEY REFERENCES account,
    for_not_following TEXT NOT NULL DEFAULT 'accept',
    for_not_followers TEXT NOT NULL DEFAULT 'accept',
    for_new_accounts TEXT NOT NULL DEFAULT 'accept',
    for_private_mentions TEXT NOT NULL DEFAULT 'accept',
    for_limited_accounts TEXT NOT NULL DEFAULT 'filter',
    for_bots TEXT NOT NULL DEFAULT 'accept'
) STRICT;

CREATE TABLE notification_permission (
    account_id INTEGER NOT NULL REFERENCES account,
    from_id INTEGER NOT NULL REFERENCES account,
    allowed INTEGER NOT NULL,
    PRIMARY KEY (account_id, from_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE severance (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    followers INTEGER NOT NULL,
    following INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX severance_account ON severance (account_id, id);

-- what the city says to all

CREATE TABLE announcement (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    content TEXT NOT NULL,
    all_day INTEGER NOT NULL DEFAULT 0,
    starts_ms INTEGER,
    ends_ms INTEGER,
    published_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE announcement_read (
    account_id INTEGER NOT NULL REFERENCES account,
    announcement_id INTEGER NOT NULL REFERENCES announcement,
    PRIMARY KEY (account_id, announcement_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX announcement_read_announcement ON announcement_read (announcement_id);

CREATE TABLE announcement_reaction (
    announcement_id INTEGER NOT NULL REFERENCES announcement,
    name TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    PRIMARY KEY (announcement_id, name, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    hint TEXT NOT NULL DEFAULT '',
    deleted_ms INTEGER
) STRICT;

CREATE TABLE document (
    kind TEXT NOT NULL,
    effective_ms INTEGER NOT NULL,
    content TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, effective_ms)
) STRICT, WITHOUT ROWID;

-- moderators

ALTER TABLE report ADD COLUMN category TEXT NOT NULL DEFAULT 'other';
ALTER TABLE report ADD COLUMN rule_ids TEXT NOT NULL DEFAULT '[]';
ALTER TABLE report ADD COLUMN forwarded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN assigned_id INTEGER REFERENCES account;
ALTER TABLE report ADD COLUMN closed_by_id INTEGER REFERENCES account;
ALTER TABLE report ADD COLUMN closed_ms INTEGER;
ALTER TABLE report ADD COLUMN updated_ms INTEGER NOT NULL DEFAULT 0;
UPDATE report SET updated_ms = created_ms;
CREATE INDEX report_target ON report (target_id, id);
CREATE INDEX report_open ON report (id) WHERE state = 'open';
CREATE INDEX report_reporter ON report (reporter_id, id);
CREATE INDEX report_closed ON report (closed_ms) WHERE closed_ms IS NOT NULL;

CREATE TABLE warning (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    moderator_id INTEGER REFERENCES account,
    action TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '',
    post_ids TEXT NOT NULL DEFAULT '[]',
    report_id INTEGER REFERENCES report,
    appeal TEXT NOT NULL DEFAULT '',
    appeal_state TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX warning_account ON warning (account_id, id);
CREATE INDEX warning_appeal ON warning (id) WHERE appeal_state = 'pending';

CREATE TABLE moderation_log (
    id INTEGER PRIMARY KEY,
    moderator_id INTEGER REFERENCES account,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX moderation_log_target ON moderation_log (target, id);

ALTER TABLE domain_rule ADD COLUMN id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain_rule ADD COLUMN severity TEXT NOT NULL DEFAULT 'suspend';
ALTER TABLE domain_rule ADD COLUMN reject_media INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain_rule ADD COLUMN reject_reports INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain_rule ADD COLUMN private_comment TEXT NOT NULL DEFAULT '';
ALTER TABLE domain_rule ADD COLUMN obfuscate INTEGER NOT NULL DEFAULT 0;
UPDATE domain_rule SET id = (SELECT count(*) FROM domain_rule AS d WHERE d.domain <= domain_rule.domain);
CREATE INDEX domain_rule_id ON domain_rule (id);

CREATE TABLE email_rule (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    account_id INTEGER REFERENCES account,
    created_ms INTEGER NOT NULL,
    UNIQUE (kind, value)
) STRICT;

CREATE TABLE ip_rule (
    id INTEGER PRIMARY KEY,
    network TEXT NOT NULL UNIQUE,
    severity TEXT NOT NULL,
    comment TEXT NOT NULL DEFAULT '',
    expires_ms INTEGER,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE trend_verdict (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    allowed INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
