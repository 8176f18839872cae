// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse/app/api"
)

const (
	envPrefix           = "GATEHOUSE_"
	homeserversKey      = "homeservers"
	homeserverPath      = "homeservers.<name>"
	masPath             = homeserverPath + ".mas"
	homeserverEnvPrefix = envPrefix + "HOMESERVERS_"
	fileSuffix          = "_file"
	typeKey             = "key" // 32 bytes, which a file may hold raw
)

// Field describes one field of the configuration.
type Field struct {
	// Path is where it stands in the file, such as "session.idle" or "homeservers.<name>.url".
	Path string
	// Env is its environment variable. In a homeserver's it has <NAME> where the name goes.
	Env string
	// Type says in a word or two what is written there.
	Type string
	// Default is what applies where the field is not given, in the form in which it would be written. Where there is
	// no such value, Absent says in words what happens instead.
	Default, Absent string
	// Example is a value for fields without a Default, for the file that init writes and for the reference.
	Example string
	// Required says that there has to be a value.
	Required bool
	// About is the description, one or more sentences.
	About string
	// Secret says that the value must not be seen. FileOf is, for a path to a file with a secret in it, the path of
	// the field that the file stands for.
	Secret bool
	FileOf string
	// List says that there can be several values: a sequence in the file, commas in the environment.
	List bool

	codec codec
}

// Fields returns every field, in the order of the reference.
func Fields() []Field { return slices.Clone(fields) }

// ReservedNames returns the names that no homeserver can have, because the panel's own paths begin with them.
func ReservedNames() []string {
	return []string{
		"api", "assets", "do", "export", "healthz", "import", "join", "keys", "manifest.webmanifest", "preferences", "readyz", "servers",
		"sign-in", "sign-out", "sw.js",
	}
}

