// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestExpiry(t *testing.T) {
	for text, want := range map[string]int64{
		"":                     0,
		"2026-12-31":           time.Date(2026, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli(),
		"2026-12-31T10:00:00Z": time.Date(2026, 12, 31, 10, 0, 0, 0, time.UTC).UnixMilli(),
	} {
		at, err := Expiry(text)
		got := int64(0)
		if !at.IsZero() {
			got = at.UnixMilli()
		}
		if err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
		if again, err := Expiry(ExpiryText(got)); err != nil || !again.Equal(at) {
			t.Errorf("%q is written %q", text, ExpiryText(got))
		}
	}
}

// What a form sends where nothing was touched changes nothing, and a limit that is taken away is one.
func TestTokenUpdateOfAForm(t *testing.T) {
	for form, want := range map[string]string{
		"id=Kw~1&uses.from=3&uses.to=3&expires.from=2026-12-31T23:59:59.999Z&expires.to=2026-12-31":                   "",
		"id=Kw~1&uses.from=3&uses.to=3&expires.from=2026-12-31T10:15:00.000Z&expires.to=2026-12-31":                   "",
		"id=Kw~1&uses.from=0&uses.to=&expires.from=&expires.to=":                                                      "",
		"id=Kw~1&uses.from=3&uses.to=&expires.from=2026-12-31T23:59:59.999Z&expires.to=":                              "uses 0 expires ",
		"id=Kw~1&uses.from=0&uses.to=7&expires.from=&expires.to=2027-01-01":                                           "uses 7 expires 2027-01-01",
		"id=Kw~1&uses.from=3&uses.to=3&expires.from=2026-12-31T23:59:59.999Z&expires.to=2026-12-3" /* no such day */ : "expires 2026-12-3",
	} {
		values, _ := url.ParseQuery(form)
		req, err := UpdateToken.DecodeForm(values)
		if err != nil {
			t.Fatal(err)
		}
		u, got := req.(TokenUpdate), ""
		if u.Uses != nil {
			got = "uses " + string(rune('0'+u.Uses.To)) + " "
		}
		if u.Expires != nil {
			got += "expires " + u.Expires.To
		}
		if got != want {
			t.Errorf("%s: %q, want %q", form, got, want)
		}
	}
}

func TestMediaDeletionOf(t *testing.T) {
	day := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC).UnixMilli()
	old, large := Media{CreatedMS: day, Bytes: 0}, Media{CreatedMS: day + 86400000, Bytes: 2001}
	for _, tt := range []struct {
		d          MediaDeletion
		old, large bool
	}{
		{MediaDeletion{}, true, true},
		{MediaDeletion{Before: "2026-01-31"}, true, false},
		{MediaDeletion{Larger: 2}, false, true},
		{MediaDeletion{Before: "2026-01-31", Larger: 2}, false, false},
		{MediaDeletion{Before: "2026-02-01", Larger: 2}, false, true},
		{MediaDeletion{Before: "nonsense"}, false, false},
	} {
		if tt.d.Of(old) != tt.old || tt.d.Of(large) != tt.large {
			t.Errorf("%+v: old %t, large %t", tt.d, tt.d.Of(old), tt.d.Of(large))
		}
	}
}

// A notice's report tells the audit log what was not done.
func TestNoticeReport(t *testing.T) {
	r := NoticeReport{Sent: []NoticeSent{{ID: "@a:x"}, {ID: "@b:x", Problem: NewProblem(StatusNotFound, "not_found")}}}
	if p := r.Failures(); r.Done() != 1 || p == nil || p.Error() != "partly_done [ids.1: not_found]" {
		t.Errorf("%d, %v", r.Done(), p)
	}
	if p := (NoticeReport{Sent: r.Sent[:1]}).Failures(); p != nil {
		t.Error(p)
	}
	values := url.Values{"id": {"@a:x.example"}, "text": {" two\r\nlines "}}
	if req, err := SendNotice.DecodeForm(values); err != nil || req.(Notice).Text != "two\nlines" || strings.Join(ids(req.Targets()), " ") != "@a:x.example" {
		t.Errorf("%+v, %v", req, err)
	}
}

func ids(list []UserID) []string {
	var out []string
	for _, id := range list {
		out = append(out, string(id))
	}
	return out
}
