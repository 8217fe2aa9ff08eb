-- What waits is counted, and what was given up is found, without reading what each job says: metrics
-- ask every few seconds, however much waits.
CREATE INDEX job_kind ON job (kind, id) WHERE state = 'waiting';
CREATE INDEX job_parked ON job (id) WHERE state = 'parked';
CREATE INDEX job_failed ON job (kind, id) WHERE state = 'waiting' AND last_error <> '';
