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
	reasonMAS      = "mas"
	reasonNoGuests = "mas_no_guests"
	reasonNoMAS    = "no_mas"
	reasonVersion  = "synapse_old"
	reasonNotices  = "synapse_no_notices"
)

// synapse is one homeserver.
type synapse struct {
	settings  homeserver.Settings
	client    *matrix.Client
	registrar *sharedsecret.Registrar
	keys      Keys
	facts     factbook
	table     homeserver.Adapter
	// pauses are how long to wait before each look at what became of a write that nobody answered.
	pauses []time.Duration
}

// New returns the adapter for the Synapse that the settings name. It sends nothing before the first call.
func New(settings homeserver.Settings, keeper homeserver.Keeper, options ...matrix.Option) homeserver.Adapter {
	return build(settings, keeper, options...).table
}

// Keys is where an administrator's token comes from: the configuration, a service account, or a personal session of Matrix
// Authentication Service.
type Keys interface {
	// Do sends a call with the token, renewed where it has to be. Errors are *matrix.Error or *api.Problem.
	Do(ctx context.Context, call matrix.Call, out any) (matrix.Answer, error)
	// Own returns the account that the gate acts as.
	Own(ctx context.Context) (api.UserID, error)
	// Given reports whether the token comes from the configuration.
	Given() bool
	// Locked returns the account whose token is kept and cannot be opened with today's key, "" where there is none.
	Locked(ctx context.Context) api.UserID
}

// NewWithKeys is New for a Synapse whose token comes from elsewhere.
func NewWithKeys(settings homeserver.Settings, keys Keys, options ...matrix.Option) homeserver.Adapter {
	client := matrix.New(settings.URL, settings.Timeout, options...)
	return assemble(settings, client, sharedsecret.NewRegistrar(client, sharedsecret.Synapse, settings.Secret, settings.Registrations), keys).table
}

func build(settings homeserver.Settings, keeper homeserver.Keeper, options ...matrix.Option) *synapse {
	client := matrix.New(settings.URL, settings.Timeout, options...)
	registrar := sharedsecret.NewRegistrar(client, sharedsecret.Synapse, settings.Secret, settings.Registrations)
	return assemble(settings, client, registrar, sharedsecret.NewKeys(settings, client, registrar, keeper))
}

