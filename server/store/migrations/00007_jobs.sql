-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL. Times are Unix milliseconds.

-- +goose Up

-- Work on many accounts. request is JSON without secrets. person, role and
-- address are of whom it is done for; there is no session in it. code and
-- params say why it waits or ended so. The counts are those of job_items, and
-- change in the same transactions.
CREATE TABLE jobs (
    id                TEXT   PRIMARY KEY,
    homeserver        TEXT   NOT NULL,
    kind              TEXT   NOT NULL CHECK (kind IN ('operation', 'import')),
    operation         TEXT   NOT NULL, -- '' where each item has its own
    request           TEXT   NOT NULL,
    state             TEXT   NOT NULL CHECK (state IN ('planning', 'planned', 'scheduled', 'running', 'paused', 'done', 'cancelled', 'failed')),
    code              TEXT   NOT NULL,
    params            TEXT   NOT NULL, -- JSON object of texts
    note              TEXT   NOT NULL,
    person            TEXT   NOT NULL,
    person_name       TEXT   NOT NULL,
    role              TEXT   NOT NULL,
    person_homeserver TEXT   NOT NULL,
    address           TEXT   NOT NULL,
    created_ms        BIGINT NOT NULL,
    planned_ms        BIGINT,
    at_ms             BIGINT, -- when it is to begin
    started_ms        BIGINT,
    ended_ms          BIGINT,
    wipe_ms           BIGINT, -- when its passwords are wiped
    waiting           BIGINT NOT NULL,
    running           BIGINT NOT NULL,
    done              BIGINT NOT NULL,
    skipped           BIGINT NOT NULL,
    failed            BIGINT NOT NULL,
    unknown           BIGINT NOT NULL,
    per_minute        BIGINT NOT NULL, -- how many items ended in the last minute of work
    passwords         BIGINT NOT NULL -- generated, of items that are done, not handed out yet
);
CREATE INDEX jobs_by_time ON jobs (homeserver, created_ms, id);
CREATE INDEX jobs_by_state ON jobs (state);

-- steps is a JSON array of operations with their requests, '' where the job's
-- own is meant; step is how many of them are done. secret is a password,
-- sealed with a key that is not here; generated says that people are to be
-- told it.
CREATE TABLE job_items (
    job        TEXT    NOT NULL REFERENCES jobs (id),
    n          BIGINT  NOT NULL,
    line       BIGINT  NOT NULL,
    target     TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    steps      TEXT    NOT NULL,
    step       INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'skipped', 'failed', 'unknown')),
    changes    TEXT    NOT NULL, -- JSON: what it does, as the plan saw it
    secret     BYTEA,
    generated  INTEGER NOT NULL,
    code       TEXT    NOT NULL,
    params     TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    started_ms BIGINT,
    ended_ms   BIGINT,
    PRIMARY KEY (job, n)
);
CREATE INDEX job_items_by_state ON job_items (job, state, n);
