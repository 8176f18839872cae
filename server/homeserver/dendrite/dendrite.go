// SPDX-License-Identifier: Apache-2.0

// Package dendrite manages the accounts of a Dendrite: through its admin and client APIs, and where the configuration says so
// through its database. Dendrite's API cannot list, promote, demote or reactivate, and deactivates only by a detour; what an
// installation can do beyond that depends on `database:` and `database_writes:`.
package dendrite

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
)

// The reasons why something cannot be done, `missing.<reason>`.
const (
	reasonNoList              = "dendrite_no_list"
	reasonNeedsDatabase       = "dendrite_needs_database"
	reasonNeedsDatabaseWrites = "dendrite_needs_database_writes"
	reasonNoLock              = "dendrite_no_lock"
	reasonNoMAS               = "no_mas"
	reasonNoErase             = "dendrite_no_erase"
	reasonNoSignOut           = "dendrite_no_devices_sign_out"
	reasonNoThreepids         = "dendrite_no_threepids"
	reasonNoExternalIDs       = "dendrite_no_external_ids"
	reasonNoUserType          = "dendrite_no_user_type"
	reasonNoAvatar            = "dendrite_no_avatar"
	reasonNoDisplayName       = "dendrite_no_display_name"
	reasonNoSuspension        = "dendrite_no_suspension"
	reasonNoShadowBan         = "dendrite_no_shadow_ban"
	reasonNoDeviceEdit        = "dendrite_no_device_edit"
	reasonNoRateLimit         = "dendrite_no_rate_limit"
	reasonNoFeatures          = "dendrite_no_features"
	reasonNoValidity          = "dendrite_no_validity"
	reasonNoKeyReset          = "dendrite_no_key_reset"
	reasonNoSignInAs          = "dendrite_no_sign_in_as"
	reasonNeedsPassword       = "dendrite_needs_password"
	reasonNoJoin              = "dendrite_no_join"
	reasonNeedsSecret         = "dendrite_needs_secret"
	reasonNoMedia             = "dendrite_no_media"
	reasonNoTokens            = "dendrite_no_tokens"
	reasonNoNotices           = "dendrite_no_notices"
	reasonNoPushers           = "dendrite_no_pushers"
	reasonNoRooms             = "dendrite_no_rooms"
	reasonNoAccountData       = "dendrite_no_account_data"
	reasonNoRedact            = "dendrite_no_redact"
)

// server is one Dendrite.
type server struct {
	settings  homeserver.Settings
	keeper    homeserver.Keeper
	client    *matrix.Client
	registrar *sharedsecret.Registrar
	keys      *sharedsecret.Keys
	db        *database // nil without `database:`
	notices   noticeFacts
}

// New returns the operations on a Dendrite. It does no I/O: what is wrong with the settings shows when they are used.
func New(settings homeserver.Settings, keeper homeserver.Keeper, options ...matrix.Option) homeserver.Adapter {
	return newServer(settings, keeper, options...).adapter()
}

func newServer(settings homeserver.Settings, keeper homeserver.Keeper, options ...matrix.Option) *server {
	client := matrix.New(settings.URL, settings.Timeout, options...)
	registrar := sharedsecret.NewRegistrar(client, sharedsecret.Dendrite, settings.Secret, settings.Registrations)
	return &server{
		settings: settings, keeper: keeper, client: client, registrar: registrar,
		keys: sharedsecret.NewKeys(settings, client, registrar, keeper),
		db:   openDatabase(settings.Database),
	}
}

