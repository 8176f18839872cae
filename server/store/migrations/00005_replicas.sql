-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL. Times are Unix milliseconds.

-- +goose Up

-- The processes that use this database. A row that is not renewed is deleted, and
-- then what its process was doing is anybody's to settle.
CREATE TABLE replicas (
    id      TEXT   PRIMARY KEY, -- random, of one process's life
    host    TEXT   NOT NULL,
    pid     BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL
);

-- Who is doing it, or did; '' from before there was this column.
ALTER TABLE audit ADD COLUMN replica TEXT NOT NULL DEFAULT '';
ALTER TABLE request_keys ADD COLUMN replica TEXT NOT NULL DEFAULT '';
ALTER TABLE invitation_uses ADD COLUMN replica TEXT NOT NULL DEFAULT '';

-- What counts against limits: an attempt counts under each of its keys until its
-- time is over. Keys that are made of what somebody typed are hashed with a key
-- that is not here: it may have been a password.
CREATE TABLE attempts (
    attempt   TEXT   NOT NULL,
    limit_key TEXT   NOT NULL,
    ends_ms   BIGINT NOT NULL,
    PRIMARY KEY (attempt, limit_key)
);
CREATE INDEX attempts_by_key ON attempts (limit_key, ends_ms);
CREATE INDEX attempts_by_time ON attempts (ends_ms);
