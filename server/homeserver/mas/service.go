// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// tooOld is what a MAS says that has not got an endpoint yet: 404 for a list, and for what always is there.
func tooOld(err error) error {
	if matrix.Is(err, http.StatusNotFound, "") {
		return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", reasonOld)
	}
	return problem(err)
}

// oauthClient is a client as MAS writes it (since 1.20).
type oauthClient struct {
	Name         string   `json:"client_name"`
	URI          string   `json:"client_uri"`
	RedirectURIs []string `json:"redirect_uris"`
	GrantTypes   []string `json:"grant_types"`
	Static       bool     `json:"is_static"`
}

func clientOf(r resource[oauthClient]) api.Client {
	w := r.Attributes
	return api.Client{ID: string(r.ID), Name: w.Name, URL: w.URI, Static: w.Static, GrantTypes: w.GrantTypes, RedirectURLs: w.RedirectURIs}
}

// listClients returns a page of the clients (GET /api/admin/v1/oauth2-clients). `client-name` is a part of it, in any case.
func (a *adapter) listClients(ctx context.Context, q api.ClientQuery) (api.ClientPage, error) {
	var filters []filter
	if q.Search != "" {
		filters = append(filters, withName(q.Search))
	}
	p, err := readNewest[oauthClient](ctx, a.mas, matrix.At("/api/admin/v1/oauth2-clients"), api.ServicePage, ulid(q.Cursor), filters...)
	if err != nil {
		return api.ClientPage{}, tooOld(err)
	}
	out := api.ClientPage{Clients: make([]api.Client, 0, len(p.Items)), Total: int64(p.Total), Next: string(p.next())}
	for _, r := range p.Items {
		out.Clients = append(out.Clients, clientOf(r))
	}
	return out, nil
}

// getClient returns one.
func (a *adapter) getClient(ctx context.Context, q api.ClientRef) (api.Client, error) {
	r, err := a.oneClient(ctx, ulid(q.ID))
	if missing(err) || matrix.Is(err, http.StatusBadRequest, "") {
		return api.Client{}, api.NewProblem(api.StatusNotFound, "no_such_client")
	}
	if err != nil {
		return api.Client{}, tooOld(err)
	}
	return clientOf(r), nil
}

// oneClient asks for one (GET /api/admin/v1/oauth2-clients/{id}, since 1.20).
func (a *adapter) oneClient(ctx context.Context, id ulid) (resource[oauthClient], error) {
	var out single[oauthClient]
	_, err := a.mas.do(ctx, get(matrix.At("/api/admin/v1/oauth2-clients/{}", string(id))), &out)
	return out.Data, err
}

// siteOf returns what MAS tells of its configuration (GET /api/admin/v1/site-config).
func (a *adapter) siteOf(ctx context.Context, _ api.ServerQuery) (api.Site, error) {
	s, err := a.siteConfig(ctx)
	return api.Site{
		ServerName: s.ServerName, Passwords: s.Passwords, MinimumPasswordQuality: s.MinimumQuality, Registration: s.Registration,
		RegistrationEmailRequired: s.EmailRequired, RegistrationTokenRequired: s.TokenRequired, EmailChange: s.EmailChange,
		DisplayNameChange: s.NameChange, PasswordChange: s.PasswordChange, Recovery: s.Recovery, Deactivation: s.Deactivation, Captcha: s.Captcha,
	}, err
}

// policy returns the policy's data (GET /api/admin/v1/policy-data/latest, since 0.15). 404 is none: no version that tells its version at all
// lacks the endpoint.
func (a *adapter) policy(ctx context.Context, _ api.ServerQuery) (api.Policy, error) {
	var out single[struct {
		Created time.Time       `json:"created_at"`
		Data    json.RawMessage `json:"data"`
	}]
	_, err := a.mas.do(ctx, get(matrix.At("/api/admin/v1/policy-data/latest")), &out)
	if missing(err) {
		return api.Policy{}, nil
	}
	if err != nil {
		return api.Policy{}, problem(err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, out.Data.Attributes.Data, "", "  "); err != nil {
		return api.Policy{}, api.NewProblem(api.StatusBadGateway, "mas_unknown_answer", "status", "200")
	}
	return api.Policy{CreatedMS: out.Data.Attributes.Created.UnixMilli(), Data: text.String()}, nil
}

// nameCache remembers what MAS's identifiers stand for, for those that do not change.
type nameCache struct {
	mu    sync.Mutex
	known map[ulid]string
}

// maxNames bounds it; dynamic clients come and go.
const maxNames = 10000

// of returns a name, and asks where it is not known yet; "" where nobody tells. One that is not there any more is not asked for again.
func (n *nameCache) of(id ulid, ask func() (string, error)) string {
	n.mu.Lock()
	name, ok := n.known[id]
	n.mu.Unlock()
	if ok || !id.valid() {
		return name
	}
	name, err := ask()
	if err != nil && !missing(err) && !matrix.Is(err, http.StatusNotFound, "") {
		return "" // asked again the next time
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil || len(n.known) >= maxNames {
		n.known = map[ulid]string{}
	}
	n.known[id] = name
	return name
}

// clientName returns the name of a client.
func (a *adapter) clientName(ctx context.Context, id ulid) string {
	return a.clients.of(id, func() (string, error) {
		r, err := a.oneClient(ctx, id)
		return r.Attributes.Name, err
	})
}

// userID returns the Matrix ID of an account of MAS's (GET /api/admin/v1/users/{id}); a username never changes.
func (a *adapter) userID(ctx context.Context, id ulid) api.UserID {
	name := a.people.of(id, func() (string, error) {
		var out single[user]
		_, err := a.mas.do(ctx, get(matrix.At("/api/admin/v1/users/{}", string(id))), &out)
		return out.Data.Attributes.Username, err
	})
	if name == "" {
		return ""
	}
	return a.id(strings.TrimSpace(name))
}
