// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/tools/fakeservers"
	"gatehouse/tools/homeserver"
)

// masWorld is a Matrix Authentication Service and its Synapse: real ones where MAS_HOME names a folder with one, else those in memory.
type masWorld struct {
	t            *testing.T
	url, synapse string
	client, key  string
	kind         *homeserver.Server // what the desk's steps want to know of a homeserver

	token, admin string           // for MAS's admin API and for Synapse's
	fake         *fakeservers.MAS // nil where it is a real one
	real         *homeserver.MAS  // nil where it is one in memory
}

// realMAS is one for all tests of the run.
var realMAS = sync.OnceValues(func() (*homeserver.MAS, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	m, err := homeserver.StartMAS(ctx, homeserver.MASOptions{Home: os.Getenv("MAS_HOME")})
	if err == nil {
		atEnd.add(m.Stop)
	}
	return m, err
})

func newMAS(t *testing.T) *masWorld {
	t.Helper()
	w := &masWorld{t: t}
	if os.Getenv("MAS_HOME") != "" {
		m, err := realMAS()
		if err != nil {
			t.Fatal(err)
		}
		w.url, w.synapse, w.client, w.key = m.URL, m.Synapse.URL, homeserver.MASClient, m.ClientSecret
		w.real = m
	} else {
		t.Log("MAS_HOME names no Matrix Authentication Service; this runs on the one in memory")
		m := fakeservers.StartMAS(t)
		w.url, w.synapse, w.client, w.key, w.fake = m.URL, m.Synapse, m.ClientID, m.ClientSecret, &m
	}
	w.kind = &homeserver.Server{Kind: homeserver.Synapse, URL: w.synapse, ServerName: "localhost"}
	w = w.in(t)
	root := w.make(unique("root"), "", false)
	var session struct {
		Data struct {
			Attributes struct {
				Token string `json:"access_token"`
			} `json:"attributes"`
		} `json:"data"`
	}
	w.mas(http.MethodPost, "personal-sessions", map[string]any{"actor_user_id": root, "human_name": "tests", "scope": "urn:matrix:client:api:* urn:synapse:admin:*", "expires_in": 3600}, &session)
	w.admin = session.Data.Attributes.Token
	return w
}

// in is the same for another test, with a token of its own: they end after five minutes, and a parallel test may begin later.
func (w masWorld) in(t *testing.T) *masWorld {
	t.Helper()
	w.t = t
	var granted struct {
		Token string `json:"access_token"`
	}
	w.send(http.MethodPost, w.url+"/oauth2/token", "", url.Values{"grant_type": {"client_credentials"}, "scope": {"urn:mas:admin"}}, &granted)
	w.token = granted.Token
	return &w
}

// config is the section of a configuration that connects to it.
func (w *masWorld) config() string {
	return fmt.Sprintf("homeservers:\n  synapse:\n    url: %s\n    server_name: localhost\n    kind: synapse\n    hide_accounts: [\"gatehouse-*\"]\n    mas:\n      admin_url: %s\n      client_id: %s\n      client_secret: %q\n", w.synapse, w.url, w.client, w.key)
}

