// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakesynapse"
)

func TestQuarantineMedia(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		ann, other := unique("ann"), unique("other")
		token, id := b.person(t, ann, false), b.id(ann)
		picture := drawing(t, shade())
		m := b.upload(t, token, "image/png", "a.png", picture)
		same := b.upload(t, b.person(t, other, false), "image/png", "copy.png", picture)
		deed, ref := api.MediaDeed{ID: id, Media: m}, api.MediaRef{ID: id, Media: m}
		if !b.served(t, token, m) {
			t.Fatal("the picture is not served at first")
		}
		after, err := b.quarantineMedia(t.Context(), deed)
		if err != nil || !after.Quarantined || after.Thumbnail || after.By == "" || b.served(t, token, m) || b.served(t, token, same) {
			t.Errorf("%+v, %v; its copies are quarantined, too", after, err)
		}
		if after, err = b.quarantineMedia(t.Context(), deed); err != nil || !after.Quarantined {
			t.Errorf("twice: %+v, %v", after, err)
		}
		if after, err = b.unquarantineMedia(t.Context(), ref); err != nil || after.Quarantined || !b.served(t, token, m) || !b.served(t, token, same) {
			t.Errorf("%+v, %v", after, err)
		}
		if after, err = b.protectMedia(t.Context(), ref); err != nil || !after.Protected {
			t.Errorf("%+v, %v", after, err)
		}
		b.sent.reset()
		if _, err = b.quarantineMedia(t.Context(), deed); problem(err) != "media_protected [media: media_protected]" || !b.served(t, token, m) {
			t.Errorf("protected: %v", err)
		}
		for _, r := range b.sent.list() {
			if strings.HasPrefix(r, "POST") {
				t.Errorf("sent %s", r)
			}
		}
		if after, err = b.unprotectMedia(t.Context(), ref); err != nil || after.Protected {
			t.Errorf("%+v, %v", after, err)
		}
		none := api.MediaRef{ID: id, Media: "None"}
		for _, err := range []error{
			second(b.quarantineMedia(t.Context(), api.MediaDeed{ID: id, Media: "None"})), second(b.unquarantineMedia(t.Context(), none)),
			second(b.protectMedia(t.Context(), none)), second(b.unprotectMedia(t.Context(), none)), second(b.deleteMedia(t.Context(), api.MediaDeed{ID: id, Media: "None"})),
		} {
			if problem(err) != "no_such_media" {
				t.Errorf("there is none: %v", err)
			}
		}
		if done, err := b.deleteMedia(t.Context(), deed); err != nil || done.Count != 1 || done.ID != id || b.served(t, token, m) || !b.served(t, token, same) {
			t.Errorf("deleted: %+v, %v", done, err)
		}
	})
}

func TestAllMedia(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		ann := unique("ann")
		token, id := b.person(t, ann, false), b.id(ann)
		var ids []api.MediaID
		for range 4 {
			ids = append(ids, b.upload(t, token, "image/png", "a.png", drawing(t, shade())))
		}
		if _, err := b.protectMedia(t.Context(), api.MediaRef{ID: id, Media: ids[0]}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.quarantineMedia(t.Context(), api.MediaDeed{ID: id, Media: ids[1]}); err != nil {
			t.Fatal(err)
		}
		e, err := b.preview(t.Context(), api.DeedQuery{ID: id, Operation: "media.quarantine_all"})
		if err != nil || said(e) != "media_quarantined_n=2 media_same_quarantined | media_kept media_copies_stay media_protected_stays_n=1 | media_later_not" {
			t.Errorf("%s, %v", said(e), err)
		}
		done, err := b.quarantineAllMedia(t.Context(), api.UserDeed{ID: id})
		if err != nil || done.Count != 2 || !b.served(t, token, ids[0]) || b.served(t, token, ids[2]) || b.served(t, token, ids[3]) {
			t.Errorf("%+v, %v", done, err)
		}
		if done, err = b.quarantineAllMedia(t.Context(), api.UserDeed{ID: id}); err != nil || done.Count != 0 {
			t.Errorf("twice: %+v, %v", done, err)
		}
		e, err = b.preview(t.Context(), api.DeedQuery{ID: id, Operation: "media.delete_all"})
		if err != nil || said(e) != "media_deleted_n=4 media_links_break media_quarantined_deleted_n=3 media_protected_deleted_n=1 | media_copies_stay media_same_stay | " {
			t.Errorf("%s, %v", said(e), err)
		}
		if done, err = b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: id}); err != nil || done.Count != 4 || done.More {
			t.Errorf("%+v, %v", done, err)
		}
		if page, err := b.listMedia(t.Context(), api.MediaQuery{ID: id}); err != nil || *page.Total != 0 {
			t.Errorf("left: %+v, %v", page, err)
		}
		for name, err := range map[string]error{
			"quarantine": second(b.quarantineAllMedia(t.Context(), api.UserDeed{ID: b.id("nobody")})),
			"delete":     second(b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: b.id("nobody")})),
			"some":       second(b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: b.id("nobody"), Larger: 1})),
		} {
			if problem(err) != "not_found" {
				t.Errorf("%s of nobody: %v", name, err)
			}
		}
	})
}

