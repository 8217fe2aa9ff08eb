-- Team blogs: where a story stands in one, who writes it, and what waits for an editor.

-- Two levels: `parent_id` is a category without a parent. `place`: the order, smallest first.
CREATE TABLE blog_category (
    id INTEGER PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    parent_id INTEGER REFERENCES blog_category,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    place INTEGER NOT NULL DEFAULT 0,
    UNIQUE (community_id, slug)
) STRICT;
CREATE INDEX blog_category_parent ON blog_category (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE blog_series (
    id INTEGER PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    about TEXT NOT NULL DEFAULT '',
    UNIQUE (community_id, slug)
) STRICT;

-- A story of a team blog. `front` is its place at the top of the front page, if it stands there.
CREATE TABLE blog_story (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    community_id INTEGER NOT NULL REFERENCES account,
    category_id INTEGER REFERENCES blog_category,
    series_id INTEGER REFERENCES blog_series,
    part INTEGER,
    neighbourhood_id INTEGER REFERENCES account,
    front INTEGER
) STRICT;
CREATE INDEX blog_story_community ON blog_story (community_id, post_id);
CREATE INDEX blog_story_category ON blog_story (category_id, post_id)
    WHERE category_id IS NOT NULL;
CREATE INDEX blog_story_series ON blog_story (series_id, part) WHERE series_id IS NOT NULL;
CREATE INDEX blog_story_neighbourhood ON blog_story (neighbourhood_id)
    WHERE neighbourhood_id IS NOT NULL;
CREATE INDEX blog_story_front ON blog_story (community_id, front) WHERE front IS NOT NULL;

-- The citizen writers of one year (기수); `number` counts them, from 1.
CREATE TABLE blog_cohort (
    id INTEGER PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    number INTEGER NOT NULL,
    year INTEGER NOT NULL,
    leader_id INTEGER REFERENCES account,
    UNIQUE (community_id, number)
) STRICT;
CREATE INDEX blog_cohort_leader ON blog_cohort (leader_id) WHERE leader_id IS NOT NULL;

CREATE TABLE blog_writer (
    cohort_id INTEGER NOT NULL REFERENCES blog_cohort,
    account_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    PRIMARY KEY (cohort_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blog_writer_account ON blog_writer (account_id);

-- Who wrote a story together with its author. `state`: invited | accepted.
CREATE TABLE blog_author (
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (post_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blog_author_account ON blog_author (account_id, state, post_id);

-- What a member wants published. `state`: submitted (the editors' turn) | suggested (its author's) |
-- published. `params` is a NewPost as JSON, `suggestion` another that an editor proposes, or
-- empty. `version` counts the changes: who changes what they have not seen is told.
CREATE TABLE blog_submission (
    id INTEGER PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    author_id INTEGER NOT NULL REFERENCES account,
    state TEXT NOT NULL,
    params TEXT NOT NULL,
    suggestion TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    editor_id INTEGER REFERENCES account,
    version INTEGER NOT NULL DEFAULT 1,
    post_id INTEGER REFERENCES post,
    idempotency_key TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (author_id, idempotency_key)
) STRICT;
CREATE INDEX blog_submission_author ON blog_submission (author_id, id);
CREATE INDEX blog_submission_desk ON blog_submission (community_id, state, id);
CREATE INDEX blog_submission_editor ON blog_submission (editor_id) WHERE editor_id IS NOT NULL;
CREATE INDEX blog_submission_post ON blog_submission (post_id) WHERE post_id IS NOT NULL;
