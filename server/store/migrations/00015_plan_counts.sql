-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL.

-- +goose Up

-- What the plan of a job comes to, in accounts. Unlike the other counts these
-- stay as they were planned. plan_destroy is how many of those that are made
-- or changed get a step that cannot be undone.
ALTER TABLE jobs ADD COLUMN plan_create BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN plan_change BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN plan_leave BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN plan_refuse BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN plan_destroy BIGINT NOT NULL DEFAULT 0;

-- Plans that wait to be started are counted now, so that they ask as new ones
-- do. In a text of a request the quotation marks would be escaped.
UPDATE jobs SET
    plan_create = (SELECT COUNT(*) FROM job_items WHERE job = jobs.id AND state = 'waiting' AND action = 'users.create'),
    plan_change = (SELECT COUNT(*) FROM job_items WHERE job = jobs.id AND state = 'waiting' AND action <> 'users.create'),
    plan_leave = skipped,
    plan_refuse = failed,
    plan_destroy = (SELECT COUNT(*) FROM job_items WHERE job = jobs.id AND state = 'waiting' AND (
        steps LIKE '%"operation":"users.deactivate"%' OR steps LIKE '%"operation":"users.erase"%' OR
        steps LIKE '%"operation":"users.redact"%' OR steps LIKE '%"operation":"media.delete_all"%'))
WHERE state IN ('planned', 'scheduled');
