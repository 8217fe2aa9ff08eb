-- What can be found by its words. Public posts by authors who allow it (`account.indexable`) stand
-- in stretches of 8192: for each term the places at which posts have it (`server/store/bitmaps.py`).
-- Nothing private is ever in here.

-- Posts that are new or changed since they were last looked at. `times` they were.
CREATE TABLE search_waiting (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    times INTEGER NOT NULL DEFAULT 1
) STRICT;

-- Posts that are looked through one by one, until there are enough for a stretch. `words`:
-- `server.text.spelled`.
CREATE TABLE search_recent (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    words TEXT NOT NULL
) STRICT;

CREATE TABLE search_stretch (
    id INTEGER PRIMARY KEY,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL
) STRICT;
CREATE INDEX search_stretch_last ON search_stretch (last_id);

-- The ids of the posts of a stretch, ascending, 128 in each part.
CREATE TABLE search_part (
    stretch_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    post_ids BLOB NOT NULL,
    PRIMARY KEY (stretch_id, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_term (
    stretch_id INTEGER NOT NULL,
    term TEXT NOT NULL,
    places BLOB NOT NULL,
    PRIMARY KEY (stretch_id, term)
) STRICT, WITHOUT ROWID;

-- Posts before `before_id` that have not been looked at yet: everybody's (`author_id` 0), or those
-- of somebody who lets them be found from now on.
CREATE TABLE search_old (
    author_id INTEGER PRIMARY KEY,
    before_id INTEGER NOT NULL
) STRICT;
INSERT INTO search_old (author_id, before_id)
    SELECT 0, max(id) + 1 FROM post HAVING max(id) IS NOT NULL;

-- Communities, among all the accounts that we met.
CREATE INDEX account_group ON account (id) WHERE kind = 'Group';
