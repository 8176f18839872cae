// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

func TestQuestions(t *testing.T) {
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			call := asking(q.user, synapse())
			page := open(t, q.open(), screentest.Env(), call, q.address, ui.FormState{Key: "k"})
			s := submit(t, page)
			if diff := cmp.Diff(q.want, decode(t, q.op, s), cmpopts.EquateEmpty(), secrets()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := unescape(s.values.Get("_screen")); got != unescape(q.address) {
				t.Errorf("it comes back to %s, want %s", got, q.address)
			}
			asked := slices.DeleteFunc(call.Made(), func(c screentest.Call) bool { return c.Operation != "users.preview" })
			want := []screentest.Call{{Homeserver: "uni", Operation: "users.preview", Request: api.DeedQuery{ID: q.user.ID, Operation: q.op.Info().Name}}}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			screentest.Golden(t, q.name, screentest.Draw(t, q.open, screentest.Env(), call, q.address))
			screentest.Golden(t, q.name+"-german", screentest.Draw(t, q.open, screentest.In(screentest.Env(), "de"), call, q.address))
		})
	}
}

func unescape(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Path + "?" + u.Query().Encode()
}

// What cannot be done is said, with nothing that could be sent.
func TestQuestionsOff(t *testing.T) {
	for _, q := range questions() {
		for _, c := range []struct {
			name, want string
			env        ui.Env
			user       func(api.User) api.User
		}{
			{"auditor", "Your role auditor may not", screentest.As(screentest.Env(), api.Auditor), nil},
			{"server", "Dendrite has no lock.", unable(screentest.Env(), map[string]string{q.op.Info().Name: "dendrite_no_lock"}), nil},
			{"service account", "This is the account that Gatehouse works with.", screentest.Env(), func(u api.User) api.User { u.Own = true; return u }},
			{"administrator", "may not change administrators", screentest.As(screentest.Env(), api.Moderator), func(u api.User) api.User { u.Admin = true; return u }},
		} {
			u := q.user
			if c.user != nil {
				u = c.user(u)
			}
			if why(c.env, u, q.op) == "" {
				continue // it can be done
			}
			if c.name == "administrator" && !c.env.Can(q.op.Info().Name) {
				continue // that is the reason
			}
			call := asking(u, synapse())
			page := open(t, q.open(), c.env, call, q.address, ui.FormState{Key: "k"})
			if plain := plainText(t, page); !strings.Contains(plain, c.want) {
				t.Errorf("%s, %s: %q is not said in %q", q.name, c.name, c.want, plain)
			}
			if strings.Contains(page, `type="submit"`) {
				t.Errorf("%s, %s: there is a button that sends", q.name, c.name)
			}
			if !c.env.Can(q.op.Info().Name) && slices.ContainsFunc(call.Made(), func(c screentest.Call) bool { return c.Operation == "users.preview" }) {
				t.Errorf("%s, %s: it was asked what would happen", q.name, c.name)
			}
		}
	}
}

