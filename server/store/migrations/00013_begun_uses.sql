-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL. Times are Unix milliseconds.

-- +goose Up

-- A use can be begun: its account is there and has no password yet. It counts, and
-- is the account's until somebody goes on with it. SQLite changes no CHECK, so
-- the table is made again.
CREATE TABLE uses_of_invitations (
    invitation TEXT   NOT NULL REFERENCES invitations (id),
    request    TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('reserved', 'begun', 'done', 'unknown')),
    left_over  TEXT   NOT NULL, -- JSON: what could not be done for the account
    accepted   TEXT   NOT NULL, -- JSON: the terms that were accepted
    at_ms      BIGINT NOT NULL,
    replica    TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (invitation, request)
);
INSERT INTO uses_of_invitations (invitation, request, user_id, state, left_over, accepted, at_ms, replica)
    SELECT invitation, request, user_id, state, left_over, accepted, at_ms, replica FROM invitation_uses;
DROP TABLE invitation_uses;
ALTER TABLE uses_of_invitations RENAME TO invitation_uses;
