-- When the next job is due is asked after every commit: the index answers, without a look at the job.
DROP INDEX job_due;
CREATE INDEX job_due ON job (due_ms, kind) WHERE state = 'waiting';

-- What our people say in public. By `id` alone it was worth no more to SQLite than `post_public`, of
-- which it read every stranger's post until it had found enough of ours.
DROP INDEX post_local;
CREATE INDEX post_local ON post (local, id)
    WHERE local = 1 AND visibility = 'public' AND reply_to_uri IS NULL AND deleted_ms IS NULL;
