// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse/tools/homeserver"
)

// The secrets of the shared servers. They occur nowhere else, and hold every
// character that some form of writing escapes.
const (
	synapseSecret  = `canary of Synapse <6Yq2"v'T9&wXb\ñ+/%>`
	dendriteSecret = `canary of Dendrite <h3Rk"8'Lm&Zp4\ñ+/%>`
)

// shared starts a server with the first test that asks for it, and stops it after
// the last test.
func shared(start func(context.Context) (*homeserver.Server, error)) func(t *testing.T) *homeserver.Server {
	get := sync.OnceValues(func() (*homeserver.Server, error) {
		s, err := start(context.Background())
		if err == nil {
			atEnd.add(s.Stop)
		}
		return s, err
	})
	return func(t *testing.T) *homeserver.Server {
		t.Helper()
		s, err := get()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// synapse is the shared Synapse. It has a shared secret and raised limits, it
// keeps its data in memory and believes X-Forwarded-For, and it knows the user
// type "teacher" besides its own. People register with a token there, and it sends
// server notices.
var synapse = shared(func(ctx context.Context) (*homeserver.Server, error) {
	return homeserver.StartSynapse(ctx, homeserver.SynapseOptions{
		ServerName:   "synapse.example",
		SharedSecret: synapseSecret,
		XForwarded:   true,
		UserTypes:    []string{"teacher"},
		Registration: true,
		Notices:      true,
	})
})

// dendrite is the shared Dendrite. It has a shared secret and no limits, and
// keeps its accounts in a SQLite file, which Database names.
var dendrite = shared(func(ctx context.Context) (*homeserver.Server, error) {
	return homeserver.StartDendrite(ctx, homeserver.DendriteOptions{
		ServerName:   "dendrite.example",
		SharedSecret: dendriteSecret,
	})
})

// ownSynapse starts a Synapse for one test alone.
func ownSynapse(t *testing.T, opts homeserver.SynapseOptions) *homeserver.Server {
	t.Helper()
	s, err := homeserver.StartSynapse(timeout(t), opts)
	return owned(t, s, err)
}

// ownDendrite starts a Dendrite for one test alone.
func ownDendrite(t *testing.T, opts homeserver.DendriteOptions) *homeserver.Server {
	t.Helper()
	s, err := homeserver.StartDendrite(timeout(t), opts)
	return owned(t, s, err)
}

func owned(t *testing.T, s *homeserver.Server, err error) *homeserver.Server {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// postgresServer is the shared PostgreSQL.
var postgresServer = sync.OnceValues(func() (*homeserver.Postgres, error) {
	p, err := homeserver.StartPostgres(context.Background())
	if err == nil {
		atEnd.add(p.Stop)
	}
	return p, err
})

// postgres makes an empty database for one test and returns its connection string.
func postgres(t *testing.T) string {
	t.Helper()
	server, _ := postgresOf(t)
	p, err := server()
	if err != nil {
		t.Fatal(err)
	}
	dsn, err := p.CreateDatabase(timeout(t), unique("test"))
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

var names atomic.Int64

// unique returns a localpart that no other test uses.
func unique(prefix string) string {
	return fmt.Sprintf("%s-%d", prefix, names.Add(1))
}

// register makes an account at the homeserver itself and signs it in.
func register(t *testing.T, hs *homeserver.Server, username, password string, admin bool) homeserver.Account {
	t.Helper()
	account, err := hs.Register(timeout(t), username, password, admin)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// canSignIn fails the test unless the account signs in with the password.
func canSignIn(t *testing.T, hs *homeserver.Server, username, password string) {
	t.Helper()
	if _, err := hs.Login(timeout(t), username, password); err != nil {
		t.Errorf("%s cannot sign in: %v", hs.UserID(username), err)
	}
}

// cannotSignIn fails the test unless the homeserver refuses the account's sign-in.
func cannotSignIn(t *testing.T, hs *homeserver.Server, username, password string) {
	t.Helper()
	_, err := hs.Login(timeout(t), username, password)
	if e := errorOf(err); e == nil || e.Status != http.StatusForbidden && e.Status != http.StatusUnauthorized {
		t.Errorf("signing in as %s: %v, want it refused", hs.UserID(username), err)
	}
}

// errorOf is the homeserver's own error in err, or nil.
func errorOf(err error) *homeserver.Error {
	var e *homeserver.Error
	errors.As(err, &e)
	return e
}
