// SPDX-License-Identifier: Apache-2.0

// Package config reads Gatehouse's configuration: one YAML file, in which every field can also be given as an
// environment variable and every secret also as a file. It is checked as a whole: Load returns either a configuration
// in which every field holds, or every mistake in one list with its place. No value of a secret field is ever part of
// such a list.
//
// What fields there are is written down once, in the table of fields.go; the reading of the file and of the
// environment, the suggestions for misspelt names, the file that init writes and docs/configuration.md follow it.
package config

import (
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"gatehouse/app/api"
)

// Config is a whole and checked configuration. Paths in it are absolute, addresses have no slash at the end.
type Config struct {
	// File is the path of the file it was read from, empty where the environment alone made it.
	File string
	// Listen is the address and port that the gate listens on, as net.Listen takes it.
	Listen string
	// PublicURL is the origin that people's browsers see, "scheme://host[:port]", without the scheme's own port.
	PublicURL string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	TLS            TLS
	Store          Store
	// SecretKey is the 32 bytes, raw, that sealing and signing keys are derived from.
	SecretKey api.Secret
	// PreviousSecretKey is the one before, raw, while it is being replaced; zero otherwise. It is not SecretKey.
	PreviousSecretKey api.Secret
	Session           Session
	Log               Log
	Jobs              Jobs
	// Homeservers has at least one entry. The name is a segment of the panel's paths; see ReservedNames.
	Homeservers map[string]Homeserver
}

// TLS names the certificate that the gate itself serves with. Both fields are set or neither is.
type TLS struct {
	CertificateFile string
	KeyFile         string
}

// Enabled reports whether the gate speaks TLS itself.
func (t TLS) Enabled() bool { return t.CertificateFile != "" }

// Store says where the gate's own database is. Of its fields one is set.
type Store struct {
	// Path is the SQLite file. Its folder exists.
	Path string
	// Database is the address of a PostgreSQL database, which may hold a password.
	Database api.Secret
}

// Source is where the database is, as store.Open takes it. It may hold a password.
func (s Store) Source() string {
	if !s.Database.IsZero() {
		return s.Database.Reveal()
	}
	return s.Path
}

// Session says how long a person stays signed in.
type Session struct {
	// Idle ends a session that nobody has used for so long.
	Idle time.Duration
	// Absolute ends every session this long after sign-in. It is at least Idle.
	Absolute time.Duration
}

// Jobs says how work on many accounts is done.
type Jobs struct {
	// KeepPasswords is how long a job that is at rest keeps passwords.
	KeepPasswords time.Duration
}

// Log says what is logged, and how.
type Log struct {
	Level slog.Level
	// Format is "text" or "json".
	Format string
}

// Homeserver is one homeserver that the panel manages.
type Homeserver struct {
	// URL is the base address of its client and admin API, as the gate reaches it.
	URL string
	// ServerName is the part after the colon in its Matrix IDs, empty where the gate is to find it out.
	ServerName string
	// Kind is "synapse" or "dendrite", or empty where the gate is to find it out.
	Kind string
	// RegistrationSharedSecret and AdminToken are the keys; at least one of them is set, or MAS is.
	RegistrationSharedSecret api.Secret
	AdminToken               api.Secret
	// RegistrationsPerSecond and RegistrationsAtOnce bound how fast accounts are made with the shared secret.
	RegistrationsPerSecond int
	RegistrationsAtOnce    int
	// JobsAtOnce and JobsPerSecond bound how many calls come from jobs; JobsPerSecond 0 is no bound.
	JobsAtOnce    int
	JobsPerSecond int
	// MAS is the Matrix Authentication Service that a Synapse leaves its accounts to.
	MAS MAS
	// ClientURL is the web client that hand-out cards send people to.
	ClientURL string
	// HideAccounts are patterns of localparts, in which "*" stands for any text.
	HideAccounts []string
	// Terms are the policies that people accept who make their account with an invitation.
	Terms []Term
	// UserTypes are the types of accounts that a Synapse's own configuration adds.
	UserTypes []string
	// Database is Dendrite's own database, "postgres://…" or "file:…". It may hold a password.
	Database api.Secret
	// DatabaseWrites allows the gate to change Database.
	DatabaseWrites bool
	// XForwardedFor makes the gate tell the homeserver the address of the person who signs in.
	XForwardedFor bool
	// Timeout bounds one request to the homeserver.
	Timeout time.Duration
}

// Term is a policy: what it is called, and the https address where it can be read.
type Term struct{ Name, URL string }

// MAS says how the gate reaches a Matrix Authentication Service. All but URL are set, or nothing is.
type MAS struct {
	// AdminURL is the base address of its admin API.
	AdminURL string
	// URL is the base address of its OAuth endpoints, empty where that is AdminURL.
	URL string
	// ClientID and ClientSecret are of a client that may use the admin API.
	ClientID     string
	ClientSecret api.Secret
}

// Enabled reports whether the homeserver's accounts are Matrix Authentication Service's.
func (m MAS) Enabled() bool { return m.AdminURL != "" }

// Names returns the names of the homeservers, sorted.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.Homeservers)) }

// SecureCookies reports whether browsers reach the panel over https. Only this decides about the Secure attribute and
// the __Host- prefix of cookies, never the listener or a header.
func (c *Config) SecureCookies() bool {
	u, err := url.Parse(c.PublicURL)
	return err == nil && u.Scheme == "https"
}

// Default returns a configuration with the default of every field that has one, and no homeserver.
func Default() *Config {
	c := &Config{Homeservers: map[string]Homeserver{}}
	setDefaults(&place{config: c})
	return c
}

// DefaultHomeserver returns a homeserver with the default of every field that has one.
func DefaultHomeserver() Homeserver {
	var h Homeserver
	setDefaults(&place{homeserver: &h})
	return h
}
