-- How long the words of a post are that stands in no stretch yet: what a search looks through there is
-- bounded by it. Counted without reading the words.
ALTER TABLE search_recent ADD COLUMN characters INTEGER NOT NULL DEFAULT 0;
UPDATE search_recent SET characters = length(words);
CREATE INDEX search_recent_characters ON search_recent (post_id, characters);

-- A link that the story's author took away for good: its words are gone, its address stays, so that
-- it does not come back.
ALTER TABLE backlink ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;

-- Stories to which no more links are noted.
CREATE TABLE links_closed (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    closed_ms INTEGER NOT NULL
) STRICT;