func assemble(settings homeserver.Settings, client *matrix.Client, registrar *sharedsecret.Registrar, keys Keys) *synapse {
	s := &synapse{
		settings:  settings,
		client:    client,
		registrar: registrar,
		keys:      keys,
		pauses:    []time.Duration{0, time.Second, 2 * time.Second},
	}
	s.table = append(homeserver.Adapter{
		homeserver.Implement(api.ListUsers, s.list),
		homeserver.Implement(api.GetUser, s.get),
		homeserver.Implement(api.CheckName, s.available),
		homeserver.Implement(api.CreateUser, s.create).When(s.withoutMAS),
		homeserver.Implement(api.UpdateUser, s.update),
		homeserver.Implement(api.ResetPassword, s.resetPassword).When(s.withoutMAS),
		homeserver.Implement(api.LockUser, s.lock).When(s.withoutMAS, s.since(1, 91)),
		homeserver.Implement(api.UnlockUser, s.unlock).When(s.withoutMAS, s.since(1, 91)),
		homeserver.Implement(api.SuspendUser, s.suspend).When(s.since(1, 122)),
		homeserver.Implement(api.UnsuspendUser, s.unsuspend).When(s.since(1, 122)),
		homeserver.Implement(api.ShadowBanUser, s.shadowBan).When(s.since(1, 48)),
		homeserver.Implement(api.UnshadowBanUser, s.unshadowBan).When(s.since(1, 48)),
		homeserver.Implement(api.DeactivateUser, s.deactivate).When(s.withoutMAS),
		homeserver.Implement(api.EraseUser, s.erase).When(s.withoutMAS),
		homeserver.Implement(api.ReactivateUser, s.reactivate).When(s.withoutMAS),
		homeserver.Implement(api.PreviewDeed, s.preview),
		homeserver.Implement(api.JoinRooms, s.joinRooms),
		homeserver.Implement(api.ListDevices, s.devices),
		homeserver.Implement(api.SignOut, s.signOut).When(s.withoutMAS),
		homeserver.Implement(api.SendNotice, s.notice).When(s.hasNotices),
		homeserver.Implement(api.ListMedia, s.listMedia),
		homeserver.Implement(api.GetMedia, s.getMedia),
		homeserver.Implement(api.GetThumbnail, s.thumbnail).When(s.since(1, 111)),
		homeserver.Implement(api.QuarantineMedia, s.quarantineMedia),
		homeserver.Implement(api.UnquarantineMedia, s.unquarantineMedia).When(s.since(1, 36)),
		homeserver.Implement(api.ProtectMedia, s.protectMedia).When(s.since(1, 26)),
		homeserver.Implement(api.UnprotectMedia, s.unprotectMedia).When(s.since(1, 36)),
		homeserver.Implement(api.DeleteMedia, s.deleteMedia).When(s.since(1, 23)),
		homeserver.Implement(api.QuarantineAllMedia, s.quarantineAllMedia),
		homeserver.Implement(api.DeleteAllMedia, s.deleteAllMedia).When(s.since(1, 41)),
		homeserver.Implement(api.ListTokens, s.tokens).When(s.hasTokens),
		homeserver.Implement(api.ShowToken, s.showToken).When(s.hasTokens),
		homeserver.Implement(api.CreateToken, s.createToken).When(s.hasTokens),
		homeserver.Implement(api.UpdateToken, s.updateToken).When(s.hasTokens),
		homeserver.Implement(api.DeleteToken, s.deleteToken).When(s.hasTokens),
		homeserver.Missing(api.RevokeToken, "synapse_no_revoke"),
		homeserver.Missing(api.UnrevokeToken, "synapse_no_revoke"),
		homeserver.Implement(api.PruneDevices, s.pruneDevices).When(s.withoutMAS),
		homeserver.Implement(api.RenameDevice, s.renameDevice).When(s.withoutMAS),
		homeserver.Implement(api.CreateDevice, s.createDevice).When(s.withoutMAS, s.since(1, 85)),
		homeserver.Implement(api.GetRateLimit, s.getRateLimit).When(s.since(1, 32)),
		homeserver.Implement(api.SetRateLimit, s.setRateLimit).When(s.since(1, 32)),
		homeserver.Implement(api.RemoveRateLimit, s.removeRateLimit).When(s.since(1, 32)),
		homeserver.Implement(api.ListFeatures, s.listFeatures).When(s.since(1, 83)),
		homeserver.Implement(api.SetFeature, s.setFeature).When(s.since(1, 83)),
		homeserver.Implement(api.RenewUser, s.renew).When(s.withoutMAS, s.withValidity),
		homeserver.Implement(api.AllowKeyReset, s.allowKeyReset).When(s.delegated, s.since(1, 97)).MostlyMissing(reasonPassword),
		homeserver.Implement(api.SignInAs, s.signInAs).When(s.withoutMAS, s.since(1, 24)),
		homeserver.Implement(api.ListConnections, s.connections),
		homeserver.Implement(api.ListPushers, s.pushers),
		homeserver.Implement(api.ListRooms, s.rooms),
		homeserver.Implement(api.CountActivity, s.activity).When(s.since(1, 122)),
		homeserver.Implement(api.ReadData, s.accountData),
		homeserver.Implement(api.FindUser, s.find).When(s.since(1, 68)),
		homeserver.Implement(api.RedactUser, s.redact).When(s.since(1, 116)),
		homeserver.Implement(api.RedactionStatus, s.redaction).When(s.since(1, 116)),
		homeserver.Implement(api.ServerInfo, s.info),
		homeserver.Implement(api.CheckServer, s.check),
		homeserver.Implement(api.VerifyOperator, s.verify).When(s.withoutMAS),
	}, homeserver.MissingAll(api.OfMAS, reasonNoMAS)...)
	return s
}

// withoutMAS is the condition of what Matrix Authentication Service takes over.
func (s *synapse) withoutMAS() string {
	if s.facts.now().mas {
		return reasonMAS
	}
	return ""
}

// since is the condition of what came with a version of Synapse.
func (s *synapse) since(major, minor int) func() string {
	return func() string {
		if !s.facts.now().version.atLeast(major, minor) {
			return reasonVersion
		}
		return ""
	}
}

// hasTokens is the condition of registration tokens: not under MAS, which has its own, and not before Synapse 1.42.
func (s *synapse) hasTokens() string {
	if why := s.withoutMAS(); why != "" {
		return why
	}
	return s.since(1, 42)()
}

// hasNotices is the condition of server notices: the server's configuration turns them on.
func (s *synapse) hasNotices() string {
	if s.facts.now().notices == "off" {
		return reasonNotices
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
