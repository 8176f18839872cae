// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
)

// drawing is a picture that differs from all others in its shade.
func drawing(t *testing.T, shade int) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 200, 150))
	for i := range 200 * 150 {
		picture.Set(i%200, i/200, color.RGBA{uint8(shade), uint8(shade >> 8), 90, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shade is another one for each drawing.
func shade() int { n, _ := strconv.Atoi(unique("")); return n }

// upload puts a file on the homeserver, as a client does.
func (b *bench) upload(t *testing.T, token api.Secret, kind, name string, data []byte) api.MediaID {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/_matrix/media/v3/upload?filename="+name, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		URI string `json:"content_uri"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.URI == "" {
		t.Fatal(resp.StatusCode, err)
	}
	return api.MediaID(out.URI[strings.LastIndexByte(out.URI, '/')+1:])
}

// served reports whether the homeserver gives a file's thumbnail to a client.
func (b *bench) served(t *testing.T, token api.Secret, id api.MediaID) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/_matrix/client/v1/media/thumbnail/localhost/"+string(id)+"?width=96&height=96&method=crop", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func TestListMedia(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		ann := unique("ann")
		token, id := b.person(t, ann, false), b.id(ann)
		page, err := b.listMedia(t.Context(), api.MediaQuery{ID: id})
		if err != nil || len(page.Media) != 0 || page.Media == nil || *page.Total != 0 || page.Next != "" || page.Previous != "" {
			t.Fatalf("empty: %+v, %v", page, err)
		}
		picture := drawing(t, shade())
		var ids []api.MediaID
		for i, size := range []int{300, 100, 200} {
			ids = append(ids, b.upload(t, token, "text/plain", "notes-"+strconv.Itoa(i)+".txt", bytes.Repeat([]byte{'x'}, size)))
		}
		ids = append(ids, b.upload(t, token, "image/png", "drawing.png", picture))
		page, err = b.listMedia(t.Context(), api.MediaQuery{ID: id, Sort: api.MediaBySize, Ascending: true, Limit: 3})
		if err != nil || *page.Total != 4 || page.Next != "3" || page.Media[0].ID != ids[1] || page.Media[1].ID != ids[2] || page.Media[2].ID != ids[0] {
			t.Fatalf("by size: %+v, %v", page, err)
		}
		if page.Bytes == nil || *page.Bytes != int64(600+len(picture)) {
			t.Errorf("together %v, want %d", page.Bytes, 600+len(picture))
		}
		page, err = b.listMedia(t.Context(), api.MediaQuery{ID: id, Sort: api.MediaBySize, Ascending: true, Limit: 3, Cursor: page.Next})
		if err != nil || len(page.Media) != 1 || page.Offset != 3 || page.Previous != "0" || page.Next != "" {
			t.Fatalf("second page: %+v, %v", page, err)
		}
		m := page.Media[0]
		if m.ID != ids[3] || m.Owner != id || m.Type != "image/png" || m.Name != "drawing.png" || !m.Thumbnail || m.Quarantined || m.Protected ||
			time.Since(time.UnixMilli(m.CreatedMS)) > time.Hour || m.MXC() != "mxc://localhost/"+api.MXC(m.ID) {
			t.Errorf("%+v", m)
		}
		one, err := b.getMedia(t.Context(), api.MediaRef{ID: id, Media: m.ID})
		if err != nil || one != m {
			t.Errorf("alone %+v, in the list %+v, %v", one, m, err)
		}
		for name, err := range map[string]error{
			"no_such_media":                           second(b.getMedia(t.Context(), api.MediaRef{ID: id, Media: "None"})),
			"not_found":                               second(b.listMedia(t.Context(), api.MediaQuery{ID: b.id("nobody")})),
			"not_local [id: not_local]":               second(b.listMedia(t.Context(), api.MediaQuery{ID: "@x:elsewhere.example"})),
			"invalid_cursor [cursor: invalid_cursor]": second(b.listMedia(t.Context(), api.MediaQuery{ID: id, Cursor: "-1"})),
		} {
			if problem(err) != name {
				t.Errorf("%v, want %s", err, name)
			}
		}
		// A file is not touched in the name of somebody else.
		other := unique("other")
		b.person(t, other, false)
		for _, err := range []error{
			second(b.getMedia(t.Context(), api.MediaRef{ID: b.id(other), Media: m.ID})),
			second(b.deleteMedia(t.Context(), api.MediaDeed{ID: b.id(other), Media: m.ID})),
			second(b.quarantineMedia(t.Context(), api.MediaDeed{ID: b.id(other), Media: m.ID})),
		} {
			if problem(err) != "no_such_media" {
				t.Errorf("of somebody else: %v", err)
			}
		}
	})
}

