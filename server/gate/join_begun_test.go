// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
)

const strong = "correct horse battery staple"

// typed is what the page sends for a name with a password that somebody chose.
func typed(name api.Localpart, password string) api.TakeUp {
	secret := api.NewSecret(password)
	return api.TakeUp{Localpart: name, Password: api.PasswordChoice{Mode: api.PasswordTyped, Password: secret}, Again: secret}
}

// masWorld has a homeserver that makes accounts as MAS does: a password that is too weak leaves the account without one.
func masWorld(t *testing.T) *gatetest.World {
	w := gatetest.New(t, gatetest.Options{MAS: homeserver.MAS{AdminURL: "https://mas.example.org"}})
	left := []api.FieldProblem{{Field: "password", Code: "mas_weak_password", Params: map[string]string{"quality": "3"}}}
	gatetest.On(w.Stub, api.CreateUser, func(ctx context.Context, c api.UserCreate) (api.Handout, error) {
		u := api.User{ID: w.Stub.ID(string(c.Localpart))}
		now, err := w.Stub.Get(u.ID)
		switch there := err == nil; {
		case there && now.Begun == nil:
			return api.Handout{}, api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")
		case there && !c.Continue:
			return api.Handout{}, api.NewProblem(api.StatusConflict, "name_begun").At("localpart")
		}
		if c.Password.Mode == api.PasswordTyped && c.Password.Password.Reveal() != strong {
			u.Begun = &api.Begun{By: homeserver.Caller(ctx), Left: left}
			w.Stub.Put(u)
			return api.Handout{User: u, Left: left, Continued: c.Continue}, nil
		}
		w.Stub.Put(u)
		return api.Handout{User: u, Password: c.Password.Password, Continued: c.Continue}, nil
	})
	return w
}

// uses returns the states of an invitation's uses, by name.
func uses(t *testing.T, w *gatetest.World) map[string]string {
	t.Helper()
	list, err := w.Store.InvitationUses(t.Context(), gatetest.Invitation)
	must(t, err)
	out := map[string]string{}
	for _, u := range list {
		out[api.UserID(u.UserID).Localpart()] = u.State
	}
	return out
}

// With MAS a password that is too weak is known only when the account is there. The person is asked for another one and goes on with the account
// that they began, whatever name they type: a link for one account makes one.
func TestTakeUpWeakPassword(t *testing.T) {
	t.Parallel()
	w := masWorld(t)
	token := w.Invite(store.Invitation{Email: "zoe@example.org"})
	ctx := t.Context()
	joining, err := takeUp(ctx, w.Gate, holder(token, gate.NewKey()), typed("zoe", "password1"))
	p, ok := errors.AsType[*api.Problem](err)
	if !ok || p.Status != api.StatusUnprocessable || len(p.Fields) != 1 || p.Fields[0].Field != "password.password" || p.Fields[0].Code != "mas_weak_password" || p.Fields[0].Params["quality"] != "3" {
		t.Fatalf("%v", err)
	}
	if joining.Begun != w.Stub.ID("zoe") || uses(t, w)["zoe"] != store.UseBegun {
		t.Errorf("%+v, uses %v", joining, uses(t, w))
	}
	i, err := w.Gate.Invited(ctx, holder(token, ""))
	if err != nil || i.GoesOn("") != "zoe" || i.GoesOn("second") != "zoe" {
		t.Fatalf("the link after: %q, %v", i.GoesOn("second"), err)
	}
	if _, err := takeUp(ctx, w.Gate, holder(token, gate.NewKey()), typed("second", "password2")); gatetest.Code(err) != "mas_weak_password" {
		t.Errorf("a second name: %v", err)
	}
	if _, err := w.Stub.Get(w.Stub.ID("second")); err == nil {
		t.Error("a second account was made")
	}
	joining, err = takeUp(ctx, w.Gate, holder(token, gate.NewKey()), typed("second", strong))
	if err != nil || joining.Card.User.ID != w.Stub.ID("zoe") || !joining.Chosen || joining.Begun != "" {
		t.Errorf("%+v, %v", joining, err)
	}
	if got := uses(t, w); len(got) != 1 || got["zoe"] != store.UseDone {
		t.Errorf("uses %v", got)
	}
	if _, err := w.Gate.Invited(ctx, holder(token, "")); gatetest.Code(err) != "no_such_invitation" {
		t.Errorf("the link at the end: %v", err)
	}
}

// A link for two makes two accounts, begun or not; each goes on under its own name, and nobody with an account that the link did not begin.
func TestBegunAccountsCount(t *testing.T) {
	t.Parallel()
	w := masWorld(t)
	token := w.Invite(store.Invitation{Uses: 2})
	w.Stub.Put(api.User{ID: w.Stub.ID("other"), Begun: &api.Begun{By: "operator:ann", Left: []api.FieldProblem{{Field: "password"}}}})
	for _, c := range []struct {
		name     api.Localpart
		password string
		want     string
	}{
		{"other", strong, "name_begun"},
		{"zoe", "password1", "mas_weak_password"},
		{"zac", "password1", "mas_weak_password"},
		{"eve", "password1", "invitation_no_other"},
		{"zoe", "password2", "mas_weak_password"},
		{"zoe", strong, ""},
		{"eve", strong, "invitation_no_other"},
		{"zac", strong, ""},
		{"eve", strong, "no_such_invitation"},
	} {
		if _, err := takeUp(t.Context(), w.Gate, holder(token, gate.NewKey()), typed(c.name, c.password)); gatetest.Code(err) != c.want {
			t.Errorf("%s with %s: %v, want %q", c.name, c.password, err, c.want)
		}
	}
	if got := uses(t, w); len(got) != 2 || got["zoe"] != store.UseDone || got["zac"] != store.UseDone {
		t.Errorf("uses %v", got)
	}
}

// Where an administrator gave the account its password meanwhile, its person is told so, and the use is done.
func TestBegunAndFinishedByOthers(t *testing.T) {
	t.Parallel()
	w := masWorld(t)
	token := w.Invite(store.Invitation{})
	if _, err := takeUp(t.Context(), w.Gate, holder(token, gate.NewKey()), typed("zoe", "password1")); gatetest.Code(err) != "mas_weak_password" {
		t.Fatal(err)
	}
	w.Stub.Put(api.User{ID: w.Stub.ID("zoe")})
	if _, err := takeUp(t.Context(), w.Gate, holder(token, gate.NewKey()), typed("zoe", strong)); gatetest.Code(err) != "invitation_account_made" {
		t.Errorf("%v", err)
	}
	if got := uses(t, w); got["zoe"] != store.UseDone {
		t.Errorf("uses %v", got)
	}
}

// A use is for one account, even where what its form did is long forgotten.
func TestAFormMakesOneAccountForEver(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	token, key := w.Invite(store.Invitation{}), gate.NewKey()
	if _, err := takeUp(t.Context(), w.Gate, holder(token, key), called("zoe")); err != nil {
		t.Fatal(err)
	}
	w.Restart()
	_, err := w.Store.PurgeRequests(t.Context(), time.Now().Add(time.Hour))
	must(t, err)
	if _, err := takeUp(t.Context(), w.Gate, holder(token, key), called("second")); gatetest.Code(err) != "key_reused" {
		t.Errorf("%v", err)
	}
	if n := len(w.Stub.Calls("users.create")); n != 1 {
		t.Errorf("%d accounts were asked for", n)
	}
}
