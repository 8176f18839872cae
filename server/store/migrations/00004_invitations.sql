-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL. Times are Unix milliseconds.

-- +goose Up

-- token_hash is the SHA-256 of the token, in hex: whoever reads this table can
-- take up nothing. sealed_token is the token itself, sealed with a key that is
-- not here, so that a link can be shown again.
CREATE TABLE invitations (
    id           TEXT    PRIMARY KEY,
    homeserver   TEXT    NOT NULL,
    token_hash   TEXT    NOT NULL UNIQUE,
    sealed_token BYTEA   NOT NULL,
    localpart    TEXT    NOT NULL, -- a name, a pattern, or ''
    display_name TEXT    NOT NULL,
    email        TEXT    NOT NULL,
    rooms        TEXT    NOT NULL, -- JSON array of room IDs and aliases
    note         TEXT    NOT NULL,
    uses         INTEGER NOT NULL,
    expires_ms   BIGINT  NOT NULL,
    created_ms   BIGINT  NOT NULL,
    created_by   TEXT    NOT NULL,
    revoked_ms   BIGINT,
    revoked_by   TEXT    NOT NULL
);
CREATE INDEX invitations_by_time ON invitations (homeserver, created_ms, id);

-- A use is reserved before an account is made for it, and is done or unknown
-- after. One that failed is deleted, and can be had again. request is the
-- request key of the form: the same form reserves once.
CREATE TABLE invitation_uses (
    invitation TEXT   NOT NULL REFERENCES invitations (id),
    request    TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('reserved', 'done', 'unknown')),
    left_over  TEXT   NOT NULL, -- JSON: what could not be done for the account
    accepted   TEXT   NOT NULL, -- JSON: the terms that were accepted
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (invitation, request)
);
