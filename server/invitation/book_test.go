// SPDX-License-Identifier: Apache-2.0

package invitation

import (
	"context"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/seal"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

func keys(t *testing.T, current string, previous ...string) *seal.Keys {
	t.Helper()
	var before [][]byte
	for _, p := range previous {
		before = append(before, []byte(p))
	}
	k, err := seal.New([]byte(current), before...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const (
	oldKey = "the old key, with its thirty-two!"
	newKey = "the new key, with its thirty-two!"
)

// A link can be shown again after the secret key was rotated, and still works where its key is lost.
func TestReseal(t *testing.T) { storetest.Each(t, testReseal) }

func testReseal(t *testing.T) {
	s, err := store.Open(t.Context(), storetest.Source(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	desk := func(k *seal.Keys) (*Book, homeserver.Adapter) {
		b := New(s, k, "https://gate.example", time.Now)
		return b, b.Table(homeserver.Settings{Name: "hs"}, homeserver.Adapter{
			homeserver.Implement(api.CreateUser, func(context.Context, api.UserCreate) (api.Handout, error) { return api.Handout{}, nil }),
		})
	}
	_, table := desk(keys(t, oldKey))
	card, err := homeserver.Call(t.Context(), table, api.CreateInvitation, api.InvitationCreate{Uses: 1, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	ref := api.InvitationRef{ID: card.Invitation.ID}
	rotated, _ := desk(keys(t, newKey, oldKey))
	if err := rotated.Reseal(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, table = desk(keys(t, newKey))
	again, err := homeserver.Call(t.Context(), table, api.ShowInvitation, ref)
	if err != nil || again.Link != card.Link {
		t.Errorf("after the key was rotated: %v", err)
	}
	lost, table := desk(keys(t, "another key, with its thirty-two!"))
	if err := lost.Reseal(t.Context()); err != nil {
		t.Errorf("with a key that opens nothing: %v", err)
	}
	if _, err = homeserver.Call(t.Context(), table, api.ShowInvitation, ref); err == nil || err.(*api.Problem).Code != "invitation_sealed" {
		t.Errorf("with another key: %v", err)
	}
	token := api.NewSecret(card.Link.Reveal()[len("https://gate.example/join/"):])
	if _, err := lost.Find(t.Context(), token, "192.0.2.1", ""); err != nil {
		t.Errorf("the link itself: %v", err)
	}
}

func TestMasked(t *testing.T) {
	for path, want := range map[string]string{
		"/join/abc": "/join/[redacted]", "/join/abc/def": "/join/[redacted]", "/join/": "/join/", "/joins/abc": "/joins/abc", "/hs/accounts": "/hs/accounts", "": "",
	} {
		if got := Masked(path); got != want {
			t.Errorf("%q is logged as %q", path, got)
		}
	}
}
