// SPDX-License-Identifier: Apache-2.0

// Package route holds the addresses of the panel's screens. Matrix IDs travel in the query, never in the path: they may
// contain a slash.
package route

import (
	"net/url"

	"gatehouse/app/api"
)

// The screens that belong to no homeserver.
const (
	Overview = "/"
	Servers  = "/servers"
	Keys     = "/keys"
)

// The paths of screens under a homeserver's name.
const (
	AccountsPath      = "accounts"
	CreatePath        = "accounts/create"
	AccountPath       = "account"
	DevicesPath       = "account/devices"
	EditPath          = "account/edit"
	ResetPasswordPath = "account/reset-password"
	LockPath          = "account/lock"
	UnlockPath        = "account/unlock"
	DeactivatePath    = "account/deactivate"
	ErasePath         = "account/erase"
	ReactivatePath    = "account/reactivate"
	SignOutPath       = "account/sign-out"
	NoticePath        = "account/notice"
	RepairPath        = "account/repair"
	ConnectionsPath   = "account/connections"
	RoomsPath         = "account/rooms"
	DataPath          = "account/data"
	RedactPath        = "account/redact"
	RedactionPath     = "account/redaction"
	FindPath          = "accounts/find"
	ServerPath        = "server"

	SuspendPath      = "account/suspend"
	UnsuspendPath    = "account/unsuspend"
	ShadowBanPath    = "account/shadow-ban"
	UnshadowBanPath  = "account/unshadow-ban"
	PrunePath        = "account/prune-devices"
	RenameDevicePath = "account/rename-device"
	CreateDevicePath = "account/create-device"
	SettingsPath     = "account/settings"
	LimitPath        = "account/limit"
	RemoveLimitPath  = "account/remove-limit"
	FeaturePath      = "account/feature"
	RenewPath        = "account/renew"
	KeyResetPath     = "account/allow-key-reset"
	SignInAsPath     = "account/sign-in-as"
	HistoryPath      = "account/history"

	InvitationsPath      = "invitations"
	CreateInvitationPath = "invitations/create"
	InvitationPath       = "invitation"
	EditInvitationPath   = "invitation/edit"
	RevokeInvitationPath = "invitation/revoke"

	JobsPath      = "jobs"
	JobPath       = "jobs/job"
	PlanJobPath   = "jobs/plan"
	CancelJobPath = "jobs/cancel"
)

// The paths of screens about an account's files.
const (
	MediaPath           = "account/media"
	FilePath            = "account/media/file"
	QuarantinePath      = "account/media/quarantine"
	UnquarantinePath    = "account/media/unquarantine"
	ProtectPath         = "account/media/protect"
	UnprotectPath       = "account/media/unprotect"
	DeleteFilePath      = "account/media/delete"
	QuarantineFilesPath = "account/media/quarantine-all"
	DeleteFilesPath     = "account/media/delete-all"
)

// The paths of screens about what Matrix Authentication Service keeps for a homeserver.
const (
	SitePath           = "server/configuration"
	ClientsPath        = "server/clients"
	ClientPath         = "server/client"
	PersonalPath       = "server/personal-sessions"
	OnePersonalPath    = "server/personal-session"
	CreatePersonalPath = "server/personal-sessions/create"
	RenewPersonalPath  = "server/personal-session/renew"
	RevokePersonalPath = "server/personal-session/revoke"
)

// The paths of screens about registration tokens.
const (
	TokensPath        = "registration-tokens"
	TokenPath         = "registration-tokens/token"
	CreateTokenPath   = "registration-tokens/create"
	EditTokenPath     = "registration-tokens/edit"
	DeleteTokenPath   = "registration-tokens/delete"
	RevokeTokenPath   = "registration-tokens/revoke"
	UnrevokeTokenPath = "registration-tokens/unrevoke"
)

// At returns the address of a screen under a homeserver's name, with a query; nil for none.
func At(homeserver, path string, query url.Values) string {
	u := url.URL{Path: "/" + homeserver + "/" + path, RawQuery: query.Encode()}
	return u.String()
}

// Accounts returns the address of the list.
func Accounts(homeserver string) string { return At(homeserver, AccountsPath, nil) }

// Account returns the address of an account's page, or of another screen about it.
func Account(homeserver, path string, id api.UserID) string {
	return At(homeserver, path, url.Values{"id": {string(id)}})
}

// cardMark is the query parameter of the address under which the program shows, in place of a form, what its answer shows once. Its value is the
// account that this is about, or empty.
const cardMark = "_card"

// Card returns the address of what follows a form, from the form's own.
func Card(form *url.URL, account api.UserID) string { return withCard(form, &account) }

// WithoutCard returns the address of the form of a card's.
func WithoutCard(card *url.URL) string { return withCard(card, nil) }

