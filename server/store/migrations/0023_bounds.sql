-- What waits to be passed on is bounded for all people of one server together: accounts cost nothing.
ALTER TABLE deferred ADD COLUMN domain TEXT NOT NULL DEFAULT '';
CREATE INDEX deferred_domain ON deferred (domain);

-- So is what waits of what arrived: whose it is, and how large.
ALTER TABLE job ADD COLUMN domain TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX job_sender ON job (domain, lane, bytes) WHERE state = 'waiting' AND domain <> '';
