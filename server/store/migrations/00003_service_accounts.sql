-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- Why an account took the place of the one before, '' for the first one.
ALTER TABLE service_accounts ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- When a retired account was seen to be deactivated on the homeserver. Until
-- then it is still an administrator there.
ALTER TABLE service_accounts ADD COLUMN ended_ms BIGINT;