func TestStateForbids(t *testing.T) {
	env := screentest.Env()
	plain, locked, gone, erased, half := mix()[2], mix()[1], mix()[9], mix()[10], mix()[11]
	unsure := api.User{ID: "@x:uni-lindau.example", Unknown: []string{"deactivated", "locked", "suspended"}}
	quiet := plain
	quiet.Suspended, quiet.ShadowBanned = true, true
	alone, aloneLocked := plain, locked
	alone.Drift, aloneLocked.Drift = []string{api.DriftSynapseOnly}, []string{api.DriftSynapseOnly}
	const first = "Only Synapse has this account. Repair that first."
	for _, c := range []struct {
		op   api.Op
		user api.User
		want string
	}{
		{api.LockUser, locked, "The account is locked."}, {api.LockUser, plain, ""}, {api.LockUser, gone, "The account is deactivated."},
		{api.UnlockUser, plain, "The account is not locked."}, {api.UnlockUser, locked, ""}, {api.UnlockUser, unsure, ""},
		{api.DeactivateUser, plain, ""}, {api.DeactivateUser, gone, "The account is deactivated."}, {api.DeactivateUser, half, ""},
		{api.EraseUser, plain, ""}, {api.EraseUser, gone, ""}, {api.EraseUser, erased, "The account is erased."},
		{api.ReactivateUser, plain, "The account is not deactivated."}, {api.ReactivateUser, gone, ""}, {api.ReactivateUser, erased, ""}, {api.ReactivateUser, unsure, ""},
		{api.ResetPassword, plain, ""}, {api.ResetPassword, gone, "The account is deactivated."},
		{api.UpdateUser, plain, ""}, {api.SignOut, plain, ""},
		{api.SuspendUser, plain, ""}, {api.SuspendUser, quiet, "The account is suspended."}, {api.SuspendUser, gone, "The account is deactivated."},
		{api.UnsuspendUser, plain, "The account is not suspended."}, {api.UnsuspendUser, quiet, ""}, {api.UnsuspendUser, unsure, ""},
		{api.ShadowBanUser, plain, ""}, {api.ShadowBanUser, quiet, "The account is shadow-banned."}, {api.ShadowBanUser, gone, "The account is deactivated."},
		{api.UnshadowBanUser, plain, "The account is not shadow-banned."}, {api.UnshadowBanUser, quiet, ""},
		{api.SignInAs, plain, ""}, {api.SignInAs, gone, "The account is deactivated."}, {api.SignInAs, locked, "The account is locked, so a token of it would be refused."},
		{api.CreateDevice, gone, "The account is deactivated."}, {api.AllowKeyReset, gone, "The account is deactivated."}, {api.SetRateLimit, gone, ""},
		{api.UpdateUser, alone, first}, {api.ResetPassword, alone, first}, {api.SignInAs, alone, first}, {api.LockUser, alone, first}, {api.UnlockUser, aloneLocked, first},
		{api.DeactivateUser, alone, first}, {api.EraseUser, alone, first}, {api.ReactivateUser, alone, first}, {api.SuspendUser, alone, ""}, {api.RepairUser, alone, ""},
	} {
		if got := why(env, c.user, c.op); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.op.Info().Name, c.user.ID, got, c.want)
		}
	}
}

// Who may not make administrators may not take one over either.
func TestAdministratorsAreKept(t *testing.T) {
	env, admin := screentest.As(screentest.Env(), api.Helpdesk), rich()
	for _, op := range []api.Op{api.UpdateUser, api.ResetPassword, api.LockUser, api.SignOut} {
		if got := why(env, admin, op); !strings.Contains(got, "may not change administrators") {
			t.Errorf("%s: %q", op.Info().Name, got)
		}
		if got := why(env, mix()[2], op); got != "" {
			t.Errorf("%s of another: %q", op.Info().Name, got)
		}
		if got := why(screentest.Env(), admin, op); got != "" {
			t.Errorf("%s by an owner: %q", op.Info().Name, got)
		}
	}
}

// The gate asks again about one's own account and the last administrator; then there is a box for it, and not before.
func TestConfirm(t *testing.T) {
	self := mix()[0]
	other := mix()[15]
	other.Own = false
	untold := other
	untold.Admin, untold.Unknown = false, []string{"admin"}
	for _, c := range []struct {
		user       api.User
		code, want string
	}{
		{self, "confirm_self", "I want this for myself."},
		{other, "confirm_last_admin", "I know another way in."},
		{untold, "confirm_perhaps_admin", "I want this all the same."},
	} {
		state := ui.FormState{Key: "k", Typed: url.Values{"id": {string(c.user.ID)}, "reason": {"why not"}}}
		page := open(t, NewDeactivate(), screentest.Env(), asking(c.user, synapse()), about("account/deactivate", c.user), state)
		if submit(t, page).values.Has("confirm") {
			t.Error("the box is there unasked")
		}
		state.Problem = api.NewProblem(api.StatusConflict, c.code).At("confirm")
		page = open(t, NewDeactivate(), screentest.Env(), asking(c.user, synapse()), about("account/deactivate", c.user), state)
		if !strings.Contains(page, c.want) {
			t.Errorf("%s: %q is not said", c.code, c.want)
		}
		s := submit(t, page)
		if req := decode(t, api.DeactivateUser, s).(api.UserDeed); req.Confirm || req.Reason != "why not" {
			t.Errorf("%+v", req)
		}
		s.values["confirm"] = append(s.values["confirm"], "true")
		if req := decode(t, api.DeactivateUser, s).(api.UserDeed); !req.Confirm {
			t.Errorf("%+v", req)
		}
		screentest.Golden(t, c.code, page)
	}
}

