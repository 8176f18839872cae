-- SPDX-License-Identifier: Apache-2.0
-- Runs on SQLite and on PostgreSQL.

-- +goose Up

-- How many of an item's attempts the homeserver answered with an error of its
-- own. The others were interrupted: the gate itself ended.
ALTER TABLE job_items ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
