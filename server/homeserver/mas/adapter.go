// SPDX-License-Identifier: Apache-2.0

// Package mas is the adapter for a Synapse that leaves its accounts to Matrix Authentication Service: Synapse's table, overlaid with
// what MAS's admin API does (github.com/element-hq/matrix-authentication-service, docs/api/spec.json).
package mas

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/synapse"
)

// Server is a Synapse with MAS.
type Server struct {
	Adapter homeserver.Adapter
	own     *adapter
}

// Close ends the work that is done beside the calls, and the token that the admin API was called with.
func (s *Server) Close(ctx context.Context) {
	s.own.comparison.close()
	s.own.mas.close(ctx)
}

// adapter is what stands behind the table.
type adapter struct {
	settings homeserver.Settings
	mas      *client
	synapse  homeserver.Adapter // Synapse's own table
	keys     *keys
	keeper   homeserver.Keeper
	bounds   bounds
	whole    joined
	large    large
	bridges  bridges
	// comparison of a server with many accounts
	comparison comparison
	clients    nameCache
	people     nameCache
	hand       inHand
	// pauses are how long to wait before each look at whether Synapse has heard of a change.
	pauses []time.Duration
	table  homeserver.Adapter

	mu   sync.Mutex
	site siteConfig
	read time.Time // when site was
}

// New returns the adapter for the Synapse and the MAS that the settings name. It sends nothing before the first call.
func New(settings homeserver.Settings, keeper homeserver.Keeper, options ...matrix.Option) *Server {
	a := build(settings, keeper, options...)
	return &Server{Adapter: a.table, own: a}
}

func build(settings homeserver.Settings, keeper homeserver.Keeper, options ...matrix.Option) *adapter {
	client := newClient(settings.MAS, settings.Timeout, options...)
	k := &keys{
		name: settings.Name, server: settings.ServerName, mas: client, synapse: matrix.New(settings.URL, settings.Timeout, options...),
		keeper: keeper, given: settings.Token, now: time.Now,
	}
	a := &adapter{
		settings: settings, bounds: usualBounds, mas: client, keys: k, keeper: keeper, synapse: synapse.NewWithKeys(settings, k, options...),
		pauses: []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second},
	}
	keyReset, _ := a.synapse.Find(api.AllowKeyReset.Info().Name) // which works here, and nowhere else
	a.table = a.synapse.Overlay(homeserver.Adapter{
		keyReset.MostlyMissing(""),
		homeserver.Implement(api.ListUsers, a.list),
		homeserver.Implement(api.GetUser, a.get),
		homeserver.Implement(api.CheckName, a.available),
		homeserver.Implement(api.CreateUser, a.create),
		homeserver.Implement(api.UpdateUser, a.update),
		homeserver.Implement(api.ResetPassword, a.resetPassword),
		homeserver.Implement(api.LockUser, a.lock),
		homeserver.Implement(api.UnlockUser, a.unlock),
		homeserver.Implement(api.DeactivateUser, a.deactivate),
		homeserver.Implement(api.EraseUser, a.erase),
		homeserver.Implement(api.ReactivateUser, a.reactivate),
		homeserver.Implement(api.RepairUser, a.repair),
		homeserver.Implement(api.PreviewDeed, a.preview),
		homeserver.Implement(api.ListDevices, a.devices),
		homeserver.Implement(api.SignOut, a.signOut),
		homeserver.Implement(api.PruneDevices, a.pruneDevices),
		homeserver.Missing(api.RenameDevice, reasonNoDevices),
		homeserver.Missing(api.CreateDevice, reasonNoDevices),
		homeserver.Missing(api.RenewUser, "mas_no_validity"),
		homeserver.Implement(api.SignInAs, a.signInAs),
		homeserver.Implement(api.FindUser, a.find),
		homeserver.Implement(api.ListProviders, a.listProviders),
		homeserver.Implement(api.ListClients, a.listClients),
		homeserver.Implement(api.GetClient, a.getClient),
		homeserver.Implement(api.GetSite, a.siteOf),
		homeserver.Implement(api.GetPolicy, a.policy),
		homeserver.Implement(api.ListPersonal, a.listPersonal),
		homeserver.Implement(api.GetPersonal, a.getPersonal),
		homeserver.Implement(api.CreatePersonal, a.createPersonal),
		homeserver.Implement(api.RenewPersonal, a.renewPersonal),
		homeserver.Implement(api.RevokePersonal, a.revokePersonal),
		homeserver.Implement(api.ListTokens, a.tokens),
		homeserver.Implement(api.ShowToken, a.showToken),
		homeserver.Implement(api.CreateToken, a.createToken),
		homeserver.Implement(api.UpdateToken, a.updateToken),
		homeserver.Missing(api.DeleteToken, "mas_no_token_delete"),
		homeserver.Implement(api.RevokeToken, a.revokeToken),
		homeserver.Implement(api.UnrevokeToken, a.unrevokeToken),
		homeserver.Implement(api.ServerInfo, a.info),
		homeserver.Implement(api.CheckServer, a.check),
		homeserver.Implement(api.VerifyOperator, a.verify),
	})
	return a
}