func withCard(u *url.URL, account *api.UserID) string {
	out, query := *u, u.Query()
	query.Del(cardMark)
	if account != nil {
		query.Set(cardMark, string(*account))
	}
	out.RawQuery = query.Encode()
	return out.String()
}

// HasCard reports whether an address is a card's.
func HasCard(u *url.URL) bool { return u.Query().Has(cardMark) }

// CardOf returns the account that a card is about, or "".
func CardOf(u *url.URL) api.UserID { return api.UserID(u.Query().Get(cardMark)) }

// File returns the address of a screen about a file of an account.
func File(homeserver, path string, id api.UserID, media api.MediaID) string {
	return At(homeserver, path, url.Values{"id": {string(id)}, "media": {string(media)}})
}

// Thumbnail returns the address of a small picture of a file.
func Thumbnail(homeserver string, q api.ThumbnailQuery) string {
	return "/api/" + homeserver + "/" + api.GetThumbnail.Info().Name + "?" + api.EncodeForm(q).Encode()
}

// Tokens returns the address of the registration tokens.
func Tokens(homeserver string) string { return At(homeserver, TokensPath, nil) }

// Token returns the address of a screen about a registration token.
func Token(homeserver, path string, id api.TokenID) string {
	return At(homeserver, path, url.Values{"id": {string(id)}})
}

// SignOut returns the address of the question whether to sign devices out; without devices it is about all of them.
func SignOut(homeserver string, id api.UserID, devices ...api.DeviceID) string {
	query := url.Values{"id": {string(id)}}
	for _, d := range devices {
		query.Add("device", string(d))
	}
	return At(homeserver, SignOutPath, query)
}

// Preferences is where the form of the preferences is posted to.
const Preferences = "/preferences"

// Repair returns the address of the question whether a difference of an account shall end.
func Repair(homeserver string, id api.UserID, drift string) string {
	return At(homeserver, RepairPath, url.Values{"id": {string(id)}, "drift": {drift}})
}

// Redact returns the address of the question whether to redact what an account said; without rooms it is about all of them.
func Redact(homeserver string, id api.UserID, rooms ...api.RoomID) string {
	query := url.Values{"id": {string(id)}}
	for _, r := range rooms {
		query.Add("room", string(r))
	}
	return At(homeserver, RedactPath, query)
}

// Redaction returns the address of a redaction that was begun. It holds all that tells which one it is.
func Redaction(homeserver string, id api.UserID, redactID string) string {
	return At(homeserver, RedactionPath, url.Values{"id": {string(id)}, "redact_id": {redactID}})
}

// Find returns the address of the search for whoever has an address, or another Matrix ID.
func Find(homeserver, value string) string {
	if value == "" {
		return At(homeserver, FindPath, nil)
	}
	return At(homeserver, FindPath, url.Values{"value": {value}})
}

// Invitations returns the address of the list of invitations.
func Invitations(homeserver string, query url.Values) string {
	return At(homeserver, InvitationsPath, query)
}

// Invitation returns the address of an invitation's page, or of another screen about it.
func Invitation(homeserver, path, id string) string { return Item(homeserver, path, id) }

// Item returns the address of a screen about one thing.
func Item(homeserver, path, id string) string {
	return At(homeserver, path, url.Values{"id": {id}})
}

// JobEvents returns the address of the events that tell how far a job is.
func JobEvents(homeserver, id string) string {
	return "/api/" + homeserver + "/jobs/" + url.PathEscape(id) + "/events"
}

// Do returns where the form of an operation is posted to.
func Do(homeserver, operation string) string { return "/do/" + homeserver + "/" + operation }

// Export returns the address of a whole list as a file: the list of an operation, asked with req. The format is added to it.
func Export(homeserver string, op api.Op, req api.Request) string {
	query := api.EncodeForm(req)
	query.Del("cursor")
	u := url.URL{Path: "/export/" + homeserver + "/" + op.Info().Name, RawQuery: query.Encode()}
	return u.String()
}

// Import returns the address of the page on which a file of accounts is sent, or of that of a file that was.
func Import(homeserver, id string) string {
	if id == "" {
		return "/import/" + homeserver
	}
	return "/import/" + homeserver + "?" + url.Values{"id": {id}}.Encode()
}

// ImportPurpose says in the address of an uploaded file what is to be done with it: ImportPurposeSame asks for the same for all its accounts.
const ImportPurpose, ImportPurposeSame = "purpose", "same"

// ImportSame returns the address of the page on which the same can be done to all accounts of an uploaded file.
func ImportSame(homeserver, id string) string {
	return Import(homeserver, id) + "&" + ImportPurpose + "=" + ImportPurposeSame
}

// Job returns the address of a job's page.
func Job(homeserver, id string) string { return At(homeserver, JobPath, url.Values{"id": {id}}) }
