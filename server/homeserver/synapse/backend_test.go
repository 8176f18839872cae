// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
	realserver "gatehouse/tools/homeserver"
)

const testSecret = "suite-secret"

// real is one Synapse for all tests of the package, started by the first that wants it.
var real = sync.OnceValues(func() (*realserver.Server, error) {
	realStarted = true
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s, err := realserver.StartSynapse(ctx, realserver.SynapseOptions{
		SharedSecret: testSecret, XForwarded: true, UserTypes: []string{"robot"}, Registration: true, Notices: true,
		ExtraYAML: "background_updates: {sleep_enabled: false}\n",
	})
	if err != nil {
		return nil, err
	}
	return s, waitUpdated(ctx, s)
})

// waitUpdated waits until a new Synapse has made the last of its tables. Before, reactivating is a 500.
func waitUpdated(ctx context.Context, s *realserver.Server) error {
	for {
		var status struct {
			Current map[string]any `json:"current_updates"`
		}
		if err := s.Admin(ctx, http.MethodGet, "/_synapse/admin/v1/background_updates/status", nil, &status); err != nil {
			return err
		}
		if len(status.Current) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var realStarted bool

func TestMain(m *testing.M) {
	code := m.Run()
	if realStarted {
		if s, err := real(); err == nil {
			_ = s.Stop()
		}
	}
	os.Exit(code)
}

// onBoth runs a test against the fake and against a real Synapse, so that the one cannot drift from the other.
func onBoth(t *testing.T, run func(*testing.T, *bench)) {
	t.Run("fake", func(t *testing.T) {
		f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Registration: "token", Notices: true})
		run(t, newBench(t, f.URL, homeserver.Settings{}))
	})
	t.Run("real", func(t *testing.T) {
		if !realserver.SynapseInstalled() {
			t.Skip("no Synapse is installed; go run ./tools/setup -only synapse puts one under .cache")
		}
		s, err := real()
		if err != nil {
			t.Fatal(err)
		}
		run(t, newBench(t, s.URL, homeserver.Settings{}))
	})
}

// bench is an adapter on a homeserver, and a way to look at the homeserver without the adapter.
type bench struct {
	*synapse
	url    string
	root   api.Secret // the token of an administrator of the test's own
	keeper *memory
	raw    *matrix.Client
	sent   *counter
}

// newBench makes an adapter. Settings need nothing but what a test is about.
func newBench(t *testing.T, url string, settings homeserver.Settings) *bench {
	t.Helper()
	settings.Name, settings.URL = "main", url
	if settings.Token.IsZero() && settings.Secret.IsZero() {
		settings.Secret = api.NewSecret(testSecret)
	}
	if settings.Timeout == 0 {
		settings.Timeout = 20 * time.Second
	}
	b := &bench{url: url, keeper: &memory{}, raw: matrix.New(url, 20*time.Second), sent: &counter{next: http.DefaultTransport}}
	b.synapse = build(settings, b.keeper, matrix.WithTransport(b.sent))
	b.pauses = []time.Duration{0}
	t.Cleanup(b.raw.Close)
	return b
}

// admin returns a token of an administrator that is not the adapter's.
func (b *bench) admin(t *testing.T) api.Secret {
	t.Helper()
	if b.root.IsZero() {
		b.root = b.person(t, unique("root"), true)
	}
	return b.root
}

// person makes an account without the adapter and signs it in. Its password is "wonderland".
func (b *bench) person(t *testing.T, name string, admin bool) api.Secret {
	t.Helper()
	r := sharedsecret.NewRegistrar(b.raw, sharedsecret.Synapse, api.NewSecret(testSecret), nil)
	made, err := r.Register(t.Context(), sharedsecret.Account{Username: api.Localpart(name), Password: api.NewSecret("wonderland"), Admin: admin, Device: "Test"})
	if err != nil {
		t.Fatal(err)
	}
	return made.Token
}

// id is the Matrix ID of a name on the homeserver.
func (b *bench) id(name string) api.UserID { return api.UserID("@" + name + ":localhost") }

// raw answers of the homeserver, as an administrator.
func (b *bench) ask(t *testing.T, method string, path matrix.Path, body, out any) error {
	t.Helper()
	_, err := b.raw.Do(t.Context(), matrix.Call{Method: method, Path: path, Token: b.admin(t), Body: body}, out)
	return err
}

// signsIn tries a password as a client does; "" means that it worked, else it is the errcode.
func (b *bench) signsIn(t *testing.T, id api.UserID, password string) string {
	t.Helper()
	return b.signsInAs(t, id, password, unique("DEVICE"))
}

func (b *bench) signsInAs(t *testing.T, id api.UserID, password, device string) string {
	t.Helper()
	_, err := b.raw.Do(t.Context(), matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/login"), Body: map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": id}, "password": password, "device_id": device,
	}}, nil)
	if err == nil {
		return ""
	}
	e, ok := matrix.As(err)
	if !ok {
		t.Fatal(err)
	}
	return e.Errcode
}

// alive tells whether a token still works.
func (b *bench) alive(t *testing.T, token api.Secret) bool {
	t.Helper()
	_, err := b.raw.Do(t.Context(), matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/account/whoami"), Token: token}, nil)
	return err == nil
}

// counter counts the requests of an adapter, and can let them fail.
type counter struct {
	next http.RoundTripper
	mu   sync.Mutex
	seen []string
	fail func(*http.Request) (*http.Response, error, bool)
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.seen = append(c.seen, r.Method+" "+r.URL.Path)
	fail := c.fail
	c.mu.Unlock()
	if fail != nil {
		if resp, err, yes := fail(r); yes {
			return resp, err
		}
	}
	return c.next.RoundTrip(r)
}

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = nil
}

func (c *counter) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.seen...)
}

// memory is a Keeper that forgets.
type memory struct {
	homeserver.Keeper
	mu  sync.Mutex
	now homeserver.ServiceAccount
}

func (m *memory) ServiceAccount(context.Context, string) (homeserver.ServiceAccount, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now.ID == "" {
		return m.now, homeserver.ErrNone
	}
	return m.now, nil
}

func (m *memory) ReplaceServiceAccount(_ context.Context, _ string, old api.UserID, now homeserver.ServiceAccount) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now.ID != old {
		return false, nil
	}
	m.now = now
	return true, nil
}

var uniqueMu sync.Mutex
var uniqueNext int

// unique makes a name that no other test of the shared homeserver has.
func unique(name string) string {
	uniqueMu.Lock()
	defer uniqueMu.Unlock()
	uniqueNext++
	return fmt.Sprintf("%s%d", name, uniqueNext)
}

// problem is the code of an error, with the codes at its fields.
func problem(err error) string {
	if err == nil {
		return ""
	}
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return "no problem document: " + err.Error()
	}
	return p.Error()
}

func typed(password string) api.PasswordChoice {
	return api.PasswordChoice{Mode: api.PasswordTyped, Password: api.NewSecret(password)}
}

func names(users []api.User) string {
	var out []string
	for _, u := range users {
		out = append(out, u.ID.Localpart())
	}
	return strings.Join(out, " ")
}

// answer is a response that no server gave.
func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ProtoMajor: 1, ProtoMinor: 1}
}
