-- Who may do what with a post, and what was allowed: quotes across servers (FEP-044f).

-- The id of the stamp that allows a quote: of ours as it was proven, of a stranger's as claimed.
ALTER TABLE post ADD COLUMN quote_stamp TEXT NOT NULL DEFAULT '';
CREATE INDEX post_quote_stamp ON post (quote_stamp) WHERE quote_stamp <> '';

-- Quotes that were taken back for good: naming the post once more does not bring them again.
CREATE TABLE quote_revoked (
    post_id INTEGER NOT NULL REFERENCES post,
    quoted_id INTEGER NOT NULL REFERENCES post,
    PRIMARY KEY (post_id, quoted_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX quote_revoked_quoted ON quote_revoked (quoted_id);