func TestThumbnail(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		ann := unique("ann")
		token, id := b.person(t, ann, false), b.id(ann)
		good, fake := b.upload(t, token, "image/png", "a.png", drawing(t, shade())), b.upload(t, token, "image/png", "b.png", []byte("<script>alert(1)</script>"))
		text := b.upload(t, token, "text/html", "c.html", []byte("<script>alert(2)</script>"))
		for _, large := range []bool{false, true} {
			p, err := b.thumbnail(t.Context(), api.ThumbnailQuery{ID: id, Media: good, Large: large})
			if err != nil || p.Type != "image/png" || http.DetectContentType(p.Data) != "image/png" {
				t.Errorf("large %t: %s, %d bytes, %v", large, p.Type, len(p.Data), err)
			}
		}
		for _, m := range []api.MediaID{fake, text} {
			if _, err := b.thumbnail(t.Context(), api.ThumbnailQuery{ID: id, Media: m}); problem(err) != "no_thumbnail" {
				t.Errorf("%s: %v", m, err)
			}
		}
		if _, err := b.quarantineMedia(t.Context(), api.MediaDeed{ID: id, Media: good}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.thumbnail(t.Context(), api.ThumbnailQuery{ID: id, Media: good}); problem(err) != "no_thumbnail" {
			t.Errorf("quarantined: %v", err)
		}
	})
}

// Whatever a homeserver sends in place of a picture is not passed on.
func TestThumbnailIsAPicture(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	b := newBench(t, f.URL, homeserver.Settings{})
	m := b.upload(t, b.person(t, "ann", false), "image/png", "a.png", drawing(t, 1))
	for name, tt := range map[string]struct {
		status int
		header http.Header
		body   string
		want   string
	}{
		"svg":      {200, http.Header{"Content-Type": {"image/svg+xml"}}, "<svg/>", "no_picture"},
		"page":     {200, http.Header{"Content-Type": {"text/html"}}, "<html>", "no_picture"},
		"nothing":  {200, http.Header{}, "", "no_picture"},
		"large":    {200, http.Header{"Content-Type": {"image/png"}}, strings.Repeat("x", api.MaxPicture+1), "homeserver_unknown_answer"},
		"redirect": {302, http.Header{"Location": {"https://cdn.example/a.png"}}, "", "homeserver_redirects"},
	} {
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if !strings.Contains(r.URL.Path, "/thumbnail/") {
				return nil, nil, false
			}
			resp := answer(r, tt.status, tt.body)
			resp.Header = tt.header
			return resp, nil, true
		}
		if _, err := b.thumbnail(t.Context(), api.ThumbnailQuery{ID: "@ann:localhost", Media: m}); problem(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

func TestMediaOfOldVersions(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Version: "1.110.0"})
	b := newBench(t, f.URL, homeserver.Settings{})
	token := b.person(t, "ann", false)
	m := b.upload(t, token, "image/png", "a.png", drawing(t, 1))
	one, err := b.getMedia(t.Context(), api.MediaRef{ID: "@ann:localhost", Media: m})
	if err != nil || one.ID != m || one.Name != "a.png" {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := b.getMedia(t.Context(), api.MediaRef{ID: "@ann:localhost", Media: "None"}); problem(err) != "no_such_media" {
		t.Errorf("%v", err)
	}
	if _, err := b.info(t.Context(), api.ServerQuery{}); err != nil {
		t.Fatal(err)
	}
	if got := b.table.Unavailable(); got["media.thumbnail"] != reasonVersion || got["media.list"] != "" {
		t.Errorf("%v", got)
	}
}
