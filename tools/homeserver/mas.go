// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"go.yaml.in/yaml/v4"
)

// MASKind is the Kind of a Matrix Authentication Service.
const MASKind = "mas"

const masDatabase = "mas"

// The client that a started MAS has, and the ID of its upstream provider, which nobody can reach.
const (
	MASClient   = "01J44RKQYM4G3TNVANTMTDYTX6"
	MASProvider = "01JPR0V1DER000000000000000"
)

// MAS is a Matrix Authentication Service with its database, and a Synapse that
// leaves its accounts to it.
type MAS struct {
	*Server             // its URL serves everything: people, OAuth, clients' sign-in, the admin API
	ClientSecret string // of MASClient
	Synapse      *Server

	postgres *Postgres
	program  string
	secret   string // between MAS and Synapse
}

// MASOptions say what kind of MAS a test wants.
type MASOptions struct {
	// Home is a folder as a release of MAS unpacks: mas-cli, and share with
	// policy.wasm, manifest.json, templates and translations.
	Home string
	// NotAdminClient leaves the client out of policy.data.admin_clients.
	NotAdminClient bool
}

// StartMAS starts PostgreSQL, MAS and Synapse, and waits until all answer. ctx
// bounds the start; they live until Stop.
func StartMAS(ctx context.Context, opts MASOptions) (*MAS, error) {
	home, err := filepath.Abs(opts.Home)
	if err != nil {
		return nil, err
	}
	m := &MAS{Server: &Server{Kind: MASKind, ServerName: "localhost"}, ClientSecret: rand.Text(), program: filepath.Join(home, "mas-cli")}
	if _, err := os.Stat(m.program); err != nil {
		return nil, fmt.Errorf("there is no MAS in %s: %w", home, err)
	}
	if err := m.start(ctx, home, opts); err != nil {
		return nil, errors.Join(err, m.Stop())
	}
	return m, nil
}

func (m *MAS) start(ctx context.Context, home string, opts MASOptions) error {
	var err error
	if m.postgres, err = StartPostgres(ctx); err != nil {
		return err
	}
	database, err := m.postgres.CreateDatabase(ctx, masDatabase)
	if err != nil {
		return err
	}
	m.secret = rand.Text()
	// The two have to know each other's addresses, so Synapse's is chosen first.
	synapse, err := FreeAddress()
	if err != nil {
		return err
	}
	err = m.launch(ctx, 0, func(addr string) (*exec.Cmd, error) {
		config, err := m.config(ctx, home, addr, database, "http://"+synapse+"/", opts)
		if err != nil {
			return nil, err
		}
		path := filepath.Join(m.Dir, "mas.yaml")
		if err := os.WriteFile(path, config, 0o600); err != nil {
			return nil, err
		}
		return exec.Command(m.program, "server", "--config", path), nil
	}, "/health")
	if err != nil {
		return err
	}
	var port int
	if _, err := fmt.Sscanf(synapse, "127.0.0.1:%d", &port); err != nil {
		return err
	}
	m.Synapse, err = StartSynapse(ctx, SynapseOptions{
		Port: port, XForwarded: true, Persistent: true,
		ExtraYAML: fmt.Sprintf("matrix_authentication_service: {enabled: true, endpoint: %q, secret: %q}\n", m.URL+"/", m.secret),
	})
	return err
}

// config writes a configuration over what `mas-cli config generate` makes, of
// which the keys are kept.
func (m *MAS) config(ctx context.Context, home, addr, database, synapse string, opts MASOptions) ([]byte, error) {
	generated, err := exec.CommandContext(ctx, m.program, "config", "generate").Output()
	if err != nil {
		return nil, fmt.Errorf("mas-cli config generate: %w", err)
	}
	var config map[string]any
	if err := yaml.Load(generated, &config); err != nil {
		return nil, err
	}
	var resources []any
	for _, name := range []string{"discovery", "human", "oauth", "compat", "graphql", "adminapi", "health"} {
		resources = append(resources, map[string]any{"name": name})
	}
	public := "http://" + addr + "/"
	config["http"] = map[string]any{
		"public_base": public, "issuer": public,
		"listeners": []any{map[string]any{"name": "all", "resources": resources, "binds": []any{map[string]any{"address": addr}}}},
	}
	config["database"] = map[string]any{"uri": database}
	config["matrix"] = map[string]any{"kind": "synapse", "homeserver": m.ServerName, "secret": m.secret, "endpoint": synapse}
	share := filepath.Join(home, "share")
	config["templates"] = map[string]any{
		"path": filepath.Join(share, "templates"), "assets_manifest": filepath.Join(share, "manifest.json"), "translations_path": filepath.Join(share, "translations"),
	}
	admins := []any{MASClient}
	if opts.NotAdminClient {
		admins = []any{}
	}
	config["policy"] = map[string]any{"wasm_module": filepath.Join(share, "policy.wasm"), "data": map[string]any{"admin_clients": admins}}
	config["clients"] = []any{map[string]any{
		"client_id": MASClient, "client_auth_method": "client_secret_basic", "client_secret": m.ClientSecret, "client_name": "Gatehouse",
	}}
	config["upstream_oauth2"] = map[string]any{"providers": []any{map[string]any{
		"id": MASProvider, "human_name": "School", "issuer": "https://sso.example.org/", "client_id": "mas", "client_secret": "none",
		"token_endpoint_auth_method": "client_secret_basic", "scope": "openid", "claims_imports": map[string]any{"localpart": map[string]any{"action": "ignore"}},
	}}}
	// Wide enough for tests, which sign in a person a second.
	wide := map[string]any{"burst": 1000, "per_second": 1000.0}
	config["rate_limiting"] = map[string]any{"login": map[string]any{"per_ip": wide, "per_account": wide}}
	return yaml.Dump(config)
}

// Manage runs one of MAS's own commands (`mas-cli manage …`) and returns what it prints.
func (m *MAS) Manage(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, m.program, append([]string{"manage", "--config", filepath.Join(m.Dir, "mas.yaml")}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("mas-cli manage %s: %w\n%s", args[0], err, out)
	}
	return string(out), nil
}

// Stop ends all of it.
func (m *MAS) Stop() error {
	var err error
	if m.Synapse != nil {
		err = m.Synapse.Stop()
	}
	if m.proc != nil {
		err = errors.Join(err, m.Server.Stop())
	}
	if m.postgres != nil {
		err = errors.Join(err, m.postgres.Stop())
	}
	return err
}
