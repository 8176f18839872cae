// SPDX-License-Identifier: Apache-2.0

package api

import "slices"

// Permission is the right to call some operations.
type Permission string

// The permissions.
const (
	ReadServers     Permission = "servers.read"
	ReadUsers       Permission = "users.read"
	CreateUsers     Permission = "users.create"
	EditUsers       Permission = "users.edit"
	SetAdmins       Permission = "users.set_admin"
	ResetPasswords  Permission = "users.reset_password"
	LockUsers       Permission = "users.lock"
	DeactivateUsers Permission = "users.deactivate"
	EraseUsers      Permission = "users.erase"
	ReadDevices     Permission = "devices.read"
	SignOutDevices  Permission = "devices.sign_out"
	SendNotices     Permission = "users.notice"
	ReadMedia       Permission = "media.read"
	QuarantineFiles Permission = "media.quarantine"
	DeleteFiles     Permission = "media.delete"
	ReadTokens      Permission = "tokens.read"
	WriteTokens     Permission = "tokens.write"
	EditDevices     Permission = "devices.edit"
	SuspendUsers    Permission = "users.suspend"
	ShadowBanUsers  Permission = "users.shadow_ban"
	UserSettings    Permission = "users.settings"
	SignInAsUsers   Permission = "users.sign_in_as"
	ReadAudit       Permission = "audit.read"
	ReadRooms       Permission = "rooms.read"
	ReadAccountData Permission = "users.account_data"
	RedactUsers     Permission = "users.redact"
	RunJobs         Permission = "jobs.run"

	ReadService  Permission = "service.read" // what Matrix Authentication Service tells of itself
	ReadPersonal Permission = "personal.read"
	// WritePersonal makes tokens that act as anybody, with any right: no role has it that may not sign in as accounts and set administrators.
	WritePersonal Permission = "personal.write"

	ReadInvitations  Permission = "invitations.read"
	WriteInvitations Permission = "invitations.write"
)

// Permissions returns all of them.
func Permissions() []Permission {
	return []Permission{
		ReadServers, ReadUsers, CreateUsers, EditUsers, SetAdmins, ResetPasswords, LockUsers, DeactivateUsers, EraseUsers, ReadDevices, SignOutDevices,
		SendNotices, ReadMedia, QuarantineFiles, DeleteFiles, ReadTokens, WriteTokens, ReadInvitations, WriteInvitations,
		EditDevices, SuspendUsers, ShadowBanUsers, UserSettings, SignInAsUsers,
		ReadAudit,
		ReadRooms, ReadAccountData, RedactUsers, RunJobs,
		ReadService, ReadPersonal, WritePersonal,
	}
}

// Role is a named set of permissions.
type Role string

// The built-in roles.
const (
	Owner     Role = "owner"
	Admin     Role = "admin"
	Moderator Role = "moderator"
	Registrar Role = "registrar"
	Helpdesk  Role = "helpdesk"
	Auditor   Role = "auditor"
)

// Invited is the role of an invitation that somebody takes up. No person has it, and it opens no other door than that.
const Invited Role = "invitation"

// Roles returns the built-in roles, the strongest first.
func Roles() []Role { return []Role{Owner, Admin, Moderator, Registrar, Helpdesk, Auditor} }

// Permissions returns what the role may do; an unknown role may nothing. Owner and admin differ by what is not of this
// catalogue: only owners decide about people and keys.
func (r Role) Permissions() []Permission {
	switch r {
	case Owner, Admin:
		return Permissions()
	case Moderator:
		return []Permission{
			ReadServers, ReadUsers, LockUsers, DeactivateUsers, ReadDevices, SignOutDevices, SendNotices, ReadMedia, QuarantineFiles,
			SuspendUsers, ShadowBanUsers, ReadAudit, ReadRooms, RedactUsers, RunJobs,
		}
	case Registrar:
		return []Permission{ReadServers, ReadUsers, CreateUsers, EditUsers, ReadTokens, WriteTokens, ReadInvitations, WriteInvitations, RunJobs}
	case Helpdesk:
		return []Permission{ReadServers, ReadUsers, EditUsers, ResetPasswords, LockUsers, ReadDevices, SignOutDevices, EditDevices, RunJobs}
	case Auditor:
		return []Permission{ReadServers, ReadUsers, ReadDevices, ReadInvitations, ReadAudit, ReadRooms, ReadService, ReadPersonal}
	case Invited:
		return []Permission{CreateUsers}
	}
	return nil
}

// May reports whether the role has the permission.
func (r Role) May(p Permission) bool { return slices.Contains(r.Permissions(), p) }
