-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL.

-- +goose Up

-- How far the turns are taken to do what may be done only so fast, in Unix
-- microseconds.
CREATE TABLE paces (
    name  TEXT   PRIMARY KEY,
    at_us BIGINT NOT NULL
);
