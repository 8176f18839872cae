-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL. Times are Unix milliseconds. SQLite has no
-- type BYTEA, but gives a column of an unknown type NUMERIC affinity, which
-- leaves byte strings as they are.

-- +goose Up

-- Rows are only ever added. The writer numbers them without gaps, so that a
-- missing row shows and a hash chain can follow the numbers.
-- phase: intent (before a write goes upstream), outcome (after it; intent_id
-- names the intent), event (sign-ins, refusals: both in one).
CREATE TABLE audit (
    id         BIGINT PRIMARY KEY,
    at_ms      BIGINT NOT NULL,
    request_id TEXT   NOT NULL,
    phase      TEXT   NOT NULL CHECK (phase IN ('intent', 'outcome', 'event')),
    intent_id  BIGINT REFERENCES audit (id),
    actor      TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    homeserver TEXT   NOT NULL,
    operation  TEXT   NOT NULL,
    targets    TEXT   NOT NULL, -- JSON array of Matrix IDs
    request    TEXT   NOT NULL, -- JSON, secrets redacted
    outcome    TEXT   NOT NULL CHECK (outcome IN ('', 'done', 'failed', 'refused', 'unknown')),
    code       TEXT   NOT NULL,
    detail     TEXT   NOT NULL,
    CHECK ((phase = 'outcome') = (intent_id IS NOT NULL)),
    CHECK ((phase = 'intent') = (outcome = ''))
);
CREATE INDEX audit_by_intent ON audit (intent_id) WHERE intent_id IS NOT NULL;
CREATE INDEX audit_by_time ON audit (at_ms);

-- One row for each account that an intent or event is about: the history of
-- one account without reading the whole log.
CREATE TABLE audit_targets (
    homeserver TEXT   NOT NULL,
    target     TEXT   NOT NULL,
    audit_id   BIGINT NOT NULL REFERENCES audit (id),
    PRIMARY KEY (homeserver, target, audit_id)
);

-- id_hash is the SHA-256 of the session's id, in hex. Whoever reads this table
-- can sign in as nobody.
CREATE TABLE sessions (
    id_hash         TEXT   PRIMARY KEY,
    person          TEXT   NOT NULL,
    display_name    TEXT   NOT NULL,
    role            TEXT   NOT NULL,
    homeserver      TEXT, -- NULL for a local operator
    created_ms      BIGINT NOT NULL,
    last_active_ms  BIGINT NOT NULL,
    absolute_end_ms BIGINT NOT NULL,
    ended_ms        BIGINT,
    address         TEXT   NOT NULL,
    user_agent      TEXT   NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person);

-- What a person had typed when their session ended.
CREATE TABLE drafts (
    person     TEXT   NOT NULL,
    homeserver TEXT   NOT NULL,
    screen     TEXT   NOT NULL,
    sealed     BYTEA  NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (person, homeserver, screen)
);

CREATE TABLE operators (
    name        TEXT   PRIMARY KEY,
    password    TEXT   NOT NULL, -- argon2id, PHC string
    role        TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL,
    disabled_ms BIGINT
);

-- session is a session's id_hash, or the name of a local actor. body_hash is a
-- hash, code a problem code, location a path of the panel: nothing secret.
CREATE TABLE request_keys (
    session    TEXT    NOT NULL,
    request    TEXT    NOT NULL,
    operation  TEXT    NOT NULL,
    homeserver TEXT    NOT NULL,
    body_hash  TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('running', 'done')),
    status     INTEGER NOT NULL,
    code       TEXT    NOT NULL,
    location   TEXT    NOT NULL,
    at_ms      BIGINT  NOT NULL,
    PRIMARY KEY (session, request)
);
CREATE INDEX request_keys_by_time ON request_keys (at_ms);

-- Accounts that the gate registered for itself; the live one of a homeserver
-- has no retired_ms. Retired ones stay, without their token, because they
-- still exist on the homeserver and are still not persons.
CREATE TABLE service_accounts (
    homeserver   TEXT   NOT NULL,
    user_id      TEXT   NOT NULL,
    sealed_token BYTEA  NOT NULL,
    created_ms   BIGINT NOT NULL,
    retired_ms   BIGINT,
    PRIMARY KEY (homeserver, user_id)
);
CREATE UNIQUE INDEX service_accounts_live ON service_accounts (homeserver) WHERE retired_ms IS NULL;

-- Accounts that Gatehouse made, for servers that cannot list theirs.
CREATE TABLE made_accounts (
    homeserver TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    localpart  TEXT   NOT NULL,
    created_ms BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    PRIMARY KEY (homeserver, user_id)
);
CREATE INDEX made_accounts_by_localpart ON made_accounts (homeserver, localpart, user_id);

-- How far a deactivation of several steps has come.
CREATE TABLE deactivations (
    homeserver TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    step       TEXT   NOT NULL,
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (homeserver, user_id)
);

-- Who may do a thing that must be done once, and until when.
CREATE TABLE leases (
    name       TEXT   PRIMARY KEY,
    holder     TEXT   NOT NULL,
    expires_ms BIGINT NOT NULL
);

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