// Where the program runs the button is off until the whole ID is typed; without it the request says so.
func TestEraseTyped(t *testing.T) {
	u := mix()[2]
	e := NewErase().(*Erase)
	page := open(t, e, screentest.Env(), asking(u, synapse()), about("account/erase", u), ui.FormState{Key: "k"})
	s := submit(t, page)
	if p, ok := decode(t, api.EraseUser, s).Validate().(*api.Problem); !ok || p.Fields[0].Code != "confirm_id" {
		t.Error("nothing was typed, and it is fine")
	}
	s.values.Set("confirm_id", string(u.ID))
	if err := decode(t, api.EraseUser, s).Validate(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(page, `type="submit"`) {
		t.Error("without the program nothing can be sent")
	}
	e.Enliven(&screen.Live{Caller: asking(u, synapse()), Close: func(app.Context) {}})
	if strings.Contains(ui.HTML(e), `type="submit"`) {
		t.Error("the button is on")
	}
	e.again.typed = string(u.ID[:len(u.ID)-1])
	if strings.Contains(ui.HTML(e), `type="submit"`) {
		t.Error("the button is on before the ID is whole")
	}
	e.again.typed = string(u.ID)
	if !strings.Contains(ui.HTML(e), `type="submit"`) {
		t.Error("the button is off")
	}
}

// The button says what becomes of the devices, the box on or off, whether or not the program runs.
func TestResetSays(t *testing.T) {
	u := mix()[2]
	for _, c := range []struct {
		typed url.Values
		out   bool
	}{
		{nil, true},
		{url.Values{"sign_out": {"false", "true"}}, true},
		{url.Values{"sign_out": {"false"}, "password.mode": {"typed"}, "password.password": {"12345678"}}, false},
	} {
		r := NewReset().(*Reset)
		page := open(t, r, screentest.Env(), asking(u, synapse()), about("account/reset-password", u), ui.FormState{Typed: c.typed})
		for _, want := range []string{`gh-if-on">Reset password and sign out 3 devices<`, `gh-if-off">Reset password, keep devices signed in<`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s is not on the button", want)
			}
		}
		if strings.Contains(page, "12345678") || r.State.Typed.Has("password.password") {
			t.Error("the password came back")
		}
		if req := decode(t, api.ResetPassword, submit(t, page)).(api.PasswordReset); *req.SignOut != c.out {
			t.Errorf("%v: sign_out %v", c.typed, *req.SignOut)
		}
	}
}

