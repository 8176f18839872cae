// SPDX-License-Identifier: Apache-2.0

// Package store keeps what the gate must remember: the audit rows, sessions and
// tries to sign in, sealed drafts, local operators, request keys, service
// accounts, invitations and their uses, jobs with their items and passwords,
// uploaded files, and the little that a homeserver cannot tell by itself
// (accounts that were made here, deactivations and accounts that are half done).
// What gates that share a database have to agree on is here, too: who is alive,
// leases, the pace of registrations.
//
// It is SQLite (modernc.org/sqlite, no cgo) in one file, or PostgreSQL, which
// several gates may share. The tables and the queries are the same on both ($1
// placeholders, ON CONFLICT, RETURNING, BIGINT, BYTEA); what is one's own is in
// sqlite.go and group.go, in postgres.go, and in appendonly.go.
//
// Times are written as Unix milliseconds in UTC. A method that depends on the
// time takes it as an argument; nothing here reads the clock.
//
// No secret is stored in clear: session ids as SHA-256, operators' passwords
// as argon2id, tokens and drafts sealed by the caller (package seal).
package store
