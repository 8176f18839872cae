// SPDX-License-Identifier: Apache-2.0

package sharedsecret

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// keeper is a Keeper in memory, of service accounts only.
type keeper struct {
	homeserver.Keeper
	mu       sync.Mutex
	now      homeserver.ServiceAccount
	replaced int
	retired  []api.UserID
	fail     error

	begun, forgotten []api.UserID
	failBegin        error

	steal *homeserver.ServiceAccount // somebody who is faster
}

func (k *keeper) ServiceAccount(context.Context, string) (homeserver.ServiceAccount, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now.ID == "" {
		return k.now, homeserver.ErrNone
	}
	return k.now, nil
}

func (k *keeper) ReplaceServiceAccount(_ context.Context, _ string, old api.UserID, now homeserver.ServiceAccount) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.steal != nil {
		k.now, k.steal = *k.steal, nil
	}
	if k.fail != nil || k.now.ID != old {
		return false, k.fail
	}
	k.now = now
	k.replaced++
	return true, nil
}

func (k *keeper) BeginServiceAccount(_ context.Context, _ string, id api.UserID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.begun = append(k.begun, id)
	return k.failBegin
}

func (k *keeper) ForgetServiceAccount(_ context.Context, _ string, id api.UserID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgotten = append(k.forgotten, id)
	return nil
}

func (k *keeper) RetireServiceAccount(_ context.Context, _ string, id api.UserID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.retired = append(k.retired, id)
	return nil
}

// settings are those of the homeserver h, with a token or without.
func settings(token api.Secret) homeserver.Settings {
	return homeserver.Settings{Name: "main", ServerName: "h", Token: token}
}

var whoami = matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/account/whoami")}