// id is the Matrix ID of a localpart here.
func (a *adapter) id(localpart string) api.UserID {
	return api.UserID("@" + localpart + ":" + a.settings.ServerName)
}

// local refuses the account of another homeserver, before anything is sent.
func (a *adapter) local(id api.UserID) error {
	if id.Server() != a.settings.ServerName {
		return api.NewProblem(api.StatusUnprocessable, "not_local", "server", a.settings.ServerName).At("id")
	}
	return nil
}

// siteLasts is how long MAS's configuration is taken for what it was.
const siteLasts = 10 * time.Minute

// siteConfig returns what MAS tells of its configuration (GET /api/admin/v1/site-config).
func (a *adapter) siteConfig(ctx context.Context) (siteConfig, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.read) < siteLasts {
		return a.site, nil
	}
	var out siteConfig
	if _, err := a.mas.do(ctx, get(matrix.At("/api/admin/v1/site-config")), &out); err != nil {
		return siteConfig{}, problem(err)
	}
	a.site, a.read = out, time.Now()
	return out, nil
}

// pair is an account on both sides; what one of them has not got is nil.
type pair struct {
	id      api.UserID
	synapse *api.User
	mas     *account
}

// look reads both sides at once (GET /_synapse/admin/v2/users/{id} and GET /api/admin/v1/users/by-username/{username}). An account
// that neither has is the problem not_found.
func (a *adapter) look(ctx context.Context, id api.UserID) (pair, error) {
	if err := a.local(id); err != nil {
		return pair{}, err
	}
	p := pair{id: id}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		u, err := homeserver.Call(ctx, a.synapse, api.GetUser, api.UserRef{ID: id})
		if err != nil {
			if problem(err).Code == "not_found" {
				return nil
			}
			return err
		}
		p.synapse = &u
		return nil
	})
	g.Go(func() error {
		found, err := a.mas.byName(ctx, id.Localpart())
		if missing(err) {
			return nil
		}
		if err != nil {
			return problem(err)
		}
		p.mas = &found
		return nil
	})
	if err := g.Wait(); err != nil {
		return pair{}, err
	}
	if p.synapse == nil && p.mas == nil {
		return pair{}, api.NewProblem(api.StatusNotFound, "not_found", "id", string(id))
	}
	return p, nil
}

// target is look for a deed, which takes an account that MAS has.
func (a *adapter) target(ctx context.Context, id api.UserID) (pair, error) {
	p, err := a.look(ctx, id)
	if err == nil && p.mas == nil {
		err = api.NewProblem(api.StatusConflict, "synapse_only").At("id")
	}
	return p, err
}

// user puts the two sides together. MAS decides about what it decides about, and what differs at Synapse is named in Drift.
func (p pair) user(own api.UserID) api.User {
	if p.mas == nil {
		u := *p.synapse
		u.Admin = false // nobody gets an administrator's token for it
		if !u.System && u.AppService == "" && u.Knows("drift") {
			u.Drift = []string{api.DriftSynapseOnly}
		}
		return u
	}
	of := p.mas.Attributes
	u := api.User{
		ID: p.id, Own: p.id == own, CreatedMS: of.Created.UnixMilli(), Guest: of.LegacyGuest, Drift: []string{api.DriftMASOnly},
		Unknown: []string{"display_name", "avatar_url", "user_type", "erased", "suspended", "shadow_banned", "appservice_id", "last_seen_ms"},
	}
	if p.synapse != nil {
		u = *p.synapse
		u.Drift = p.drift()
		u.Unknown = remove(u.Unknown, "locked")
	}
	u.Admin, u.Locked, u.Deactivated = of.Admin, of.Locked != nil, of.Deactivated != nil
	return u
}

