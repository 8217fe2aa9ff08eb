-- Conversations that are whole: to which each post says that it belongs, and where we look for more.

-- `context_uri`: the collection of its thread where that began elsewhere, or is answered by ours;
-- empty for what begins a thread here, and for strangers who name none. FEP-7888
ALTER TABLE post ADD COLUMN context_uri TEXT NOT NULL DEFAULT '';
UPDATE post SET context_uri = (
        SELECT replace(r.uri, '/objects/', '/contexts/') FROM post r WHERE r.id = post.thread_id)
    WHERE local = 1 AND reply_to_uri IS NOT NULL
      AND EXISTS (SELECT 1 FROM post r WHERE r.id = post.thread_id AND r.local = 1);

-- Threads that are looked at again, for answers that did not reach us. `step` counts the looks
-- since something new came; the pauses grow with it.
CREATE TABLE walk (
    thread_id INTEGER PRIMARY KEY REFERENCES post,
    due_ms INTEGER NOT NULL,
    step INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX walk_due ON walk (due_ms);

-- Pages of contexts and `replies` of which we took everything, so that the same is not read twice.
CREATE TABLE walk_page (
    uri TEXT PRIMARY KEY,
    thread_id INTEGER NOT NULL REFERENCES post,
    etag TEXT NOT NULL,
    next_uri TEXT NOT NULL DEFAULT '',
    read_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX walk_page_thread ON walk_page (thread_id);
