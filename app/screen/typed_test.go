// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"net/url"
	"testing"
)

func TestOwnAndShown(t *testing.T) {
	sent, err := url.ParseQuery("_key=k&_screen=/x&_add=a&localpart=ann&password.mode=typed&password.password=secret&password=x&admin=false&admin=true")
	if err != nil {
		t.Fatal(err)
	}
	own := Own(sent)
	if got := own.Encode(); got != "admin=false&admin=true&localpart=ann&password=x&password.mode=typed&password.password=secret" {
		t.Error(got)
	}
	if got := Shown("users.create", own).Encode(); got != "admin=false&admin=true&localpart=ann&password=x&password.mode=typed" {
		t.Error(got)
	}
	// Of an operation that is none nobody knows what is secret.
	if got := Shown("users.fly", own); len(got) != 0 {
		t.Error(got)
	}
}

func TestRows(t *testing.T) {
	for _, c := range []struct{ typed, button, want string }{
		{"a=1", "", "a=1"},
		{"a=1", "_add=list", "a=1&list.0._="},
		{"list.0.x=1", "_add=list", "list.0.x=1&list.1._="},
		{"list.7.x=1&list.2.x=1", "_add=list", "list.2.x=1&list.7.x=1&list.8._="},
		{"other.5.x=1&list.x=1", "_add=list", "list.0._=&list.x=1&other.5.x=1"},
		{"list.0.x=1&list.0.y=2&list.1.x=3&list.10.x=4", "_remove=list.1", "list.0.x=1&list.0.y=2&list.10.x=4"},
		{"list.0=1&list.1=2", "_remove=list.0", "list.1=2"},
		{"list.0.x=1", "_remove=list.9", "list.0.x=1"},
		{"id=1&identity=2", "_remove=id", "identity=2"},
	} {
		typed, _ := url.ParseQuery(c.typed)
		button, _ := url.ParseQuery(c.button)
		if Redraws(button) != (c.button != "") {
			t.Errorf("%q: Redraws", c.button)
		}
		want, _ := url.ParseQuery(c.want)
		if got := Rows(typed, button); got.Encode() != want.Encode() {
			t.Errorf("%q with %q: %s, want %s", c.typed, c.button, got.Encode(), want.Encode())
		}
	}
}