func (s *server) adapter() homeserver.Adapter {
	return append(homeserver.Adapter{
		homeserver.Implement(api.ServerInfo, s.info),
		homeserver.Implement(api.CheckServer, s.check),
		homeserver.Implement(api.VerifyOperator, s.verifyOperator),
		homeserver.Implement(api.ListUsers, s.listUsers),
		homeserver.Implement(api.GetUser, s.getUser),
		homeserver.Implement(api.CheckName, s.checkName),
		homeserver.Implement(api.PreviewDeed, s.preview),
		homeserver.Implement(api.CreateUser, s.createUser).When(s.needsSecret),
		homeserver.Implement(api.UpdateUser, s.updateUser).When(s.needsWrites),
		homeserver.Implement(api.ResetPassword, s.resetPassword),
		homeserver.Implement(api.DeactivateUser, s.deactivateUser),
		homeserver.Implement(api.ReactivateUser, s.reactivateUser).When(s.needsWrites),
		homeserver.Implement(api.ListDevices, s.listDevices),
		homeserver.Implement(api.ListConnections, s.connections),
		homeserver.Implement(api.FindUser, s.find).When(s.needsDatabase),
		homeserver.Missing(api.ListPushers, reasonNoPushers),
		homeserver.Missing(api.ListRooms, reasonNoRooms),
		homeserver.Missing(api.CountActivity, reasonNoRooms),
		homeserver.Missing(api.ReadData, reasonNoAccountData),
		homeserver.Missing(api.RedactUser, reasonNoRedact),
		homeserver.Missing(api.RedactionStatus, reasonNoRedact),
		homeserver.Missing(api.SignOut, reasonNoSignOut),
		homeserver.Missing(api.LockUser, reasonNoLock),
		homeserver.Missing(api.UnlockUser, reasonNoLock),
		homeserver.Missing(api.EraseUser, reasonNoErase),
		homeserver.Implement(api.SendNotice, s.notice).When(s.hasNotices),
		homeserver.Missing(api.ListMedia, reasonNoMedia),
		homeserver.Missing(api.GetMedia, reasonNoMedia),
		homeserver.Missing(api.GetThumbnail, reasonNoMedia),
		homeserver.Missing(api.QuarantineMedia, reasonNoMedia),
		homeserver.Missing(api.UnquarantineMedia, reasonNoMedia),
		homeserver.Missing(api.ProtectMedia, reasonNoMedia),
		homeserver.Missing(api.UnprotectMedia, reasonNoMedia),
		homeserver.Missing(api.DeleteMedia, reasonNoMedia),
		homeserver.Missing(api.QuarantineAllMedia, reasonNoMedia),
		homeserver.Missing(api.DeleteAllMedia, reasonNoMedia),
		homeserver.Missing(api.ListTokens, reasonNoTokens),
		homeserver.Missing(api.ShowToken, reasonNoTokens),
		homeserver.Missing(api.CreateToken, reasonNoTokens),
		homeserver.Missing(api.UpdateToken, reasonNoTokens),
		homeserver.Missing(api.DeleteToken, reasonNoTokens),
		homeserver.Missing(api.RevokeToken, reasonNoTokens),
		homeserver.Missing(api.UnrevokeToken, reasonNoTokens),
		homeserver.Missing(api.JoinRooms, reasonNoJoin),
		homeserver.Missing(api.SuspendUser, reasonNoSuspension),
		homeserver.Missing(api.UnsuspendUser, reasonNoSuspension),
		homeserver.Missing(api.ShadowBanUser, reasonNoShadowBan),
		homeserver.Missing(api.UnshadowBanUser, reasonNoShadowBan),
		homeserver.Missing(api.PruneDevices, reasonNoSignOut),
		homeserver.Missing(api.RenameDevice, reasonNoDeviceEdit),
		homeserver.Missing(api.CreateDevice, reasonNoDeviceEdit),
		homeserver.Missing(api.GetRateLimit, reasonNoRateLimit),
		homeserver.Missing(api.SetRateLimit, reasonNoRateLimit),
		homeserver.Missing(api.RemoveRateLimit, reasonNoRateLimit),
		homeserver.Missing(api.ListFeatures, reasonNoFeatures),
		homeserver.Missing(api.SetFeature, reasonNoFeatures),
		homeserver.Missing(api.RenewUser, reasonNoValidity),
		homeserver.Missing(api.AllowKeyReset, reasonNoKeyReset),
		homeserver.Missing(api.SignInAs, reasonNoSignInAs),
	}, homeserver.MissingAll(api.OfMAS, reasonNoMAS)...)
}

// needsWrites is the condition of what only a change of the database can do.
func (s *server) needsWrites() string {
	switch {
	case s.db == nil:
		return reasonNeedsDatabase
	case !s.settings.DatabaseWrites:
		return reasonNeedsDatabaseWrites
	}
	return ""
}

// needsSecret is the condition of making accounts: Dendrite's admin API has no other way.
func (s *server) needsSecret() string {
	if !s.registrar.HasSecret() {
		return reasonNeedsSecret
	}
	return ""
}

