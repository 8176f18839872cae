// SPDX-License-Identifier: Apache-2.0

// Package store keeps what the gate must remember: the audit rows, sessions,
// sealed drafts, local operators, request keys, service accounts and the
// little that a homeserver cannot tell by itself.
//
// It is SQLite (modernc.org/sqlite, no cgo) in one file. The tables and the
// queries keep to what PostgreSQL understands too ($1 placeholders, ON
// CONFLICT, RETURNING, BIGINT, BYTEA); what is SQLite's own is in open.go and
// appendonly.go and nowhere else.
//
// Times are written as Unix milliseconds in UTC. A method that depends on the
// time takes it as an argument; nothing here reads the clock.
//
// No secret is stored in clear: session ids as SHA-256, operators' passwords
// as argon2id, tokens and drafts sealed by the caller (package seal).
package store