// fields is the table. The fields in no section come first, and each section's stand together. A secret's "…_file" twin follows it by itself.
var fields = expand([]Field{
	{
		Path: "listen", Type: "host:port", Default: "127.0.0.1:8765",
		About: "The address and port that Gatehouse listens on. The host is an IP address or `localhost`; without one (`:8765`) it is every address of the machine.",
		codec: text(func(p *place) *string { return &p.config.Listen }, checkListen),
	},
	{
		Path: "public_url", Type: "URL", Absent: "the address of `listen`, where that is 127.0.0.1, [::1] or localhost; else it has to be given", Example: "https://gatehouse.example.org",
		About: "The address that people type to reach the panel, without a path. It decides about the cookies: `https` makes them Secure with the `__Host-` prefix; `http` is accepted for localhost, 127.0.0.1 and [::1] only.",
		codec: text(func(p *place) *string { return &p.config.PublicURL }, checkPublicURL),
	},
	{
		Path: "trusted_proxies", Type: "networks", List: true, Absent: "none", Example: "10.0.0.0/8",
		About: "The reverse proxies in front of Gatehouse, as networks (`10.0.0.0/8`) or single addresses. Only they are believed when they name a person's address in X-Forwarded-For.",
		codec: networks(),
	},
	{
		Path: "secret_key", Type: typeKey, Secret: true, Absent: "`secret_key_file` is read",
		About: "32 random bytes as base64 or hexadecimal digits. What is secret in the store is sealed with keys that are derived from it; without it the store's secrets are lost.",
		codec: key(func(p *place) *api.Secret { return &p.config.SecretKey }),
	},
	{
		Path: "previous_secret_key", Type: typeKey, Secret: true, Absent: "what another key sealed cannot be read",
		About: "The `secret_key` from before, while it is being replaced: what it sealed is read, and sealed again with the new one, and sessions that it signed go on. docs/security.md says how to replace a key.",
		codec: key(func(p *place) *api.Secret { return &p.config.PreviousSecretKey }),
	},
	{
		Path: "tls.certificate_file", Type: "path", Absent: "no TLS: a reverse proxy speaks it, or the panel is for this machine only", Example: "/etc/gatehouse/tls/fullchain.pem",
		About: "The certificate chain, PEM, with which Gatehouse speaks TLS itself. It goes with `tls.key_file`.",
		codec: file(func(p *place) *string { return &p.config.TLS.CertificateFile }),
	},
	{
		Path: "tls.key_file", Type: "path", Absent: "no TLS", Example: "/etc/gatehouse/tls/key.pem",
		About: "The certificate's private key, PEM. It goes with `tls.certificate_file`.",
		codec: file(func(p *place) *string { return &p.config.TLS.KeyFile }),
	},
	{
		Path: "store.path", Type: "path", Default: "data/gatehouse.db",
		About: "The SQLite file with sessions, the audit log and the gate's own account on the homeservers. Its folder has to exist.",
		codec: file(func(p *place) *string { return &p.config.Store.Path }),
	},
	{
		Path: "store.database", Type: "connection", Secret: true, Absent: "the SQLite file at `store.path` is used", Example: "postgres://gatehouse:password@127.0.0.1:5432/gatehouse",
		About: "A PostgreSQL database of Gatehouse's own, in place of the file at `store.path`. Several Gatehouses with the same configuration and secret key may share it. Add `?sslmode=verify-full` where it is on another machine.",
		codec: secret(func(p *place) *api.Secret { return &p.config.Store.Database }, checkPostgres),
	},
	{
		Path: "session.idle", Type: "duration", Default: "15m",
		About: "A session ends when nobody has used it for so long. From 1s to 24h.",
		codec: span(func(p *place) *time.Duration { return &p.config.Session.Idle }, time.Second, 24*time.Hour),
	},
	{
		Path: "session.absolute", Type: "duration", Default: "8h",
		About: "A session ends this long after sign-in in any case. From 1s to 168h, and not shorter than `session.idle`.",
		codec: span(func(p *place) *time.Duration { return &p.config.Session.Absolute }, time.Second, 168*time.Hour),
	},
	{
		Path: "log.level", Type: "`debug`, `info`, `warn` or `error`", Default: "info",
		About: "The least important kind of line that is logged.",
		codec: level(),
	},
	{
		Path: "log.format", Type: "`text` or `json`", Default: "text",
		About: "How a log line is written.",
		codec: text(func(p *place) *string { return &p.config.Log.Format }, oneOf("text", "json")),
	},
	{
		Path: "jobs.keep_passwords", Type: "duration", Default: "168h",
		About: "How long a job keeps passwords, sealed, once it has ended, or from when it was planned or paused and nobody goes on with it. Then they are wiped, those that it made and nobody fetched, too; people are warned a day before. A job at work, or that will begin at a time, keeps them. From 1h to 720h.",
		codec: span(func(p *place) *time.Duration { return &p.config.Jobs.KeepPasswords }, time.Hour, 720*time.Hour),
	},
	{
		Path: homeserverPath + ".url", Type: "URL", Required: true, Example: "http://127.0.0.1:8008",
		About: "The base address of the homeserver's client and admin API, as Gatehouse reaches it.",
		codec: text(func(p *place) *string { return &p.homeserver.URL }, checkURL),
	},
	{
		Path: homeserverPath + ".server_name", Type: "server name", Absent: "the homeserver is asked", Example: "example.org",
		About: "The part after the colon in the homeserver's Matrix IDs, such as `example.org`.",
		codec: text(func(p *place) *string { return &p.homeserver.ServerName }, checkServerName),
	},
	{
		Path: homeserverPath + ".kind", Type: "`synapse` or `dendrite`", Absent: "the homeserver is asked", Example: "synapse",
		About: "Which software the homeserver runs.",
		codec: text(func(p *place) *string { return &p.homeserver.Kind }, oneOf("synapse", "dendrite")),
	},
	{
		Path: homeserverPath + ".registration_shared_secret", Type: "text", Secret: true, Absent: "accounts are made with `admin_token`",
		About: "The homeserver's own `registration_shared_secret`. Gatehouse needs this or `admin_token`, unless there is `mas`; with this alone it registers a service administrator of its own, once.",
		codec: secret(func(p *place) *api.Secret { return &p.homeserver.RegistrationSharedSecret }, checkSharedSecret),
	},
	{
		Path: homeserverPath + ".registrations_per_second", Type: "number", Default: "10",
		About: "How many accounts Gatehouse registers in a second with the shared secret; the homeserver itself sets no limit there, and each one costs it the hashing of a password. More than that wait. Jobs find out by themselves how many it can take, see `jobs_at_once`. From 1 to 1000.",
		codec: number(func(p *place) *int { return &p.homeserver.RegistrationsPerSecond }, 1, 1000),
	},
	{
		Path: homeserverPath + ".registrations_at_once", Type: "number", Default: "20",
		About: "How many registrations may come together before `registrations_per_second` holds them up. From 1 to 1000.",
		codec: number(func(p *place) *int { return &p.homeserver.RegistrationsAtOnce }, 1, 1000),
	},
	{
		Path: homeserverPath + ".jobs_at_once", Type: "number", Default: "16",
		About: "How many calls the homeserver gets from jobs at the same time, at most, all jobs together. Gatehouse finds out by itself how many of them it can take; this is the ceiling. From 1 to 64.",
		codec: number(func(p *place) *int { return &p.homeserver.JobsAtOnce }, 1, 64),
	},
	{
		Path: homeserverPath + ".jobs_per_second", Type: "number", Default: "0",
		About: "How many calls the homeserver gets from jobs in a second, at most, all jobs together. 0 is as many as it can take. From 0 to 1000.",
		codec: number(func(p *place) *int { return &p.homeserver.JobsPerSecond }, 0, 1000),
	},
	{
		Path: homeserverPath + ".admin_token", Type: "text", Secret: true, Absent: "a service administrator is made with `registration_shared_secret`",
		About: "The access token of a server administrator.",
		codec: secret(func(p *place) *api.Secret { return &p.homeserver.AdminToken }, checkToken),
	},
	{
		Path: homeserverPath + ".client_url", Type: "URL", Default: "https://app.element.io",
		About: "The web client that a hand-out card sends a new person to. At `https://mobile.element.io/element` the link opens the Element X app, with the homeserver and the name filled in; Element Web takes the name only, and has to know the homeserver from its own configuration.",
		codec: text(func(p *place) *string { return &p.homeserver.ClientURL }, checkURL),
	},
	{
		Path: homeserverPath + ".hide_accounts", Type: "patterns", List: true, Absent: "none", Example: "telegram_*",
		About: "Localparts of bridge and system accounts that the list of accounts leaves out until it is asked for them. `*` stands for any text, as in `telegram_*`; everything else stands for itself.",
		codec: texts(func(p *place) *[]string { return &p.homeserver.HideAccounts }, checkPattern),
	},
	{
		Path: homeserverPath + ".terms", Type: "name and URL", List: true, Absent: "nothing has to be accepted", Example: "Terms of use https://example.org/terms",
		About: "The policies that people have to accept who make an account with an invitation: each its name, a space, and the https address where it can be read.",
		codec: terms(),
	},
	{
		Path: homeserverPath + ".user_types", Type: "names", List: true, Absent: "`support` and `bot` alone", Example: "teacher",
		About: "Synapse only: the types of accounts that its own configuration adds, `user_types.extra_user_types` there. Synapse takes them and does not tell them, so they are offered where accounts are made and edited only if they stand here, too.",
		codec: texts(func(p *place) *[]string { return &p.homeserver.UserTypes }, checkUserType),
	},
	{
		Path: homeserverPath + ".database", Type: "connection", Secret: true, Absent: "what Dendrite's API does not tell is left out", Example: "file:/var/lib/dendrite/dendrite.db",
		About: "Dendrite only: the database with its `userapi_accounts` table, `postgres://…` or `file:…`, from which accounts are listed and searched.",
		codec: secret(func(p *place) *api.Secret { return &p.homeserver.Database }, checkDatabase),
	},
	{
		Path: homeserverPath + ".database_writes", Type: "`true` or `false`", Default: "false",
		About: "Lets Gatehouse change `database` for what Dendrite's API cannot do: promote, demote, reactivate.",
		codec: yesNo(func(p *place) *bool { return &p.homeserver.DatabaseWrites }),
	},
	{
		Path: homeserverPath + ".x_forwarded_for", Type: "`true` or `false`", Default: "true",
		About: "Tells the homeserver, in X-Forwarded-For, the address of the person who signs in. A homeserver that believes it (Synapse: `x_forwarded: true` at the listener) then limits failed sign-ins by person instead of all together.",
		codec: yesNo(func(p *place) *bool { return &p.homeserver.XForwardedFor }),
	},
	{
		Path: homeserverPath + ".timeout", Type: "duration", Default: "10s",
		About: "How long one request to the homeserver may take. From 100ms to 5m.",
		codec: span(func(p *place) *time.Duration { return &p.homeserver.Timeout }, 100*time.Millisecond, 5*time.Minute),
	},
	{
		Path: masPath + ".admin_url", Type: "URL", Absent: "the homeserver's accounts are its own", Example: "http://127.0.0.1:8081",
		About: "The base address of Matrix Authentication Service's admin API, as Gatehouse reaches it: of the listener that has the resource `adminapi`, without `/api/admin/v1`.",
		codec: text(func(p *place) *string { return &p.homeserver.MAS.AdminURL }, checkURL),
	},
	{
		Path: masPath + ".url", Type: "URL", Absent: "`admin_url` is used", Example: "https://auth.example.org",
		About: "The base address of Matrix Authentication Service's listener with the resource `oauth`, where that is another one. Gatehouse gets its tokens there.",
		codec: text(func(p *place) *string { return &p.homeserver.MAS.URL }, checkURL),
	},
	{
		Path: masPath + ".client_id", Type: "ULID", Absent: "the homeserver's accounts are its own", Example: "01J44RKQYM4G3TNVANTMTDYTX6",
		About: "The client that Gatehouse is to Matrix Authentication Service: one of its `clients`, with `client_auth_method: client_secret_basic`, that is in `policy.data.admin_clients`, too. `gatehouse check` prints what is missing there.",
		codec: text(func(p *place) *string { return &p.homeserver.MAS.ClientID }, checkULID),
	},
	{
		Path: masPath + ".client_secret", Type: "text", Secret: true, Absent: "the homeserver's accounts are its own",
		About: "The client's secret. With it Gatehouse gets short tokens for the admin API, and makes a personal session for itself at Synapse.",
		codec: secret(func(p *place) *api.Secret { return &p.homeserver.MAS.ClientSecret }, checkSharedSecret),
	},
})

