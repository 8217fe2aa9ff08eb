-- Who may answer, share and like a post, which answers wait for a yes, and reactions with emoji.

-- `permits`: a JSON object (server.services.permissions.Permits), empty where everybody may.
-- `reply_stamp`: the id of what allows it as an answer. `reactions`: a JSON list of
-- [emoji, address of its picture or "", how many], the most frequent first; empty without any.
ALTER TABLE post ADD COLUMN permits TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN reply_stamp TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN reactions TEXT NOT NULL DEFAULT '';
CREATE INDEX post_reply_stamp ON post (reply_stamp) WHERE reply_stamp <> '';

-- Answers that need the yes of whoever wrote what they answer. `state`: waiting | accepted |
-- refused. While it is not accepted the post is for nobody (visibility `waiting`); `visibility` is
-- what it becomes. `request`: the id of the ReplyRequest, empty for a plain answer.
CREATE TABLE approval (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    target_id INTEGER NOT NULL REFERENCES post,
    decider_id INTEGER NOT NULL REFERENCES account,
    asker_id INTEGER NOT NULL REFERENCES account,
    visibility TEXT NOT NULL,
    request TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    asked_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX approval_waiting ON approval (decider_id, state, post_id);
CREATE INDEX approval_target ON approval (target_id);
CREATE INDEX approval_asker ON approval (asker_id);

-- Emoji by which people reacted: several of one person, each once.
CREATE TABLE emoji_reaction (
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    emoji TEXT NOT NULL,
    url TEXT NOT NULL DEFAULT '',
    uri TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (post_id, account_id, emoji)
) STRICT, WITHOUT ROWID;
CREATE INDEX emoji_reaction_account ON emoji_reaction (account_id);
