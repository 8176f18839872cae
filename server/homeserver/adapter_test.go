// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"strings"
	"testing"

	"gatehouse/app/api"
)

func get(context.Context, api.UserRef) (api.User, error) { return api.User{ID: "@a:b"}, nil }

// whole is a table in which everything is missing but what is given.
func whole(entries ...Entry) Adapter {
	a := Adapter(entries)
	for _, op := range api.All() {
		if _, ok := a.Find(op.Info().Name); !ok && !op.Info().AtGate {
			a = append(a, Missing(op, "none"))
		}
	}
	return a
}

func TestComplete(t *testing.T) {
	a := whole(Implement(api.GetUser, get))
	if err := a.Complete(); err != nil {
		t.Error(err)
	}
	if err := a[1:].Complete(); err == nil || !strings.Contains(err.Error(), "users.get") {
		t.Errorf("an operation that is neither implemented nor missing: %v", err)
	}
	if err := append(a, Missing(api.GetUser, "twice")).Complete(); err == nil {
		t.Error("an operation that is there twice is let through")
	}
}

// What is an adapter's is none of the gate's own.
func TestCompleteAtGate(t *testing.T) {
	if err := whole().CompleteAtGate(); err == nil || !strings.Contains(err.Error(), "not 0") {
		t.Errorf("the operations of an adapter as the gate's own: %v", err)
	}
}

func TestCaller(t *testing.T) {
	if got := Caller(t.Context()); got != "" {
		t.Errorf("nobody asks, and the caller is %q", got)
	}
	if got := Caller(WithCaller(t.Context(), "operator:ann")); got != "operator:ann" {
		t.Errorf("the caller is %q", got)
	}
}

func TestWhy(t *testing.T) {
	reason := "old"
	a := whole(Implement(api.GetUser, get).When(func() string { return reason }))
	if got := a.Unavailable()["users.get"]; got != "old" {
		t.Errorf("users.get is unavailable because of %q", got)
	}
	reason = ""
	if got, off := a.Unavailable()["users.get"]; off {
		t.Errorf("users.get is unavailable because of %q", got)
	}
	if got := a.Unavailable()["users.list"]; got != "none" {
		t.Errorf("users.list is unavailable because of %q", got)
	}
}

// An entry that is asked with another operation's request says so, and does not call.
func TestOtherRequest(t *testing.T) {
	entry := Implement(api.GetUser, get)
	if _, err := entry.Call(t.Context(), api.UserQuery{}); err == nil {
		t.Error("users.get took the request of users.list")
	}
	if out, err := entry.Call(t.Context(), api.UserRef{ID: "@a:b"}); err != nil || out.(api.User).ID != "@a:b" {
		t.Errorf("users.get gave %v, %v", out, err)
	}
}

func TestHidden(t *testing.T) {
	for _, tt := range []struct {
		pattern, localpart string
		want               bool
	}{
		{"whatsapp_*", "whatsapp_49151", true},
		{"whatsapp_*", "whatsapp_", true},
		{"whatsapp_*", "x_whatsapp_1", false},
		{"*bot", "whatsappbot", true},
		{"*bot", "bots", false},
		{"a*b*c", "a/1=b.2c", true},
		{"a*b*c", "acb", false},
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"a?c", "abc", false}, // only * stands for anything
		{"[ab]", "a", false},
	} {
		s := Settings{Hide: []string{"never", tt.pattern}}
		if got := s.Hidden(tt.localpart); got != tt.want {
			t.Errorf("%q hides %q: %t", tt.pattern, tt.localpart, got)
		}
	}
}
