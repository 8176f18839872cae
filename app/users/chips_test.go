// SPDX-License-Identifier: Apache-2.0

package users

import (
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

func TestStates(t *testing.T) {
	env := screentest.Env()
	for _, c := range []struct {
		user  api.User
		want  string
		ended bool
	}{
		{api.User{}, "", false},
		{api.User{Locked: true}, "Locked", false},
		{api.User{Suspended: true, ShadowBanned: true}, "Suspended, Shadow-banned", false},
		{api.User{Deactivated: true, Locked: true}, "Deactivated, Locked", true},
		{api.User{Deactivated: true, Erased: true}, "Erased", true},
		{api.User{Step: "password_replaced", Locked: true}, "Half deactivated, Locked", false},
	} {
		var labels []string
		for _, chip := range states(env, c.user) {
			labels = append(labels, chip.Label)
		}
		if got := strings.Join(labels, ", "); got != c.want || ended(c.user) != c.ended || row(env, c.user).Subtle != c.ended {
			t.Errorf("%+v: %q, want %q; ended: %v", c.user, got, c.want, ended(c.user))
		}
	}
}

func TestRolesAndFaces(t *testing.T) {
	env := screentest.Env()
	for _, c := range []struct {
		user  api.User
		want  string
		icon  ui.Icon
		shape ui.Shape
	}{
		{api.User{}, "", "", ui.Round},
		{api.User{Admin: true}, "Administrator", "", ui.Round},
		{api.User{Admin: true, UserType: "support"}, "Administrator, Support", "", ui.Round},
		{api.User{AppService: "irc", System: true}, "Bridge", ui.IconBridge, ui.Square},
		{api.User{System: true}, "System", ui.IconSettings, ui.Square},
		{api.User{UserType: "bot"}, "Bot", ui.IconBot, ui.Square},
		{api.User{Guest: true}, "Guest", ui.IconUser, ui.Dashed},
		{api.User{UserType: "teacher"}, "teacher", "", ui.Round},
		{api.User{Erased: true, AppService: "irc"}, "Bridge", ui.IconGone, ui.Round},
	} {
		var words []string
		for _, r := range roles(env, c.user) {
			words = append(words, r.Word)
		}
		icon, shape := face(c.user)
		if got := strings.Join(words, ", "); got != c.want || icon != c.icon || shape != c.shape {
			t.Errorf("%+v: %q %q %q, want %q %q %q", c.user, got, icon, shape, c.want, c.icon, c.shape)
		}
	}
}

// What a server cannot tell is a dash with the reason, and never looks like the ordinary case.
func TestUnknownCells(t *testing.T) {
	env := screentest.Env()
	u := api.User{Unknown: []string{"admin", "deactivated", "last_seen_ms", "created_ms"}}
	reason := env.T("ui.not_told")
	for name, cell := range map[string]func(ui.Env, api.User) string{
		"state":     func(e ui.Env, u api.User) string { return ui.HTML(stateCell(e, u)) },
		"role":      func(e ui.Env, u api.User) string { return ui.HTML(roleCell(e, u)) },
		"last seen": func(e ui.Env, u api.User) string { return ui.HTML(lastSeenCell(e, u)) },
		"created":   func(e ui.Env, u api.User) string { return ui.HTML(createdCell(e, u)) },
	} {
		if got := cell(env, u); !strings.Contains(got, "–") || !strings.Contains(got, reason) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := ui.HTML(lastSeenCell(env, api.User{})); !strings.Contains(got, env.T("time.never")) {
		t.Errorf("never seen: %s", got)
	}
	if stateCell(env, api.User{}) != nil || roleCell(env, api.User{}) != nil {
		t.Error("an ordinary account shows a state or a role")
	}
}

func BenchmarkListHTML(b *testing.B) {
	var users []api.User
	for len(users) < api.DefaultPage {
		users = append(users, mix()...)
	}
	l := NewList()
	page := api.UserPage{Users: users[:api.DefaultPage], Total: number(12481)}
	if err := screentest.Load(l, screentest.Env(), screentest.NewCaller(screentest.Answers{"users.list": page}), "/uni/accounts"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.ReportMetric(float64(len(ui.HTML(l))), "bytes")
	}
}

// A deactivation that stopped half-way is told as far as it is known to have come.
func TestUnfinished(t *testing.T) {
	for _, tt := range []struct {
		u    api.User
		want string
	}{
		{api.User{}, ""},
		{api.User{Step: api.StepReplacing}, "Deactivation begun."},
		{api.User{Step: api.StepReplaced}, "Password replaced, not yet deactivated."},
		{api.User{Step: api.StepEnding}, "Password replaced, perhaps deactivated."},
		{api.User{Step: api.StepReplaced, Deactivated: true}, ""},
	} {
		got := unfinished(tt.u)
		if got != "" {
			got = screentest.Env().T("account.note." + got)
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.u, got, tt.want)
		}
	}
}