// fields are the fields of operations that this server has not got, with the reasons. Some of them depend on the
// configuration.
func (s *server) fields() map[string]string {
	out := map[string]string{
		"users.create.user_type":     reasonNoUserType,
		"users.create.threepids":     reasonNoThreepids,
		"users.create.external_ids":  reasonNoExternalIDs,
		"users.create.avatar_url":    reasonNoAvatar,
		"users.create.password.none": reasonNeedsPassword,
		"users.update.display_name":  reasonNoDisplayName,
		"users.update.avatar_url":    reasonNoAvatar,
		"users.update.user_type":     reasonNoUserType,
		"users.update.threepids":     reasonNoThreepids,
		"users.update.external_ids":  reasonNoExternalIDs,
		"users.list.locked":          reasonNoLock,
		"users.find.identity":        reasonNoExternalIDs,
		"users.list.drift":           reasonNoMAS,
	}
	if why := s.needsWrites(); why != "" {
		out["users.update.admin"] = why
	}
	if s.db == nil {
		for _, field := range []string{"admins", "deactivated", "guests", "sort.last_seen", "sort.admin"} {
			out["users.list."+field] = reasonNeedsDatabase
		}
	}
	return out
}

// unsupported refuses a field that this server has not got.
func unsupported(field, reason string) *api.Problem {
	return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", reason).At(field)
}

// refuse collects the fields of a request that this server has not got, so that all of them are named before anything is sent.
type refuse struct{ problem *api.Problem }

func (r *refuse) when(asked bool, field, reason string) {
	switch {
	case !asked:
	case r.problem == nil:
		r.problem = unsupported(field, reason)
	default:
		r.problem.Fields = append(r.problem.Fields, unsupported(field, reason).Fields...)
	}
}

func (r *refuse) err() error {
	if r.problem == nil {
		return nil
	}
	return r.problem
}

// serverName returns what stands after the colon of this server's accounts.
func (s *server) serverName(ctx context.Context) (string, error) {
	if s.settings.ServerName != "" {
		return s.settings.ServerName, nil
	}
	own, err := s.keys.Own(ctx)
	if err != nil {
		return "", problem(err)
	}
	return own.Server(), nil
}

// ownID returns the account that the gate acts as.
func (s *server) ownID(ctx context.Context) (api.UserID, error) {
	own, err := s.keys.Own(ctx)
	if err != nil {
		return "", problem(err)
	}
	return own, nil
}

// problem turns an error of a call into what people are told.
func problem(err error) error {
	if _, ok := matrix.As(err); !ok && !errors.Is(err, context.DeadlineExceeded) {
		return err // a Problem already, or a fault of the gate's own store
	}
	return matrix.Problem(err)
}

// unsure reports whether a write that failed may have been done all the same. Beside calls without an answer these are
// Dendrite's own faults: it gives up between two steps of a write and says 500 (userapi/internal, clientapi/routing).
func unsure(err error) bool {
	if matrix.Unknown(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	e, ok := matrix.As(err)
	return ok && e.Kind == matrix.Refused && e.Status >= http.StatusInternalServerError
}

// wrongPassword reports whether a sign-in was refused because the password is not the account's, or the account cannot sign
// in at all: Dendrite has one answer for both.
func wrongPassword(err error) bool { return matrix.Is(err, http.StatusForbidden, "M_FORBIDDEN") }

// The answers about a write that did not end cleanly.
func outcomeUnknown() *api.Problem { return matrix.OutcomeUnknown("") }

func notDone() *api.Problem { return api.NewProblem(api.StatusTimeout, "not_done") }

// doneNotRecorded says that the homeserver did it and the gate's own store could not note it.
func doneNotRecorded() *api.Problem { return api.NewProblem(api.StatusInternal, "done_not_recorded") }

func notFound(id api.UserID) *api.Problem {
	return api.NewProblem(api.StatusNotFound, "not_found", "id", string(id))
}

// maxUserID is the longest Matrix ID of a new account, in bytes (Dendrite, internal/validate.go): one less than the
// specification has.
const maxUserID = 254

// maxLocalpart returns the longest name that a new account can have.
func maxLocalpart(serverName string) int { return maxUserID - len("@:") - len(serverName) }

func checkLength(name api.Localpart, serverName string) error {
	if most := maxLocalpart(serverName); len(name) > most {
		return api.NewProblem(api.StatusUnprocessable, "too_long", "max", strconv.Itoa(most)).At("localpart")
	}
	return nil
}
