// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakedendrite"
	"gatehouse/server/homeserver/matrix"
	servers "gatehouse/tools/homeserver"
)

// world is one Dendrite, with the adapter set up for it in one of the ways there are.
type world struct {
	*server
	adapter homeserver.Adapter
	keeper  *keeper
	fake    *fakedendrite.Server // nil where it is a real one
}

// keeper is the gate's memory in tests.
type keeper struct {
	mu      sync.Mutex
	account *homeserver.ServiceAccount
	made    []homeserver.MadeAccount
	steps   map[api.UserID]string
	history []string
	down    bool
}

var errDown = errors.New("the store is down")

func (k *keeper) lock() (func(), error) {
	k.mu.Lock()
	if k.down {
		return k.mu.Unlock, errDown
	}
	return k.mu.Unlock, nil
}

func (k *keeper) setDown(down bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = down
}

func (k *keeper) ServiceAccount(context.Context, string) (homeserver.ServiceAccount, error) {
	unlock, err := k.lock()
	defer unlock()
	if err == nil && k.account == nil {
		err = homeserver.ErrNone
	}
	if err != nil {
		return homeserver.ServiceAccount{}, err
	}
	return *k.account, nil
}

func (k *keeper) ReplaceServiceAccount(_ context.Context, _ string, old api.UserID, now homeserver.ServiceAccount) (bool, error) {
	unlock, err := k.lock()
	defer unlock()
	if err != nil || (k.account == nil) != (old == "") || (k.account != nil && k.account.ID != old) {
		return false, err
	}
	k.account = &now
	return true, nil
}

func (k *keeper) BeginServiceAccount(context.Context, string, api.UserID) error { return nil }

func (k *keeper) ForgetServiceAccount(context.Context, string, api.UserID) error { return nil }

func (k *keeper) RetireServiceAccount(context.Context, string, api.UserID) error { return nil }

func (k *keeper) NoteAccount(_ context.Context, _ string, id api.UserID) error {
	unlock, err := k.lock()
	defer unlock()
	k.made = append(k.made, homeserver.MadeAccount{ID: id, Created: time.Now()})
	return err
}

func (k *keeper) MadeAccounts(context.Context, string) ([]homeserver.MadeAccount, error) {
	unlock, err := k.lock()
	defer unlock()
	return slices.Clone(k.made), err
}

func (k *keeper) SetStep(_ context.Context, _ string, id api.UserID, step string) error {
	unlock, err := k.lock()
	defer unlock()
	if err != nil {
		return err
	}
	k.steps[id] = step
	k.history = append(k.history, id.Localpart()+"="+step)
	return nil
}

func (k *keeper) Step(_ context.Context, _ string, id api.UserID) (string, error) {
	unlock, err := k.lock()
	defer unlock()
	return k.steps[id], err
}

