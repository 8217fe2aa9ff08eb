-- What a community passes on was shared by nobody: its boosts are none of those that are counted.
-- The count is kept with the boost, for an account of a stranger can become a group, or end to be one.
ALTER TABLE boost ADD COLUMN counted INTEGER NOT NULL DEFAULT 1;
UPDATE boost SET counted = 0 WHERE account_id IN (SELECT id FROM account WHERE kind = 'Group');
UPDATE post SET boosts = boosts - (
    SELECT count(*) FROM boost b WHERE b.post_id = post.id AND b.counted = 0
) WHERE id IN (SELECT post_id FROM boost WHERE counted = 0);