// drift compares what both sides have an opinion about.
func (p pair) drift() []string {
	var list []string
	of, at := p.mas.Attributes, p.synapse
	if (of.Deactivated != nil) != at.Deactivated {
		list = append(list, api.DriftDeactivated)
	}
	// Of an ended account a lock is of no consequence, and MAS does not tell Synapse of one.
	if at.Knows("locked") && (of.Locked != nil) != at.Locked && of.Deactivated == nil {
		list = append(list, api.DriftLocked)
	}
	if of.Admin != at.Admin {
		list = append(list, api.DriftAdmin)
	}
	return list
}

func remove(list []string, one string) []string {
	var out []string
	for _, s := range list {
		if s != one {
			out = append(out, s)
		}
	}
	return out
}

// get returns one account with its e-mail addresses and links (GET /api/admin/v1/user-emails and upstream-oauth-links). Four
// requests, two at a time.
func (a *adapter) get(ctx context.Context, q api.UserRef) (api.User, error) {
	p, err := a.look(ctx, q.ID)
	if err != nil {
		return api.User{}, err
	}
	return a.full(ctx, p)
}

// full is an account with what takes requests of its own.
func (a *adapter) full(ctx context.Context, p pair) (api.User, error) {
	own, err := a.keys.Own(ctx)
	if err != nil {
		return api.User{}, problem(err)
	}
	u := p.user(own)
	if p.mas == nil {
		return u, nil
	}
	g, together := errgroup.WithContext(ctx)
	var addresses []api.Threepid
	g.Go(func() error {
		list, err := a.emails(together, p.mas.ID)
		for _, e := range list {
			addresses = append(addresses, api.Threepid{Medium: "email", Address: e.Attributes.Email, ValidatedMS: e.Attributes.Created.UnixMilli()})
		}
		return err
	})
	g.Go(func() (err error) {
		u.ExternalIDs, err = a.identities(together, p.mas.ID)
		return err
	})
	if err := g.Wait(); err != nil {
		return api.User{}, err
	}
	for _, t := range u.Threepids { // phone numbers are still Synapse's
		if t.Medium != "email" {
			addresses = append(addresses, t)
		}
	}
	u.Threepids = addresses
	if !u.Deactivated {
		if u.Begun, err = a.begun(ctx, p.id, *p.mas); err != nil {
			return api.User{}, err
		}
	}
	u.Unknown = remove(remove(u.Unknown, "threepids"), "external_ids")
	return u, nil
}

// maxOwned bounds what is read of one account: nobody has that many addresses, links or sessions of a kind.
const maxOwned = 1000

func (a *adapter) emails(ctx context.Context, id ulid) ([]resource[email], error) {
	list, _, err := readAll[email](ctx, a.mas, matrix.At("/api/admin/v1/user-emails"), 100, maxOwned, ofUser(id))
	if err != nil {
		return nil, problem(err)
	}
	return list, nil
}

// put changes an account at Synapse (PUT /_synapse/admin/v2/users/{id}): only what MAS leaves there. The caller has read it.
func (a *adapter) put(ctx context.Context, id api.UserID, body map[string]any) error {
	call := matrix.Call{Method: http.MethodPut, Path: matrix.At("/_synapse/admin/v2/users/{}", string(id)), Body: body}
	_, err := a.keys.Do(ctx, call, nil)
	return err
}

// putProblem is what is told of a put that failed.
func putProblem(id api.UserID, err error) *api.Problem {
	if matrix.Unknown(err) {
		return matrix.OutcomeUnknown(id)
	}
	return matrix.Failed(matrix.Problem(err))
}

// Prove reports whether a client may use the admin API: it gets a token, asks for the version, and ends the token. The error is what
// people are told.
func Prove(ctx context.Context, settings homeserver.MAS, timeout time.Duration) error {
	c := newClient(settings, timeout)
	defer c.close(ctx)
	a := adapter{mas: c}
	if _, err := a.version(ctx); err != nil {
		return problem(err)
	}
	return nil
}
