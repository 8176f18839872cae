// SPDX-License-Identifier: Apache-2.0

// Package panel maps addresses to screens and draws the frame around them.
package panel

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"gatehouse/app/help"
	"gatehouse/app/invitations"
	"gatehouse/app/jobs"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/servers"
	"gatehouse/app/tokens"
	"gatehouse/app/users"
)

// global are the screens of no homeserver, local those under a homeserver's name.
var (
	global = map[string]func() screen.Screen{
		route.Overview: servers.NewOverview,
		route.Servers:  servers.NewList,
		route.Keys:     help.NewKeys,
	}
	local = map[string]func() screen.Screen{
		route.ServerPath:        servers.NewServer,
		route.AccountsPath:      users.NewList,
		route.CreatePath:        users.NewCreate,
		route.AccountPath:       users.NewAccount,
		route.DevicesPath:       users.NewDevices,
		route.EditPath:          users.NewEdit,
		route.ResetPasswordPath: users.NewReset,
		route.LockPath:          users.NewLock,
		route.UnlockPath:        users.NewUnlock,
		route.DeactivatePath:    users.NewDeactivate,
		route.ErasePath:         users.NewErase,
		route.ReactivatePath:    users.NewReactivate,
		route.SignOutPath:       users.NewSignOut,
		route.RepairPath:        users.NewRepair,
		route.NoticePath:        users.NewNotice,
		route.ConnectionsPath:   users.NewConnections,
		route.RoomsPath:         users.NewRooms,
		route.DataPath:          users.NewData,
		route.RedactPath:        users.NewRedact,
		route.RedactionPath:     users.NewRedaction,
		route.FindPath:          users.NewFind,

		route.MediaPath:           users.NewMedia,
		route.FilePath:            users.NewFile,
		route.QuarantinePath:      users.NewQuarantine,
		route.UnquarantinePath:    users.NewUnquarantine,
		route.ProtectPath:         users.NewProtect,
		route.UnprotectPath:       users.NewUnprotect,
		route.DeleteFilePath:      users.NewDeleteFile,
		route.QuarantineFilesPath: users.NewQuarantineFiles,
		route.DeleteFilesPath:     users.NewDeleteFiles,

		route.SitePath:           servers.NewSite,
		route.ClientsPath:        servers.NewClients,
		route.ClientPath:         servers.NewClient,
		route.PersonalPath:       servers.NewPersonals,
		route.OnePersonalPath:    servers.NewPersonal,
		route.CreatePersonalPath: servers.NewCreatePersonal,
		route.RenewPersonalPath:  servers.NewRenewPersonal,
		route.RevokePersonalPath: servers.NewRevokePersonal,

		route.TokensPath:        tokens.NewList,
		route.TokenPath:         tokens.NewToken,
		route.CreateTokenPath:   tokens.NewCreate,
		route.EditTokenPath:     tokens.NewEdit,
		route.DeleteTokenPath:   tokens.NewDelete,
		route.RevokeTokenPath:   tokens.NewRevoke,
		route.UnrevokeTokenPath: tokens.NewUnrevoke,

		route.SuspendPath:      users.NewSuspend,
		route.UnsuspendPath:    users.NewUnsuspend,
		route.ShadowBanPath:    users.NewShadowBan,
		route.UnshadowBanPath:  users.NewUnshadowBan,
		route.PrunePath:        users.NewPrune,
		route.RenameDevicePath: users.NewRenameDevice,
		route.CreateDevicePath: users.NewCreateDevice,
		route.SettingsPath:     users.NewSettings,
		route.LimitPath:        users.NewLimit,
		route.RemoveLimitPath:  users.NewRemoveLimit,
		route.FeaturePath:      users.NewFeature,
		route.RenewPath:        users.NewRenew,
		route.KeyResetPath:     users.NewKeyReset,
		route.SignInAsPath:     users.NewSignInAs,
		route.HistoryPath:      users.NewHistory,

		route.JobsPath:      jobs.NewList,
		route.JobPath:       jobs.NewJob,
		route.PlanJobPath:   jobs.NewPlan,
		route.CancelJobPath: jobs.NewCancel,

		route.InvitationsPath:      invitations.NewList,
		route.CreateInvitationPath: invitations.NewCreate,
		route.InvitationPath:       invitations.NewInvitation,
		route.EditInvitationPath:   invitations.NewEdit,
		route.RevokeInvitationPath: invitations.NewRevoke,
	}
)

// overlays are the screens that the program draws as a dialog over the page they came from: questions, and what explains the page.
var overlays = map[string]bool{
	route.Keys:              true,
	route.ResetPasswordPath: true, route.LockPath: true, route.UnlockPath: true, route.DeactivatePath: true, route.ErasePath: true,
	route.ReactivatePath: true, route.SignOutPath: true, route.NoticePath: true, route.RepairPath: true, route.RedactPath: true,
	route.QuarantinePath: true, route.UnquarantinePath: true, route.ProtectPath: true, route.UnprotectPath: true, route.DeleteFilePath: true,
	route.QuarantineFilesPath: true, route.DeleteFilesPath: true,
	route.DeleteTokenPath: true, route.RevokeTokenPath: true, route.UnrevokeTokenPath: true,
	route.SuspendPath: true, route.UnsuspendPath: true, route.ShadowBanPath: true, route.UnshadowBanPath: true,
	route.PrunePath: true, route.RenameDevicePath: true, route.CreateDevicePath: true,
	route.LimitPath: true, route.RemoveLimitPath: true, route.FeaturePath: true, route.RenewPath: true, route.KeyResetPath: true, route.SignInAsPath: true,
	route.RevokeInvitationPath: true, route.CancelJobPath: true,
	route.RenewPersonalPath: true, route.RevokePersonalPath: true,
}

// IsOverlay reports whether an address is that of a screen that is drawn as a dialog.
func IsOverlay(u *url.URL) bool {
	_, path, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return overlays[u.Path] || overlays[path]
}

// Paths returns the addresses of the screens of no homeserver, and the paths of those under a homeserver's name.
func Paths() (ofNone, ofOne []string) {
	return slices.Sorted(maps.Keys(global)), slices.Sorted(maps.Keys(local))
}

// Find returns the screen of an address and the homeserver that it is about, if any.
func Find(u *url.URL) (s screen.Screen, homeserver string, ok bool) {
	if open, ok := global[u.Path]; ok {
		return open(), "", true
	}
	name, path, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if open, ok := local[path]; ok && name != "" {
		return open(), name, true
	}
	return nil, "", false
}