// expand names the environment variables and puts a "…_file" field after every secret.
func expand(table []Field) []Field {
	var all []Field
	for _, f := range table {
		f.Env = envName(f.Path)
		all = append(all, f)
		if !f.Secret {
			continue
		}
		twin := Field{
			Path: f.Path + fileSuffix, Type: "path", Absent: "`" + f.name() + "` is read, if it is given", FileOf: f.Path,
			About: "A file with the value of `" + f.name() + "` in it, in place of the value itself.",
			codec: f.codec,
		}
		if f.Type == typeKey {
			twin.About = "A file with the value of `" + f.name() + "` in it, or with 32 raw bytes, in place of the value itself."
		}
		if f.Path == "secret_key" {
			twin.Default, twin.Absent = defaultKeyFile, ""
			twin.About = "A file with the value of `secret_key` in it, or with 32 raw bytes. `gatehouse init` makes it. Keep a copy of it, but not where copies of the store are kept."
		}
		twin.Env = envName(twin.Path)
		all = append(all, twin)
	}
	return all
}

func envName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// name is the last part of the path: the key in the file.
func (f Field) name() string { return f.Path[strings.LastIndexByte(f.Path, '.')+1:] }

// section is the path without its last part, empty at the top.
func (f Field) section() string {
	if i := strings.LastIndexByte(f.Path, '.'); i >= 0 {
		return f.Path[:i]
	}
	return ""
}

func (f Field) ofHomeserver() bool { return strings.HasPrefix(f.Path, homeserverPath+".") }

// envKey is what a homeserver's variable has after the homeserver's name.
func (f Field) envKey() string {
	return strings.TrimPrefix(strings.TrimPrefix(f.Env, homeserverEnvPrefix), "<NAME>_")
}

func fieldAt(path string) (Field, bool) {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Path == path })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}

// CheckField reports what is wrong with a text for a field of the configuration or of a homeserver, by its path in the reference. The error goes on
// from the text: "is not a web address. …".
func CheckField(path, text string) error {
	f, ok := fieldAt(path)
	if !ok {
		return errors.New("is of no field")
	}
	h := DefaultHomeserver()
	return f.codec.set(&place{config: Default(), homeserver: &h}, text)
}

// keysIn returns the keys that a section can hold, sections of it included.
func keysIn(section string) []string {
	var keys []string
	for _, f := range fields {
		rest := f.Path
		if section != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(f.Path, section+"."); !ok {
				continue
			}
		}
		key, _, _ := strings.Cut(rest, ".")
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}