// said writes effects in short: what happens, what stays, what cannot be.
func said(e api.Effects) string {
	var parts []string
	for _, list := range [][]api.Effect{e.Happens, e.Stays, e.Cannot} {
		var codes []string
		for _, effect := range list {
			code := effect.Code
			if effect.N != nil {
				code += "=" + string(rune('0'+*effect.N))
			}
			codes = append(codes, code)
		}
		parts = append(parts, strings.Join(codes, " "))
	}
	return strings.Join(parts, " | ")
}

func TestDeleteLargeMedia(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		ann := unique("ann")
		token, id := b.person(t, ann, false), b.id(ann)
		small := b.upload(t, token, "text/plain", "small.txt", make([]byte, 1000))
		b.upload(t, token, "text/plain", "large.txt", make([]byte, 2001))
		if done, err := b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: id, Larger: 2, Before: "2020-01-01"}); err != nil || done.Count != 0 {
			t.Errorf("none is that old: %+v, %v", done, err)
		}
		done, err := b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: id, Larger: 2, Before: time.Now().UTC().Format(time.DateOnly)})
		if err != nil || done.Count != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		if page, err := b.listMedia(t.Context(), api.MediaQuery{ID: id}); err != nil || len(page.Media) != 1 || page.Media[0].ID != small {
			t.Errorf("left: %+v, %v", page, err)
		}
	})
}

func TestDeleteOldMedia(t *testing.T) {
	onBothFake(t, func(t *testing.T, b *bench, f *fakesynapse.Server) {
		if f == nil {
			t.Skip("a real Synapse takes no other time of an upload than now; TestDeleteLargeMedia has its days")
		}
		token := b.person(t, "ann", false)
		old, now := b.upload(t, token, "text/plain", "a", []byte("a")), b.upload(t, token, "text/plain", "b", []byte("b"))
		f.SetMedia(string(old), func(m fakesynapse.Fields) {
			m["created_ts"] = time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC).UnixMilli()
		})
		if done, err := b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: "@ann:localhost", Before: "2026-01-31"}); err != nil || done.Count != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		if page, err := b.listMedia(t.Context(), api.MediaQuery{ID: "@ann:localhost"}); err != nil || len(page.Media) != 1 || page.Media[0].ID != now {
			t.Errorf("left: %+v, %v", page, err)
		}
	})
}

// Nobody answers a deletion of everything: that is told, with what was done before.
func TestDeleteAllUnanswered(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		ann := unique("ann")
		token, id := b.person(t, ann, false), b.id(ann)
		for range 101 {
			b.upload(t, token, "text/plain", "a", []byte(unique("text")))
		}
		pages := 0
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method != http.MethodDelete {
				return nil, nil, false
			}
			if pages++; pages == 2 {
				return answer(r, http.StatusBadGateway, "<html>"), nil, true
			}
			return nil, nil, false
		}
		done, err := b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: id})
		if problem(err) != "media_partly_deleted" || done.Count != 100 {
			t.Errorf("%+v, %v", done, err)
		}
		pages = 1
		if _, err := b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: id}); problem(err) != "media_outcome_unknown" {
			t.Errorf("%v", err)
		}
		if done, err := b.deleteAllMedia(t.Context(), api.MediaDeletion{ID: id}); err != nil || done.Count != 1 {
			t.Errorf("%+v, %v", done, err)
		}
	})
}
