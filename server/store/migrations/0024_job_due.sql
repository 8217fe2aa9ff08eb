-- When the next job is due is asked after every commit: the index answers, without a look at the job.
DROP INDEX job_due;
CREATE INDEX job_due ON job (due_ms, kind) WHERE state = 'waiting';
