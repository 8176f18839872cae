// SPDX-License-Identifier: Apache-2.0

package users

import (
	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/internal/screentest"
)

// effectsOf is what a server like Synapse says.
func effectsOf(u api.User) api.Effects {
	return api.Effects{
		User:    u,
		Happens: []api.Effect{{Code: "devices_signed_out", N: number(3)}, {Code: "nobody_signs_in"}, {Code: "leaves_rooms"}},
		Stays:   []api.Effect{{Code: "messages_stay"}, {Code: "profile_stays"}},
		Cannot:  []api.Effect{{Code: "copies_stay"}},
	}
}

// repairsOf is what a server with MAS says of repairs.
func repairsOf(u api.User) api.Effects {
	return api.Effects{User: u, Happens: []api.Effect{
		{Code: "repair_deactivated_at_mas", Params: map[string]string{"drift": "deactivated"}}, {Code: "repair_locked_off", Params: map[string]string{"drift": "locked"}},
	}}
}

func devices() api.DeviceList {
	return api.DeviceList{Devices: []api.Device{
		{ID: "GHTYAJCE", DisplayName: "Element X on iOS", LastSeenMS: ago(3), LastSeenIP: "203.0.113.47", UserAgent: "ElementX/26.11 (iPhone; iOS 19.1)"},
		{ID: "BROWSER==", LastSeenMS: ago(40), LastSeenIP: "2001:db8::17"},
		{ID: "never", DisplayName: "Old laptop"},
	}}
}

func asking(u api.User, server api.Server) screentest.Caller {
	if len(u.Drift) > 0 {
		return screentest.NewCaller(screentest.Answers{"users.preview": repairsOf(u), "users.get": u, "server.info": server})
	}
	return screentest.NewCaller(screentest.Answers{
		"users.preview": effectsOf(u), "users.get": u, "devices.list": devices(), "server.info": server,
		"limits.get": api.RateLimit{ID: u.ID, Own: true, MessagesPerSecond: 5, Burst: 10},
	})
}

// differs is an account whose two sides do not agree.
func differs() api.User {
	u := mix()[2]
	u.Drift = []string{api.DriftDeactivated, api.DriftLocked, api.DriftAdmin}
	return u
}

// questions are the screens that ask, with an account that can be asked about, and the request that they mean.
func questions() []struct {
	name, address string
	open          func() screen.Screen
	op            api.Op
	user          api.User
	want          api.Request
} {
	u, locked, gone, suspended := mix()[2], mix()[1], mix()[9], mix()[2]
	suspended.Suspended, suspended.ShadowBanned = true, true
	yes := true
	return []struct {
		name, address string
		open          func() screen.Screen
		op            api.Op
		user          api.User
		want          api.Request
	}{
		{"reset", about("account/reset-password", u), NewReset, api.ResetPassword, u,
			api.PasswordReset{ID: u.ID, Password: api.PasswordChoice{Mode: "passphrase"}, SignOut: &yes}},
		{"lock", about("account/lock", u), NewLock, api.LockUser, u, api.UserDeed{ID: u.ID}},
		{"unlock", about("account/unlock", locked), NewUnlock, api.UnlockUser, locked, api.UserRef{ID: locked.ID}},
		{"deactivate", about("account/deactivate", u), NewDeactivate, api.DeactivateUser, u, api.UserDeed{ID: u.ID}},
		{"erase", about("account/erase", u), NewErase, api.EraseUser, u, api.UserErasure{ID: u.ID}},
		{"redact", about("account/redact", u), NewRedact, api.RedactUser, u, api.UserRedaction{ID: u.ID, Scope: api.ScopeAll}},
		{"redact-some", about("account/redact", u) + "&room=%21zebra%3Auni-lindau.example&room=%21v12", NewRedact, api.RedactUser, u,
			api.UserRedaction{ID: u.ID, Scope: api.ScopeRooms, Rooms: []api.RoomID{"!zebra:uni-lindau.example", "!v12"}}},
		{"reactivate", about("account/reactivate", gone), NewReactivate, api.ReactivateUser, gone,
			api.UserReactivation{ID: gone.ID, Password: api.PasswordChoice{Mode: "passphrase"}}},
		{"suspend", about("account/suspend", u), NewSuspend, api.SuspendUser, u, api.UserDeed{ID: u.ID}},
		{"unsuspend", about("account/unsuspend", suspended), NewUnsuspend, api.UnsuspendUser, suspended, api.UserRef{ID: suspended.ID}},
		{"shadow-ban", about("account/shadow-ban", u), NewShadowBan, api.ShadowBanUser, u, api.UserDeed{ID: u.ID}},
		{"unshadow-ban", about("account/unshadow-ban", suspended), NewUnshadowBan, api.UnshadowBanUser, suspended, api.UserRef{ID: suspended.ID}},
		{"prune", about("account/prune-devices", u) + "&days=30", NewPrune, api.PruneDevices, u, api.DevicePrune{ID: u.ID, Days: 30}},
		{"rename-device", about("account/rename-device", u) + "&device=GHTYAJCE", NewRenameDevice, api.RenameDevice, u,
			api.DeviceRename{ID: u.ID, Device: "GHTYAJCE", Name: "Element X on iOS"}},
		{"create-device", about("account/create-device", u), NewCreateDevice, api.CreateDevice, u, api.DeviceCreate{ID: u.ID}},
		{"limit", about("account/limit", u), NewLimit, api.SetRateLimit, u, api.RateLimitChange{ID: u.ID, MessagesPerSecond: 5, Burst: 10}},
		{"remove-limit", about("account/remove-limit", u), NewRemoveLimit, api.RemoveRateLimit, u, api.UserRef{ID: u.ID}},
		{"feature", about("account/feature", u) + "&name=msc3881&on=true", NewFeature, api.SetFeature, u,
			api.FeatureChange{ID: u.ID, Name: "msc3881", On: true}},
		{"renew", about("account/renew", u), NewRenew, api.RenewUser, u, api.UserRenewal{ID: u.ID, Mails: &yes}},
		{"key-reset", about("account/allow-key-reset", u), NewKeyReset, api.AllowKeyReset, u, api.UserDeed{ID: u.ID}},
		{"sign-in-as", about("account/sign-in-as", u), NewSignInAs, api.SignInAs, u, api.SignInAsUser{ID: u.ID, Minutes: 60}},
		{"sign-out", about("account/sign-out", u) + "&device=GHTYAJCE&device=never", NewSignOut, api.SignOut, u,
			api.DeviceSignOut{ID: u.ID, Devices: []api.DeviceID{"GHTYAJCE", "never"}}},
		{"repair", about("account/repair", differs()) + "&drift=locked", NewRepair, api.RepairUser, differs(), api.UserRepair{ID: differs().ID, Drift: "locked"}},
		{"sign-out-all", about("account/sign-out", u), NewSignOut, api.SignOut, u, api.DeviceSignOut{ID: u.ID, All: true}},
	}
}
