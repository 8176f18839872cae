// SPDX-License-Identifier: Apache-2.0

package sharedsecret

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/app/api"
)

// Computed with Synapse's own code; the last one is Dendrite's (clientapi/routing/register_secret_test.go).
func TestMAC(t *testing.T) {
	for _, tt := range []struct {
		secret, nonce, user, password string
		admin                         bool
		userType, want                string
	}{
		{"shared_secret", "thisisanonce", "pepper_roni", "pizza", true, "", "48715842ad67d5dc9a9ee938a3bda4fcfae8d7c7"},
		{"shared_secret", "thisisanonce", "pepper_roni", "pizza", false, "", "cf2391885316861a8e3871bfdcd223ab3913221d"},
		{"shared_secret", "thisisanonce", "pepper_roni", "pizza", false, "support", "b7f4d18c034bc28e97a674cb1be4ab6c1744abc5"},
		{"sécret ✓", "abcd", "alice", "päss wörd", false, "", "fa7c2d5d8ff6bfe365db7b9ed56eaac494b73bab"},
		{"dendritetest", "759f047f312b99ff428b21d581256f8592b8976e58bc1b543972dc6147e529a79657605b52d7becd160ff5137f3de11975684319187e06901955f79e5a6c5a79",
			"alice", "wonderland", false, "", "f1ba8d37123866fd659b40de4bad9b0f8965c565"},
	} {
		got, err := MAC(api.NewSecret(tt.secret), tt.nonce, tt.user, api.NewSecret(tt.password), tt.admin, tt.userType)
		if err != nil || got != tt.want {
			t.Errorf("MAC of %s, %t, %q = %s, %v; want %s", tt.user, tt.admin, tt.userType, got, err, tt.want)
		}
	}
}

func TestMACRefusesNUL(t *testing.T) {
	for _, f := range [][4]string{{"a\x00", "", "", ""}, {"", "a\x00b", "", ""}, {"", "", "\x00", ""}, {"", "", "", "\x00"}, {"", "\xff", "", ""}} {
		if mac, err := MAC(api.NewSecret("s"), f[0], f[1], api.NewSecret(f[2]), false, f[3]); !errors.Is(err, ErrField) || mac != "" {
			t.Errorf("%q: %q, %v", f, mac, err)
		}
	}
}

// The fields must be readable back from the message, one way only: otherwise two accounts would share a MAC.
func FuzzMessage(f *testing.F) {
	f.Add("nonce", "alice", "pizza", true, "support")
	f.Add("", "a\x00notadmin", "", false, "")
	f.Add("n", "admin", "notadmin", false, "admin")
	f.Fuzz(func(t *testing.T, nonce, user, password string, admin bool, userType string) {
		text, err := message(nonce, user, password, admin, userType)
		all := nonce + user + password + userType
		if err != nil {
			if !strings.ContainsRune(all, 0) && utf8.ValidString(all) {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		got := strings.Split(text, "\x00")
		want := []string{nonce, user, password, map[bool]string{true: "admin", false: "notadmin"}[admin]}
		if userType != "" {
			want = append(want, userType)
		}
		if len(got) != len(want) {
			t.Fatalf("%d fields became %d", len(want), len(got))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("field %d: %q became %q", i, want[i], got[i])
			}
		}
	})
}
