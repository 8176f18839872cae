// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"image/color"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// cliFiles are the steps of TestCLICall about the files of an account, and the notice to it.
func cliFiles(t *testing.T, g *gatehouse, hs *homeserver.Server) []cliStep {
	t.Helper()
	account := register(t, hs, unique("filer"), "a password of theirs", false)
	id := account.UserID
	var files []string
	// Synapse puts all files of the same content into quarantine together: no other test has these colours.
	hue := rand.Uint32()
	for i := range 3 {
		files = append(files, upload(t, hs, account.AccessToken, "image/png", "a <file>.png", painting(t, color.RGBA{uint8(40 * i), uint8(hue), uint8(hue >> 8), 255})))
	}
	set := func(operation string, now func(mediaInfo) bool) cliStep {
		return cliStep{operation, func(t *testing.T) {
			var m object
			g.call(t, operation, ask(id, "media", files[0]), &m)
			if at, there := mediaAt(t, hs, files[0]); m["id"] != files[0] || !there || !now(at) {
				t.Errorf("the file is %v, at the homeserver %+v", m, at)
			}
		}}
	}
	deleted := func(operation string, request object, want ...string) cliStep {
		return cliStep{operation, func(t *testing.T) {
			var done struct {
				Count int `json:"count"`
			}
			g.call(t, operation, request, &done)
			for _, file := range files {
				if _, there := mediaAt(t, hs, file); there == slices.Contains(want, file) {
					t.Errorf("%d are deleted; %s is there: %t", done.Count, file, there)
				}
			}
		}}
	}
	return []cliStep{
		{"media.list", func(t *testing.T) {
			var page struct {
				Media []object `json:"media"`
				Total int      `json:"total"`
			}
			g.call(t, "media.list", ask(id, "sort", "size", "limit", 2), &page)
			if len(page.Media) != 2 || page.Total != 3 || page.Media[0]["name"] != "a <file>.png" {
				t.Errorf("%+v", page)
			}
		}},
		{"media.get", func(t *testing.T) {
			var m object
			g.call(t, "media.get", ask(id, "media", files[0]), &m)
			if m["id"] != files[0] || m["owner"] != id || m["type"] != "image/png" {
				t.Errorf("%v", m)
			}
		}},
		{"media.thumbnail", func(t *testing.T) {
			var p struct {
				Type string `json:"type"`
				Data []byte `json:"data"`
			}
			g.call(t, "media.thumbnail", ask(id, "media", files[0]), &p)
			if p.Type != "image/png" || !bytes.HasPrefix(p.Data, []byte("\x89PNG")) {
				t.Errorf("%s, %d bytes", p.Type, len(p.Data))
			}
		}},
		set("media.quarantine", func(m mediaInfo) bool { return m.By != "" }),
		set("media.unquarantine", func(m mediaInfo) bool { return m.By == "" }),
		set("media.protect", func(m mediaInfo) bool { return m.Protected == float64(1) }),
		set("media.unprotect", func(m mediaInfo) bool { return m.Protected == float64(0) }),
		{"media.quarantine_all", func(t *testing.T) {
			var done struct {
				Count int `json:"count"`
			}
			g.call(t, "media.quarantine_all", ask(id), &done)
			if m, _ := mediaAt(t, hs, files[2]); done.Count != 3 || m.By == "" {
				t.Errorf("%d are quarantined, at the homeserver %+v", done.Count, m)
			}
		}},
		deleted("media.delete", ask(id, "media", files[1], "reason", "a ticket"), files[1]),
		deleted("media.delete_all", ask(id, "before", "2020-01-01"), files[1]),
		deleted("media.delete_all", ask(id), files...),
		cliNotice(g, hs, account),
	}
}

// cliNotice sends a notice to several accounts, of which one is there.
func cliNotice(g *gatehouse, hs *homeserver.Server, account homeserver.Account) cliStep {
	return cliStep{"users.notice", func(t *testing.T) {
		var report struct {
			Sent []struct {
				ID      string   `json:"id"`
				Problem *problem `json:"problem"`
			} `json:"sent"`
		}
		g.call(t, "users.notice", object{"ids": []string{hs.UserID("nobody-at-all"), account.UserID}, "text": "Read <this>."}, &report)
		if len(report.Sent) != 2 || report.Sent[0].Problem == nil || report.Sent[0].Problem.Code != "not_found" || report.Sent[1].Problem != nil {
			t.Errorf("%+v", report)
		}
		if got := noticesOf(t, hs, account.AccessToken); !slices.Equal(got, []string{"Read <this>."}) {
			t.Errorf("got %q", got)
		}
	}}
}

// cliTokens are the steps of TestCLICall about registration tokens.
func cliTokens(g *gatehouse, hs *homeserver.Server) []cliStep {
	type card struct {
		Token struct {
			ID    string `json:"id"`
			State string `json:"state"`
		} `json:"token"`
		Text string `json:"text"`
	}
	var made card
	return []cliStep{
		{"tokens.create", func(t *testing.T) {
			g.call(t, "tokens.create", object{"uses": 2, "expires": "2100-12-31"}, &made)
			g.keepSecret(made.Text[:2], made.Text)
			if at, there := tokenAt(t, hs, made.Text); !there || at.Uses != 2 || at.Expires == 0 || made.Token.State != "valid" {
				t.Errorf("%+v, at the homeserver %+v", made, at)
			}
		}},
		{"tokens.list", func(t *testing.T) {
			var list struct {
				Tokens []struct {
					ID string `json:"id"`
				} `json:"tokens"`
				Demand string `json:"demand"`
			}
			g.call(t, "tokens.list", "", &list)
			found := false
			for _, token := range list.Tokens {
				found = found || token.ID == made.Token.ID
			}
			if !found || list.Demand != "required" {
				t.Errorf("%+v", list)
			}
		}},
		{"tokens.show", func(t *testing.T) {
			var shown card
			g.call(t, "tokens.show", ask(made.Token.ID), &shown)
			if shown != made {
				t.Errorf("%+v, made %+v", shown, made)
			}
		}},
		{"tokens.update", func(t *testing.T) {
			var now object
			g.call(t, "tokens.update", ask(made.Token.ID, "uses", change(2, 5), "expires", object{"to": ""}), &now)
			if at, _ := tokenAt(t, hs, made.Text); now["uses"] != float64(5) || at.Uses != 5 || at.Expires != 0 {
				t.Errorf("%v, at the homeserver %+v", now, at)
			}
		}},
		{"tokens.revoke", func(t *testing.T) { // which Synapse cannot
			if p := g.callFails(t, "tokens.revoke", ask(made.Token.ID)); p.Status != http.StatusNotImplemented || !strings.Contains(p.Detail, "does not revoke") {
				t.Errorf("%+v", p)
			}
		}},
		{"tokens.delete", func(t *testing.T) {
			var gone object
			g.call(t, "tokens.delete", ask(made.Token.ID), &gone)
			if _, there := tokenAt(t, hs, made.Text); there || gone["id"] != made.Token.ID {
				t.Errorf("%v, still there %t", gone, there)
			}
		}},
	}
}
