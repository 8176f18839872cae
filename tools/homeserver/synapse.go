// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// SynapseOptions say what kind of Synapse a test or the demo wants. The zero
// value is a Synapse in memory without a shared secret, with limits that are out
// of a test's way.
type SynapseOptions struct {
	// Dir holds everything of the server. A folder that an earlier server has
	// left is used again. Empty means a temporary folder that Stop removes.
	Dir string
	// Port on 127.0.0.1. Zero means any free one.
	Port int
	// ServerName is "localhost" if empty.
	ServerName string
	// SharedSecret is registration_shared_secret. Empty means none.
	SharedSecret string
	// Persistent keeps the database in a file of Dir instead of in memory.
	Persistent bool
	// DefaultLimits leaves Synapse's own rate limits as they are: the sixth
	// sign-in from an address within minutes is refused.
	DefaultLimits bool
	// XForwarded has Synapse believe X-Forwarded-For on its listener.
	XForwarded bool
	// Approval turns on the approval of new accounts (MSC3866).
	Approval bool
	// Registration lets people register themselves, with a registration token.
	Registration bool
	// Notices turns on server notices.
	Notices bool
	// UserTypes are allowed besides "support" and "bot".
	UserTypes []string
	// ExtraYAML is more configuration. A top-level key in it replaces ours.
	ExtraYAML string
}

// raisedLimits lets one client do in a second what people do in a day.
const raisedLimits = `rc_login: {address: &big {per_second: 10000, burst_count: 10000}, account: *big, failed_attempts: *big}
rc_registration: *big
rc_message: *big
rc_room_creation: *big
rc_reports: *big
rc_joins: {local: *big, remote: *big}
rc_invites: {per_room: *big, per_user: *big, per_issuer: *big}
rc_admin_redaction: *big
`

// StartSynapse starts an installed Synapse and waits until it answers. ctx
// bounds the start, not the life of the server: that ends with Stop.
func StartSynapse(ctx context.Context, opts SynapseOptions) (*Server, error) {
	python, err := synapsePython()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Kind:         Synapse,
		ServerName:   orLocalhost(opts.ServerName),
		SharedSecret: opts.SharedSecret,
		Dir:          opts.Dir,
	}
	err = s.launch(ctx, opts.Port, func(addr string) (*exec.Cmd, error) {
		if opts.Persistent {
			s.Database = "file:" + filepath.Join(s.Dir, "homeserver.db")
		}
		if err := os.WriteFile(filepath.Join(s.Dir, "homeserver.yaml"), []byte(opts.config(s, addr)), 0o600); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(s.Dir, "extra.yaml"), []byte(opts.ExtraYAML), 0o600); err != nil {
			return nil, err
		}
		args := []string{"-m", "synapse.app.homeserver", "-c", "homeserver.yaml"}
		if opts.ExtraYAML != "" {
			args = append(args, "-c", "extra.yaml")
		}
		cmd := exec.Command(python, args...)
		// Synapse asks git for the version of the folder that it is installed in,
		// and so would tell the branch of this repository.
		cmd.Env = append(os.Environ(), "SYNAPSE_VERSION_STRING="+SynapseVersion)
		return cmd, nil
	}, "/health")
	if err != nil {
		return nil, err
	}
	return s, nil
}

// config is the homeserver.yaml for a server that listens on addr.
func (opts SynapseOptions) config(s *Server, addr string) string {
	_, port, _ := strings.Cut(addr, ":")
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("server_name: %s", strconv.Quote(s.ServerName))
	line("listeners:")
	line("  - {port: %s, bind_addresses: [127.0.0.1], type: http, tls: false, x_forwarded: %t, resources: [{names: [client, federation], compress: false}]}", port, opts.XForwarded)
	database := ":memory:"
	if opts.Persistent {
		database = "homeserver.db"
	}
	line("database: {name: sqlite3, args: {database: %q}}", database)
	line("signing_key_path: signing.key")
	line("media_store_path: media")
	line("report_stats: false")
	line("trusted_key_servers: []")
	line("suppress_key_server_warning: true")
	// The default of 12 rounds makes a registration 40 times slower.
	line("bcrypt_rounds: 4")
	// Until the background updates of a new database have run, reactivating answers 500 (18 s otherwise).
	line("background_updates: {sleep_enabled: false}")
	if opts.SharedSecret != "" {
		line("registration_shared_secret: %s", strconv.Quote(opts.SharedSecret))
	}
	if opts.Approval {
		line("experimental_features: {msc3866: {enabled: true, require_approval_for_new_accounts: true}}")
	}
	if opts.Registration {
		line("enable_registration: true")
		line("registration_requires_token: true")
	}
	if opts.Notices {
		line("server_notices: {system_mxid_localpart: notices, system_mxid_display_name: Server, room_name: Notices}")
	}
	if len(opts.UserTypes) > 0 {
		quoted := make([]string, len(opts.UserTypes))
		for i, t := range opts.UserTypes {
			quoted[i] = strconv.Quote(t)
		}
		line("user_types: {extra_user_types: [%s]}", strings.Join(quoted, ", "))
	}
	if !opts.DefaultLimits {
		b.WriteString(raisedLimits)
	}
	return b.String()
}

func orLocalhost(name string) string {
	if name == "" {
		return "localhost"
	}
	return name
}
