-- Under what people and communities are found: for each account its handle (`@mina`), and the words
-- of its name as the index of posts has them (`server.text.finding.name_terms`). `side`: 0 a community,
-- 1 one of our people, 2 anybody else.
CREATE TABLE name_term (
    term TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account,
    side INTEGER NOT NULL,
    PRIMARY KEY (term, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_term_account ON name_term (account_id, term);

-- Accounts before `before_id` whose names have not been looked at yet.
CREATE TABLE name_old (
    before_id INTEGER PRIMARY KEY
) STRICT;
INSERT INTO name_old (before_id) SELECT max(id) + 1 FROM account HAVING max(id) IS NOT NULL;

-- When it was last looked whether everything in a stretch can still be found so.
ALTER TABLE search_stretch ADD COLUMN checked_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX search_stretch_checked ON search_stretch (checked_ms);

-- 1: nobody wrote this hashtag so, it is another without its particle (#서울에서, 서울).
ALTER TABLE hashtag ADD COLUMN stem INTEGER NOT NULL DEFAULT 0;
UPDATE hashtag SET stem = 1 WHERE EXISTS (
    SELECT 1 FROM post p WHERE p.id = hashtag.post_id AND p.tags NOT LIKE '%"' || hashtag.tag || '"%'
);

-- Stories of team blogs are found by their categories and neighbourhoods from now on.
INSERT INTO search_waiting (post_id)
    SELECT s.post_id FROM blog_story s JOIN post p ON p.id = s.post_id
    WHERE p.visibility = 'public' AND p.deleted_ms IS NULL
    ON CONFLICT (post_id) DO NOTHING;
