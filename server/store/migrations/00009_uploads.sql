-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL. Times are Unix milliseconds.

-- +goose Up

-- Files that people upload to be imported. Passwords are in them, and their
-- names and columns can be telling, so all of it is sealed with a key that is
-- not here. job is the one that was made of it, '' while there is none.
CREATE TABLE uploads (
    id          TEXT   PRIMARY KEY,
    homeserver  TEXT   NOT NULL,
    person      TEXT   NOT NULL,
    sealed_head BYTEA  NOT NULL, -- JSON: its name and format
    bytes       BIGINT NOT NULL,
    job         TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL,
    expires_ms  BIGINT NOT NULL
);

CREATE TABLE upload_chunks (
    upload TEXT    NOT NULL,
    n      INTEGER NOT NULL,
    sealed BYTEA   NOT NULL,
    PRIMARY KEY (upload, n)
);