// build makes a world of settings.
func build(t *testing.T, settings homeserver.Settings, fake *fakedendrite.Server, options ...matrix.Option) *world {
	t.Helper()
	settings.Name, settings.ClientURL, settings.Timeout = "here", "https://chat.example", 20*time.Second
	settings.Hide = []string{"gatehouse-*", "bridge[1]_*", "irc_*"}
	k := &keeper{steps: map[api.UserID]string{}}
	s := newServer(settings, k, options...)
	w := &world{server: s, adapter: s.adapter(), keeper: k, fake: fake}
	t.Cleanup(func() {
		s.client.Close()
		if err := s.db.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// fakeWorld is a fake Dendrite with the database read and written, or without.
func fakeWorld(t *testing.T, database bool) *world {
	t.Helper()
	fake := fakedendrite.New(t)
	return build(t, settingsOf(fake.URL, fake.Secret, fake.Database, database), fake)
}

func settingsOf(url, secret, source string, database bool) homeserver.Settings {
	s := homeserver.Settings{URL: url, Secret: api.NewSecret(secret)}
	if database {
		s.Database, s.DatabaseWrites = api.NewSecret(source), true
	}
	return s
}

// Real servers are started once and shared: a scenario uses names of its own.
var (
	onSQLite   = sync.OnceValues(func() (*servers.Server, error) { return start("") })
	onPostgres = sync.OnceValues(func() (*servers.Server, error) {
		p, err := servers.StartPostgres(context.Background())
		if err != nil {
			return nil, err
		}
		stops = append(stops, p.Stop)
		dsn, err := p.CreateDatabase(context.Background(), "dendrite")
		if err != nil {
			return nil, err
		}
		return start(dsn)
	})
	stops []func() error
)

func start(postgres string) (*servers.Server, error) {
	s, err := servers.StartDendrite(context.Background(), servers.DendriteOptions{SharedSecret: "a secret for tests", Postgres: postgres})
	if err == nil {
		stops = append(stops, s.Stop)
	}
	return s, err
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range slices.Backward(stops) {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// everywhere runs a test on the fake and on real servers, with the database and without it. needs says which of these it is for.
func everywhere(t *testing.T, needs string, test func(*testing.T, *world)) {
	t.Helper()
	for _, kind := range []struct {
		name     string
		database bool
		server   func() (*servers.Server, error)
	}{
		{"fake", false, nil},
		{"fake with database", true, nil},
		{"Dendrite", false, onSQLite},
		{"Dendrite with SQLite", true, onSQLite},
		{"Dendrite with PostgreSQL", true, onPostgres},
	} {
		if (needs == "database" && !kind.database) || (needs == "no database" && kind.database) {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			if kind.server == nil {
				test(t, fakeWorld(t, kind.database))
				return
			}
			if testing.Short() {
				t.Skip("a real Dendrite is not started in short tests")
			}
			if !servers.DendriteInstalled() {
				t.Skip("no Dendrite is installed; run: go run ./tools/setup -only dendrite")
			}
			if strings.Contains(kind.name, "PostgreSQL") && !servers.PostgresInstalled() {
				t.Skip("no PostgreSQL is installed; on Debian: apt-get install postgresql")
			}
			server, err := kind.server()
			if err != nil {
				t.Fatal(err)
			}
			test(t, build(t, settingsOf(server.URL, server.SharedSecret, server.Database, kind.database), nil))
		})
	}
}

// nth numbers the names, so that real servers can be shared by tests.
var nth atomic.Int64

func fresh(prefix string) api.Localpart {
	return api.Localpart(fmt.Sprintf("%s-%d", prefix, nth.Add(1)))
}

// do calls an operation as the gate does: ready, then with a valid request.
func do[Req api.Request, Res any](t *testing.T, w *world, op *api.Operation[Req, Res], req Req) (Res, error) {
	t.Helper()
	var none Res
	entry, ok := w.adapter.Find(op.Info().Name)
	if !ok {
		t.Fatalf("the adapter has no %s", op.Info().Name)
	}
	if why := entry.Why(); why != "" {
		return none, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why)
	}
	if err := req.Validate(); err != nil {
		t.Fatalf("%s: %v", op.Info().Name, err)
	}
	out, err := entry.Call(t.Context(), req)
	if err != nil {
		if p, ok := errors.AsType[*api.Problem](err); !ok {
			t.Errorf("%s failed with %v, which is no Problem", op.Info().Name, err)
		} else if p.Code == "internal" {
			t.Errorf("%s is a fault of the gate", op.Info().Name)
		}
		return none, err
	}
	return out.(Res), nil
}

// must is do where nothing may fail.
func must[Req api.Request, Res any](t *testing.T, w *world, op *api.Operation[Req, Res], req Req) Res {
	t.Helper()
	out, err := do(t, w, op, req)
	if err != nil {
		t.Fatalf("%s: %v", op.Info().Name, described(err))
	}
	return out
}

// described tells all of a problem.
func described(err error) string {
	data, _ := json.Marshal(err)
	return err.Error() + " " + string(data)
}

// code returns an error's code, "" for none.
func code(err error) string {
	if err == nil {
		return ""
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p.Code
	}
	return err.Error()
}

// at returns the fields that a problem names.
func at(err error) []string {
	var names []string
	if p, ok := errors.AsType[*api.Problem](err); ok {
		for _, f := range p.Fields {
			names = append(names, f.Field)
		}
	}
	return names
}

func typed(text string) api.PasswordChoice {
	return api.PasswordChoice{Mode: api.PasswordTyped, Password: api.NewSecret(text)}
}

// make creates an account and returns its ID.
func (w *world) make(t *testing.T, prefix, password string, admin bool) api.UserID {
	t.Helper()
	return must(t, w, api.CreateUser, api.UserCreate{Localpart: fresh(prefix), Password: typed(password), Admin: admin}).User.ID
}

// raw sends a request as a client would, with no code of the adapter.
func (w *world) raw(t *testing.T, method, path, token string, body, out any) int {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.settings.URL+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode
}

// signsIn signs in as a client would and returns the token, "" where the server refuses.
func (w *world) signsIn(t *testing.T, id api.UserID, password string) string {
	t.Helper()
	var out struct {
		Token string `json:"access_token"`
	}
	status := w.raw(t, http.MethodPost, "/_matrix/client/v3/login", "", map[string]any{
		"type": "m.login.password", "identifier": map[string]string{"type": "m.id.user", "user": string(id)}, "password": password,
	}, &out)
	if status != http.StatusOK && status != http.StatusForbidden {
		t.Fatalf("signing in answered %d", status)
	}
	return out.Token
}

// alive reports whether a token is good.
func (w *world) alive(t *testing.T, token string) bool {
	t.Helper()
	return w.raw(t, http.MethodGet, "/_matrix/client/v3/account/whoami", token, nil, nil) == http.StatusOK
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (*keeper) NoteBegun(context.Context, string, homeserver.Begun) error { return nil }

func (*keeper) Begun(context.Context, string, api.UserID) (homeserver.Begun, error) {
	return homeserver.Begun{}, homeserver.ErrNone
}
