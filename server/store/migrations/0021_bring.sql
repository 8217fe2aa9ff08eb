-- Old blogs: who is asked whether they wrote it, and links among stories. Books: what is bound in them.

-- Whom an editor named as an author of an old blog, for each import: one answer for all of it.
-- `answer`: asked | yes | no.
CREATE TABLE import_claim (
    run_id INTEGER NOT NULL REFERENCES import_run,
    account_id INTEGER NOT NULL REFERENCES account,
    answer TEXT NOT NULL DEFAULT 'asked',
    answered_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_claim_account ON import_claim (account_id, run_id);

-- What somebody is said to have written. `theirs` is 1 once it stands under their account: then no
-- import changes it any more.
CREATE TABLE claimed_post (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    run_id INTEGER NOT NULL REFERENCES import_run,
    account_id INTEGER NOT NULL REFERENCES account,
    theirs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX claimed_post_run ON claimed_post (run_id, account_id, theirs);
CREATE INDEX claimed_post_account ON claimed_post (account_id);

-- A story that links to an address of its old blog at which nothing was brought yet.
CREATE TABLE old_link (
    community_id INTEGER NOT NULL REFERENCES account,
    path TEXT NOT NULL,
    post_id INTEGER NOT NULL REFERENCES post,
    PRIMARY KEY (community_id, path, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX old_link_post ON old_link (post_id);

-- 1: the story is in the file that was made. Who takes consent back takes the story out of it.
ALTER TABLE book_story ADD COLUMN bound INTEGER NOT NULL DEFAULT 0;
UPDATE book_story SET bound = 1
WHERE book_id IN (SELECT b.id FROM book b WHERE b.state = 'ready')
  AND EXISTS (SELECT 1 FROM book_consent c
    WHERE c.book_id = book_story.book_id AND c.post_id = book_story.post_id AND c.answer = 'yes')
  AND NOT EXISTS (SELECT 1 FROM book_consent c
    WHERE c.book_id = book_story.book_id AND c.post_id = book_story.post_id AND c.answer <> 'yes');

-- The picture of a chosen story that is the cover; without one the cover is drawn.
ALTER TABLE book ADD COLUMN cover_id INTEGER;

-- 1: a made book that is bound anew, of the stories that stood in it and are still to stand in it.
ALTER TABLE book ADD COLUMN anew INTEGER NOT NULL DEFAULT 0;
CREATE INDEX book_made ON book (id) WHERE state = 'ready';

