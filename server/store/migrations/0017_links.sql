-- How long the words of a post are that stands in no stretch yet: what a search looks through there is
-- bounded by it. Counted without reading the words.
ALTER TABLE search_recent ADD COLUMN characters INTEGER NOT NULL DEFAULT 0;
UPDATE search_recent SET characters = length(words);
CREATE INDEX search_recent_characters ON search_recent (post_id, characters);
