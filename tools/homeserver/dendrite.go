// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"text/template"
)

// DendriteOptions say what kind of Dendrite a test or the demo wants. The zero
// value is a Dendrite on SQLite in a temporary folder, without a shared secret
// and without rate limits.
type DendriteOptions struct {
	// Dir holds everything of the server. A folder that an earlier server has
	// left is used again. Empty means a temporary folder that Stop removes.
	Dir string
	// Port on 127.0.0.1. Zero means any free one.
	Port int
	// ServerName is "localhost" if empty.
	ServerName string
	// SharedSecret is registration_shared_secret. Empty means none, and then
	// Dendrite has no registration endpoint at all.
	SharedSecret string
	// Postgres is a connection string of an empty database or of one that an
	// earlier server has left. Empty means a SQLite file in Dir.
	Postgres string
	// Limits leaves Dendrite's rate limits on.
	Limits bool
	// NoFederation turns federation off, and with it the version endpoint.
	NoFederation bool
}

// dendriteConfig keeps to what differs from Dendrite's defaults: nothing leaves
// the machine, and a password hash costs as little as bcrypt allows.
var dendriteConfig = template.Must(template.New("dendrite.yaml").Funcs(template.FuncMap{"quote": strconv.Quote}).Parse(`version: 2
global:
  server_name: {{quote .ServerName}}
  private_key: matrix_key.pem
  disable_federation: {{.NoFederation}}
  trusted_third_party_id_servers: []
  jetstream: {storage_path: ./, in_memory: {{.InMemory}}}
  report_stats: {enabled: false}
  server_notices: {enabled: true, local_part: _server, display_name: Server Alert, room_name: Server Alert}
  {{- if .Postgres}}
  database: {connection_string: {{quote .Postgres}}, max_open_conns: 20, max_idle_conns: 2, conn_max_lifetime: -1}
  {{- end}}
client_api:
  registration_disabled: true
  guests_disabled: true
  registration_shared_secret: {{quote .SharedSecret}}
  rate_limiting: {enabled: {{.Limits}}}
federation_api:
  key_perspectives: []
  {{- template "database" (.Component "federation_api")}}
key_server:
  {{- template "database" (.Component "key_server")}}
media_api:
  base_path: media
  {{- template "database" (.Component "media_api")}}
room_server:
  {{- template "database" (.Component "room_server")}}
sync_api:
  {{- template "database" (.Component "sync_api")}}
user_api:
  bcrypt_cost: 4
  account_database: {connection_string: {{quote .Database}}}
  {{- template "database" (.Component "user_api")}}
relay_api:
  {{- template "database" (.Component "relay_api")}}
mscs:
  {{- template "database" (.Component "mscs")}}
logging:
  - {type: std, level: info}
{{define "database"}}
  database: {connection_string: {{quote .}}}
{{end}}`))

// dendriteData is what the configuration is made from.
type dendriteData struct {
	DendriteOptions
	Database string // with the accounts
	InMemory bool   // the message queue; the databases are always files
	Folder   string
}

// Component is the database of a component. In SQLite each has a file of its own, as
// Dendrite's own sample has it: in a common one they refuse each other's writes under
// load ("database is locked").
func (d dendriteData) Component(name string) string {
	if d.Postgres != "" || name == "user_api" {
		return d.Database
	}
	return "file:" + filepath.Join(d.Folder, name+".db")
}

// StartDendrite starts an installed Dendrite and waits until it answers. ctx
// bounds the start, not the life of the server: that ends with Stop.
func StartDendrite(ctx context.Context, opts DendriteOptions) (*Server, error) {
	program, err := dendriteProgram("dendrite")
	if err != nil {
		return nil, err
	}
	s := &Server{
		Kind:         Dendrite,
		ServerName:   orLocalhost(opts.ServerName),
		SharedSecret: opts.SharedSecret,
		Dir:          opts.Dir,
	}
	err = s.launch(ctx, opts.Port, func(addr string) (*exec.Cmd, error) {
		s.Database = opts.Postgres
		if s.Database == "" {
			s.Database = "file:" + filepath.Join(s.Dir, "dendrite.db")
		}
		if err := makeDendriteKey(ctx, filepath.Join(s.Dir, "matrix_key.pem")); err != nil {
			return nil, err
		}
		opts.ServerName = s.ServerName
		var config bytes.Buffer
		data := dendriteData{opts, s.Database, s.tempDir, s.Dir}
		if err := dendriteConfig.Execute(&config, data); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(s.Dir, "dendrite.yaml"), config.Bytes(), 0o600); err != nil {
			return nil, err
		}
		return exec.Command(program, "-config", "dendrite.yaml", "-http-bind-address", addr), nil
	}, "/_dendrite/monitor/up")
	if err != nil {
		return nil, err
	}
	return s, nil
}

// makeDendriteKey makes the server's signing key unless it is there.
func makeDendriteKey(ctx context.Context, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	program, err := dendriteProgram("generate-keys")
	if err != nil {
		return err
	}
	if err := execute(ctx, io.Discard, "", program, "--private-key", path); err != nil {
		return fmt.Errorf("make Dendrite's signing key: %w", err)
	}
	return nil
}
