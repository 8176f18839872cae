-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL. Times are Unix milliseconds.

-- +goose Up

-- The row of a file that an item came from, as it stood there, sealed as
-- passwords are: there may be some in it. It is gone when the item is done.
ALTER TABLE job_items ADD COLUMN row_sealed BYTEA;

-- When the rows of a job are wiped. Its passwords have a time of their own
-- because people are warned of that one.
ALTER TABLE jobs ADD COLUMN rows_ms BIGINT;