func TestKeysMakeOneServiceAccount(t *testing.T) {
	s, c := start(t, Synapse)
	var keep keeper
	k := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := k.Do(t.Context(), whoami, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	own, err := k.Own(t.Context())
	if err != nil || len(s.accounts) != 1 || keep.now.ID != own || !strings.HasPrefix(string(own), "@gatehouse-") {
		t.Fatalf("own %s, %v, accounts %v", own, err, s.accounts)
	}
	if s.posted["admin"] != true || s.posted["displayname"] != "Gatehouse" || len(s.posted["password"].(string)) != 40 {
		t.Errorf("posted %v", s.posted)
	}
	// Another process takes the same one.
	again := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
	if id, err := again.Own(t.Context()); err != nil || id != own || len(s.accounts) != 1 {
		t.Errorf("another process: %s, %v, accounts %v", id, err, s.accounts)
	}
}

func TestKeysReplaceADeadTokenOnce(t *testing.T) {
	s, c := start(t, Synapse)
	var keep keeper
	k := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
	first, err := k.Own(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clear(s.tokens)
	if _, err := k.Do(t.Context(), whoami, nil); err != nil {
		t.Fatal(err)
	}
	second, _ := k.Own(t.Context())
	if second == first || keep.now.Reason != homeserver.ReasonRefused || keep.now.ID != second || len(s.accounts) != 2 {
		t.Fatalf("first %s, second %s, accounts %v", first, second, s.accounts)
	}
	// The new one is refused as well: no third account, however often it is tried.
	clear(s.tokens)
	for range 3 {
		if _, err := k.Do(t.Context(), whoami, nil); matrix.Problem(err).Code != "homeserver_token_dead" {
			t.Errorf("error %v", err)
		}
	}
	if len(s.accounts) != 2 {
		t.Errorf("accounts %v", s.accounts)
	}
}

func TestKeysTakeWhatAnotherProcessMade(t *testing.T) {
	s, c := start(t, Synapse)
	s.tokens["token of other"] = true
	keep := keeper{steal: &homeserver.ServiceAccount{ID: "@other:h", Token: api.NewSecret("token of other")}}
	k := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
	if id, err := k.Own(t.Context()); err != nil || id != "@other:h" || len(s.tokens) != 1 {
		t.Errorf("%s, %v, tokens %v", id, err, s.tokens)
	}
	// Ours is signed out, and known to be one to end.
	if len(keep.retired) != 1 || s.accounts[keep.retired[0].Localpart()] == "" {
		t.Errorf("retired %v of %v", keep.retired, s.accounts)
	}
}

// While another gate registers an account, this one waits for it and registers none.
func TestKeysWaitForAnotherGate(t *testing.T) {
	s, c := start(t, Synapse)
	s.tokens["token of other"] = true
	keep := keeper{failBegin: homeserver.ErrBegun}
	k := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := k.Own(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it does not wait: %v", err)
	}
	own := make(chan api.UserID)
	go func() {
		id, err := k.Own(t.Context())
		if err != nil {
			t.Error(err)
		}
		own <- id
	}()
	keep.mu.Lock()
	keep.now = homeserver.ServiceAccount{ID: "@other:h", Token: api.NewSecret("token of other")}
	keep.mu.Unlock()
	if id := <-own; id != "@other:h" || len(s.accounts) != 0 {
		t.Errorf("%s, %v", id, s.accounts)
	}
}

func TestKeysThatCannotBeKept(t *testing.T) {
	s, c := start(t, Synapse)
	keep := keeper{fail: errors.New("disk full")}
	k := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
	if _, err := k.Own(t.Context()); err == nil || len(s.tokens) != 0 || len(keep.retired) != 1 {
		t.Errorf("%v, tokens %v, retired %v", err, s.tokens, keep.retired)
	}
}

func TestKeysWhoseSealIsLost(t *testing.T) {
	s, c := start(t, Synapse)
	keep := keeper{now: homeserver.ServiceAccount{ID: "@gatehouse-old:h"}}
	k := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
	for range 2 {
		if id := k.Locked(t.Context()); id != "@gatehouse-old:h" {
			t.Errorf("locked: %q", id)
		}
	}
	if id, err := k.Own(t.Context()); err != nil || id == "@gatehouse-old:h" || len(s.accounts) != 1 || keep.now.Reason != homeserver.ReasonSealed {
		t.Errorf("%s, %v", id, err)
	}
	if id := k.Locked(t.Context()); id != "" {
		t.Errorf("locked: %q", id)
	}
	if id := (NewKeys(settings(api.NewSecret("x")), c, nil, &keeper{now: homeserver.ServiceAccount{ID: "@gatehouse-old:h"}})).Locked(t.Context()); id != "" {
		t.Errorf("locked, though a token is given: %q", id)
	}
}

func TestGivenToken(t *testing.T) {
	s, c := start(t, Synapse)
	s.tokens["token of root"] = true
	k := NewKeys(settings(api.NewSecret("token of root")), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keeper{})
	for range 2 {
		if id, err := k.Own(t.Context()); err != nil || id != "@root:h" {
			t.Fatalf("%s, %v", id, err)
		}
	}
	if len(s.calls) != 1 {
		t.Errorf("asked %v", s.calls)
	}
	clear(s.tokens)
	if _, err := k.Do(t.Context(), whoami, nil); matrix.Problem(err).Code != "homeserver_token_dead" || len(s.accounts) != 0 {
		t.Errorf("%v, accounts %v", err, s.accounts)
	}
}

// A registration that nobody answered may have made an administrator: it is known to be one to end. One that was refused made none.
func TestRegistrationWithoutAnAnswer(t *testing.T) {
	for _, cut := range []bool{true, false} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodGet:
				fmt.Fprint(w, `{"nonce":"n"}`)
			case cut:
				panic(http.ErrAbortHandler)
			default:
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `{"errcode":"M_UNKNOWN","error":"HMAC incorrect"}`)
			}
		}))
		c := matrix.New(h.URL, 5*time.Second)
		var keep keeper
		k := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
		_, err := k.Own(t.Context())
		if _, again := k.Own(t.Context()); again == nil {
			t.Errorf("cut off %t: an account all the same", cut)
		}
		if p, ok := errors.AsType[*api.Problem](err); !ok || (p.Code == "homeserver_secret_wrong") == cut {
			t.Errorf("cut off %t: %v", cut, err)
		}
		if cut != (len(keep.retired) == 1) || cut && (keep.retired[0].Server() != "h" || !strings.HasPrefix(keep.retired[0].Localpart(), homeserver.ServicePrefix)) {
			t.Errorf("cut off %t: retired %v", cut, keep.retired)
		}
		if cut == slices.Equal(keep.forgotten, keep.begun) || len(keep.begun) == 0 {
			t.Errorf("cut off %t: begun %v, forgotten %v", cut, keep.begun, keep.forgotten)
		}
		c.Close()
		h.Close()
	}
}

// An account is known to the gate before it is there: a gate that is killed in between can end it. What cannot be noted is not made.
func TestAccountIsNotedBeforeItIsMade(t *testing.T) {
	s, c := start(t, Synapse)
	keep := keeper{failBegin: errors.New("disk full")}
	k := NewKeys(settings(api.Secret{}), c, NewRegistrar(c, Synapse, api.NewSecret(secret), nil), &keep)
	if _, err := k.Own(t.Context()); err == nil || len(s.accounts) != 0 {
		t.Fatalf("%v, accounts %v", err, s.accounts)
	}
	keep.failBegin, keep.begun = nil, nil
	id, err := k.Own(t.Context())
	if err != nil || !slices.Equal(keep.begun, []api.UserID{id}) {
		t.Errorf("%s, %v, begun %v", id, err, keep.begun)
	}
}