// Who selected no device is not asked about all of them.
func TestSignOutNone(t *testing.T) {
	u := mix()[2]
	for _, c := range []struct{ query, want string }{
		{"&_selected=1", "Select at least one device."},
		{"&device=gone", "no longer signed in"},
	} {
		page := open(t, NewSignOut(), screentest.Env(), asking(u, synapse()), about("account/sign-out", u)+c.query, ui.FormState{})
		if !strings.Contains(page, c.want) || strings.Contains(page, `type="submit"`) {
			t.Errorf("%s: %s", c.query, page)
		}
	}
	call := asking(u, synapse())
	page := open(t, NewSignOut(), screentest.Env(), call, about("account/sign-out", u)+"&_selected=1&device=never&device=gone", ui.FormState{})
	want := api.DeviceSignOut{ID: u.ID, Devices: []api.DeviceID{"never"}}
	if diff := cmp.Diff(want, decode(t, api.SignOut, submit(t, page))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// After a deed comes the account's page, with a sentence; the server asks a screen for it that was never loaded.
func TestAfter(t *testing.T) {
	u := mix()[2]
	page := "/uni/account?id=%40f.benyoussef%3Auni-lindau.example"
	tab := func(name string) string { return "/uni/account/" + name + "?id=%40f.benyoussef%3Auni-lindau.example" }
	for _, c := range []struct {
		open             func() screen.Screen
		op               api.Op
		result           any
		address, wording string
	}{
		{NewLock, api.LockUser, u, page, "is locked."},
		{NewUnlock, api.UnlockUser, u, page, "is unlocked."},
		{NewDeactivate, api.DeactivateUser, u, page, "is deactivated."},
		{NewErase, api.EraseUser, u, page, "is erased."},
		{NewEdit, api.UpdateUser, u, page, "The changes are saved."},
		{NewSignOut, api.SignOut, api.SignedOut{Count: 2}, "/uni/accounts", "2 devices were signed out."},
		{NewSuspend, api.SuspendUser, u, page, "is suspended."},
		{NewUnsuspend, api.UnsuspendUser, u, page, "is no longer suspended."},
		{NewShadowBan, api.ShadowBanUser, u, page, "is shadow-banned."},
		{NewUnshadowBan, api.UnshadowBanUser, u, page, "is no longer shadow-banned."},
		{NewPrune, api.PruneDevices, api.SignedOut{ID: u.ID, Count: 1}, tab("devices"), "1 device was signed out."},
		{NewRenameDevice, api.RenameDevice, api.OwnDevice{ID: u.ID, Device: api.Device{ID: "A"}}, tab("devices"), "is saved."},
		{NewCreateDevice, api.CreateDevice, api.OwnDevice{ID: u.ID, Device: api.Device{ID: "A"}}, tab("devices"), "was created."},
		{NewLimit, api.SetRateLimit, api.RateLimit{ID: u.ID, Own: true, MessagesPerSecond: 2, Burst: 10}, tab("settings"), "2 messages a second, and up to 10 at once."},
		{NewLimit, api.SetRateLimit, api.RateLimit{ID: u.ID, Own: true}, tab("settings"), "No limit at all."},
		{NewRemoveLimit, api.RemoveRateLimit, api.RateLimit{ID: u.ID}, tab("settings"), "The homeserver’s own limits count."},
		{NewFeature, api.SetFeature, api.FeatureList{ID: u.ID}, tab("settings"), "The feature is switched."},
		{NewRenew, api.RenewUser, api.Validity{ID: u.ID, ExpiresMS: ago(-1)}, tab("settings"), "2026, 09:00."},
		{NewKeyReset, api.AllowKeyReset, api.KeyReset{ID: u.ID, UntilMS: ago(0)}, tab("settings"), "09:00."},
	} {
		s := c.open().(screen.Writer)
		s.Use(screentest.Env())
		next := s.After(c.op.Info().Name, c.result)
		if next.URL != c.address || !strings.HasSuffix(next.Notice, c.wording) || next.Screen != nil {
			t.Errorf("%s: %+v", c.op.Info().Name, next)
		}
	}
}

func TestQuestionProblems(t *testing.T) {
	for _, q := range questions() {
		for address, code := range map[string]string{
			strings.SplitN(q.address, "?", 2)[0]:                "missing",
			strings.SplitN(q.address, "?", 2)[0] + "?id=nobody": "invalid_user_id",
			q.address: "not_found",
		} {
			call := screentest.NewCaller(screentest.Answers{
				"users.preview": func(context.Context, api.Request) (any, error) {
					return nil, api.NewProblem(api.StatusNotFound, "not_found")
				},
			})
			err := screentest.Load(q.open(), screentest.Env(), call, address)
			if err == nil || client.AsProblem(err).Code != code {
				t.Errorf("%s: %v, want %s", address, err, code)
			}
		}
	}
}

func plainText(t *testing.T, source string) string {
	t.Helper()
	s := screentest.Normal(t, source)
	var b strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, `"`) {
			b.WriteString(strings.Trim(line, `"`))
		}
	}
	return strings.NewReplacer("\u2068", "", "\u2069", "", "\\u2068", "", "\\u2069", "").Replace(b.String())
}

// Where the program runs a question is a dialog over the page that it came from: the same form, and the safe button closes it.
func TestQuestionsAsDialogs(t *testing.T) {
	all := questions()
	u := rich()
	all = append(all, struct {
		name, address string
		open          func() screen.Screen
		op            api.Op
		user          api.User
		want          api.Request
	}{"edit", about("account/edit", u), NewEdit, api.UpdateUser, u, api.UserUpdate{ID: u.ID}})
	for _, q := range all {
		s := q.open()
		plain := submit(t, open(t, s, screentest.Env(), asking(q.user, synapse()), q.address, ui.FormState{Key: "k"}))
		s.Enliven(&screen.Live{Modal: true, Close: func(app.Context) {}, Send: func(app.Context, string, url.Values) {}})
		page := ui.HTML(s)
		if !strings.HasPrefix(page, "<dialog") {
			t.Errorf("%s is no dialog: %.60s", q.name, page)
		}
		if diff := cmp.Diff(plain, submit(t, page), cmp.AllowUnexported(sent{})); diff != "" {
			t.Errorf("%s sends something else (-page +dialog):\n%s", q.name, diff)
		}
		back := `href="/uni/account?`
		if strings.Contains(page, back) {
			t.Errorf("%s leaves the page", q.name)
		}
	}
}
