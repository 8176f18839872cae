// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakemas"
	"gatehouse/server/homeserver/matrix"
)

// bench is an adapter in front of a fake MAS and its Synapse.
type bench struct {
	*adapter
	t      *testing.T
	fake   *fakemas.Server
	keeper *memory
	clock  *clock
	sent   *counter
	hide   []string // patterns of accounts that the next adapter hides
}

// newBench makes one. Every request to MAS and every answer of it is held against what MAS says of itself (see shapes_test.go).
func newBench(t *testing.T, options fakemas.Options) *bench {
	t.Helper()
	options.Check = contract.Check(t)
	fake := fakemas.New(t, options)
	b := &bench{t: t, fake: fake, keeper: &memory{}, clock: &clock{now: time.Now()}, sent: &counter{}}
	fake.Now = b.clock.Now
	b.adapter = b.another()
	return b
}

// another makes a second adapter on the same servers, with the same memory: another process.
func (b *bench) another() *adapter {
	a := build(homeserver.Settings{
		Name: "main", URL: b.fake.Synapse.URL, ServerName: "localhost", Hide: b.hide, Timeout: 10 * time.Second, ClientURL: "https://app.example.org",
		MAS: homeserver.MAS{AdminURL: b.fake.URL, ClientID: fakemas.ClientID, ClientSecret: api.NewSecret(fakemas.ClientSecret)},
	}, b.keeper, matrix.WithTransport(b.sent))
	a.pauses = []time.Duration{0, 0, 0}
	a.mas.now, a.keys.now = b.clock.Now, b.clock.Now
	return a
}

// id is the Matrix ID of a name.
func id(name string) api.UserID { return api.UserID("@" + name + ":localhost") }

// code is the code of a problem, and of the first field at fault.
func code(err error) string {
	if err == nil {
		return ""
	}
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return fmt.Sprintf("no problem: %v", err)
	}
	if len(p.Fields) > 0 {
		return p.Code + " " + p.Fields[0].Field + ":" + p.Fields[0].Code
	}
	return p.Code
}

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// counter counts the requests of an adapter, and can let them fail.
type counter struct {
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
	return http.DefaultTransport.RoundTrip(r)
}

// since returns what was sent while a function ran.
func (c *counter) since(do func()) []string {
	c.mu.Lock()
	before := len(c.seen)
	c.mu.Unlock()
	do()
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.seen[before:]...)
}

func (c *counter) failing(fail func(*http.Request) (*http.Response, error, bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = fail
}

// memory is a Keeper.
type memory struct {
	mu      sync.Mutex
	kept    homeserver.ServiceAccount
	refuses bool
	retired []api.UserID
	begun   []api.UserID // service accounts
	once    bool         // only one may be begun at a time
	halves  map[api.UserID]homeserver.Begun
	deaf    error // why nothing of halves is written down, nil where it is
}

func (m *memory) BeginServiceAccount(_ context.Context, _ string, id api.UserID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.once && len(m.begun) > len(m.retired) {
		return homeserver.ErrBegun
	}
	m.begun = append(m.begun, id)
	return nil
}

func (m *memory) ForgetServiceAccount(_ context.Context, _ string, id api.UserID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begun = slices.DeleteFunc(m.begun, func(other api.UserID) bool { return other == id })
	return nil
}

func (m *memory) RetireServiceAccount(_ context.Context, _ string, id api.UserID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retired = append(m.retired, id)
	return nil
}

func (m *memory) ServiceAccount(context.Context, string) (homeserver.ServiceAccount, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept.ID == "" {
		return homeserver.ServiceAccount{}, homeserver.ErrNone
	}
	return m.kept, nil
}

func (m *memory) ReplaceServiceAccount(_ context.Context, _ string, old api.UserID, now homeserver.ServiceAccount) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuses || m.kept.ID != old {
		return false, nil
	}
	m.kept = now
	return true, nil
}

func (m *memory) NoteAccount(context.Context, string, api.UserID) error { return nil }

func (m *memory) MadeAccounts(context.Context, string) ([]homeserver.MadeAccount, error) {
	return nil, nil
}

func (m *memory) SetStep(context.Context, string, api.UserID, string) error { return nil }

func (m *memory) Step(context.Context, string, api.UserID) (string, error) { return "", nil }

// deafen has nothing more of unfinished accounts written down, for a reason.
func (m *memory) deafen(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deaf = why
}

func (m *memory) NoteBegun(_ context.Context, _ string, b homeserver.Begun) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deaf != nil {
		return m.deaf
	}
	if m.halves == nil {
		m.halves = map[api.UserID]homeserver.Begun{}
	}
	b.At = time.Now()
	if m.halves[b.ID] = b; len(b.Left) == 0 {
		delete(m.halves, b.ID)
	}
	return nil
}

func (m *memory) Begun(ctx context.Context, _ string, id api.UserID) (homeserver.Begun, error) {
	if ctx.Err() != nil {
		return homeserver.Begun{}, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.halves[id]
	if !ok {
		return homeserver.Begun{}, homeserver.ErrNone
	}
	return b, nil
}