// send sends a request and decodes its answer; one that is refused fails the test. A form goes with the client's secret.
func (w *masWorld) send(method, address, token string, body, into any) {
	w.t.Helper()
	if status, answer := w.try(method, address, token, body); status >= 300 {
		w.t.Fatalf("%s %s: %d %s", method, address, status, answer)
	} else if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *masWorld) try(method, address, token string, body any) (int, []byte) {
	w.t.Helper()
	var content io.Reader
	kind := "application/json"
	if form, ok := body.(url.Values); ok {
		content, kind = strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"
	} else if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		content = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(timeout(w.t), method, address, content)
	if err != nil {
		w.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	} else if kind != "application/json" {
		r.SetBasicAuth(w.client, w.key)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// mas asks MAS's admin API.
func (w *masWorld) mas(method, path string, body, into any) {
	w.t.Helper()
	w.send(method, w.url+"/api/admin/v1/"+path, w.token, body, into)
}

// masUser is an account as MAS has it.
type masUser struct {
	Data struct {
		ID         string `json:"id"`
		Attributes struct {
			Locked      *string `json:"locked_at"`
			Deactivated *string `json:"deactivated_at"`
			Admin       bool    `json:"admin"`
		} `json:"attributes"`
	} `json:"data"`
}

func (w *masWorld) user(name string) (u masUser) {
	w.t.Helper()
	w.mas(http.MethodGet, "users/by-username/"+name, nil, &u)
	return u
}

// make makes an account, with a password if there is one, and returns MAS's ID of it.
func (w *masWorld) make(name, password string, admin bool) string {
	w.t.Helper()
	if status, _ := w.try(http.MethodGet, w.url+"/api/admin/v1/users/by-username/"+name, w.token, nil); status == http.StatusNotFound {
		w.mas(http.MethodPost, "users", map[string]any{"username": name}, nil)
	}
	id := w.user(name).Data.ID
	if password != "" {
		if status, answer := w.try(http.MethodPost, w.url+"/api/admin/v1/users/"+id+"/set-password", w.token, map[string]any{"password": password, "skip_password_check": true}); status != http.StatusNoContent {
			w.t.Fatalf("set-password: %d %s", status, answer)
		}
	}
	if admin {
		w.mas(http.MethodPost, "users/"+id+"/set-admin", map[string]any{"admin": true}, nil)
	}
	return id
}

// onlyHere makes an account that Synapse has not got.
func (w *masWorld) onlyHere(name string) {
	w.t.Helper()
	if w.fake != nil {
		w.fake.OnlyHere(name)
	} else if err := w.real.OnlyHere(timeout(w.t), name); err != nil {
		w.t.Fatal(err)
	}
}

// onlyAtSynapse makes an account that MAS has not got.
func (w *masWorld) onlyAtSynapse(name string, locked bool, emails ...string) {
	w.t.Helper()
	if w.fake != nil {
		w.fake.OnlyAtSynapse(name, locked, emails...)
	} else if err := w.real.OnlyAtSynapse(timeout(w.t), name, locked, emails...); err != nil {
		w.t.Fatal(err)
	}
}

// atSynapse is an account as Synapse's admin API tells it.
func (w *masWorld) atSynapse(name string) (u map[string]any) {
	w.t.Helper()
	w.send(http.MethodGet, w.synapse+"/_synapse/admin/v2/users/@"+name+":localhost", w.admin, nil, &u)
	return u
}

// signIn signs in as clients do, and returns the token, or "" where it is refused.
func (w *masWorld) signIn(name, password string) string {
	w.t.Helper()
	status, answer := w.try(http.MethodPost, w.url+"/_matrix/client/v3/login", "", map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": name}, "password": password,
	})
	var session struct {
		Token string `json:"access_token"`
	}
	if status == http.StatusOK && json.Unmarshal(answer, &session) != nil {
		w.t.Fatalf("%s", answer)
	}
	return session.Token
}

// lives tells whether a token works at Synapse.
func (w *masWorld) lives(token string) bool {
	w.t.Helper()
	status, _ := w.try(http.MethodGet, w.synapse+"/_matrix/client/v3/account/whoami", token, nil)
	return status == http.StatusOK
}

// desk is an administrator at work in a browser without scripts, who has signed in with their password at MAS.
func (w *masWorld) desk(g *gatehouse) *desk {
	w.t.Helper()
	d := &desk{page: newPage(w.t, false), g: g, hs: w.kind, name: unique("desk"), password: "my own <password> & more"}
	w.make(d.name, d.password, true)
	g.keepSecret("", d.password)
	d.open(g.URL + "/sign-in")
	if status := d.trySignIn(d.name, d.password); status != http.StatusOK {
		w.t.Fatalf("signing in: status %d\n%s", status, d.whereabouts())
	}
	return d
}
