// SPDX-License-Identifier: Apache-2.0

// Package synapse is the adapter for Synapse: its admin API, the part of the client-server API that signs people in, and
// registration with the shared secret.
package synapse

import (
	"context"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
)

// The reasons (`missing.<reason>`) why something cannot be had.
const (
	reasonMAS     = "mas"
	reasonVersion = "synapse_old"
)

// synapse is one homeserver.
type synapse struct {
	settings  homeserver.Settings
	client    *matrix.Client
	registrar *sharedsecret.Registrar
	keys      *sharedsecret.Keys
	facts     factbook
	table     homeserver.Adapter
	// pauses are how long to wait before each look at what became of a write that nobody answered.
	pauses []time.Duration
}

// New returns the adapter for the Synapse that the settings name. It sends nothing before the first call.
func New(settings homeserver.Settings, keeper homeserver.Keeper, options ...matrix.Option) homeserver.Adapter {
	return build(settings, keeper, options...).table
}

func build(settings homeserver.Settings, keeper homeserver.Keeper, options ...matrix.Option) *synapse {
	client := matrix.New(settings.URL, settings.Timeout, options...)
	registrar := sharedsecret.NewRegistrar(client, sharedsecret.Synapse, settings.Secret)
	s := &synapse{
		settings:  settings,
		client:    client,
		registrar: registrar,
		keys:      sharedsecret.NewKeys(settings.Name, client, registrar, settings.Token, keeper),
		pauses:    []time.Duration{0, time.Second, 2 * time.Second},
	}
	s.table = homeserver.Adapter{
		homeserver.Implement(api.ListUsers, s.list),
		homeserver.Implement(api.GetUser, s.get),
		homeserver.Implement(api.CheckName, s.available),
		homeserver.Implement(api.CreateUser, s.create).When(s.withoutMAS),
		homeserver.Implement(api.UpdateUser, s.update),
		homeserver.Implement(api.ResetPassword, s.resetPassword).When(s.withoutMAS),
		homeserver.Implement(api.LockUser, s.lock).When(s.canLock),
		homeserver.Implement(api.UnlockUser, s.unlock).When(s.canLock),
		homeserver.Implement(api.DeactivateUser, s.deactivate).When(s.withoutMAS),
		homeserver.Implement(api.EraseUser, s.erase).When(s.withoutMAS),
		homeserver.Implement(api.ReactivateUser, s.reactivate).When(s.withoutMAS),
		homeserver.Implement(api.PreviewDeed, s.preview),
		homeserver.Implement(api.ListDevices, s.devices),
		homeserver.Implement(api.SignOut, s.signOut).When(s.withoutMAS),
		homeserver.Implement(api.ServerInfo, s.info),
		homeserver.Implement(api.CheckServer, s.check),
		homeserver.Implement(api.VerifyOperator, s.verify).When(s.withoutMAS),
	}
	return s
}

// withoutMAS is the condition of what Matrix Authentication Service takes over.
func (s *synapse) withoutMAS() string {
	if s.facts.now().mas {
		return reasonMAS
	}
	return ""
}

// canLock is the condition of locks: not under MAS, which overwrites them, and not before Synapse 1.91.
func (s *synapse) canLock() string {
	if why := s.withoutMAS(); why != "" {
		return why
	}
	if !s.facts.now().version.atLeast(1, 91) {
		return reasonVersion
	}
	return ""
}

// serverName returns what stands after the colon of the homeserver's accounts.
func (s *synapse) serverName(ctx context.Context) (string, error) {
	if s.settings.ServerName != "" {
		return s.settings.ServerName, nil
	}
	own, err := s.keys.Own(ctx)
	if err != nil {
		return "", matrix.Problem(err)
	}
	return own.Server(), nil
}

// local refuses the account of another homeserver, before anything is sent.
func (s *synapse) local(ctx context.Context, id api.UserID) error {
	name, err := s.serverName(ctx)
	if err != nil {
		return err
	}
	if id.Server() != name {
		return api.NewProblem(api.StatusUnprocessable, "not_local", "server", name).At("id")
	}
	return nil
}

// fresh is a context for what has to be done even where the caller's time is over: looking at what became of a write, or
// signing out again.
func (s *synapse) fresh(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.client.Timeout())
}
