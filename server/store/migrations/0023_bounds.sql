-- What waits to be passed on is bounded for all people of one server together: accounts cost nothing.
ALTER TABLE deferred ADD COLUMN domain TEXT NOT NULL DEFAULT '';
CREATE INDEX deferred_domain ON deferred (domain);
