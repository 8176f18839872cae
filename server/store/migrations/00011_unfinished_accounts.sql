-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL. Times are Unix milliseconds.

-- +goose Up

-- An account whose making takes several calls, and which has not got all that
-- it was asked to have. account is the homeserver's own name of it, so that
-- no other account of that user ID is taken for it. No password is kept.
CREATE TABLE unfinished_accounts (
    homeserver TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    account    TEXT   NOT NULL,
    begun_by   TEXT   NOT NULL,
    asked      TEXT   NOT NULL, -- JSON: the request, without its password
    left_over  TEXT   NOT NULL, -- JSON: what could not be done, and why
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (homeserver, user_id)
);
