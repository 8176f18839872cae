// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/jpeg" // what a thumbnail can be made of
	"image/png"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

type media struct {
	fields Fields // as in lists
	data   []byte
}

// picture is an answer that is one.
type picture []byte

func (f *Server) upload(c *call) any {
	data, _ := io.ReadAll(c.r.Body)
	sum := sha256.Sum256(data)
	var name any
	if c.r.URL.Query().Has("filename") {
		name = c.r.URL.Query().Get("filename")
	}
	m := &media{data: data, fields: Fields{
		"media_id": f.random("Media"), "media_type": cmp.Or(c.r.Header.Get("Content-Type"), "application/octet-stream"), "media_length": int64(len(data)),
		"upload_name": name, "created_ts": time.Now().UnixMilli(), "url_cache": nil, "last_access_ts": nil, "quarantined_by": nil,
		"safe_from_quarantine": false, "user_id": c.who.user.id(), "authenticated": 1, "sha256": hex.EncodeToString(sum[:]),
	}}
	f.media = append(f.media, m)
	return map[string]any{"content_uri": "mxc://localhost/" + m.fields["media_id"].(string)}
}

// SetMedia changes a file as no endpoint does: when it was made, for one.
func (f *Server) SetMedia(id string, set func(Fields)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	set(f.local(id).fields)
}

func (f *Server) local(id string) *media {
	for _, m := range f.media {
		if m.fields["media_id"] == id {
			return m
		}
	}
	return nil
}

func (f *Server) thumbnail(c *call) any {
	m := f.local(c.parts[1])
	if c.parts[0] != "localhost" || m == nil || m.fields["quarantined_by"] != nil {
		fail(404, "M_NOT_FOUND", "Not found")
	}
	if _, _, err := image.Decode(bytes.NewReader(m.data)); err != nil {
		fail(400, "M_UNKNOWN", "Cannot find any thumbnails for the requested media.")
	}
	m.fields["last_access_ts"] = time.Now().UnixMilli()
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 32, 32)))
	return picture(b.Bytes())
}

// page are the files of an account that a request is about, in its order.
func (f *Server) page(c *call) (page []*media, from, total int) {
	u := f.find(c.parts[0], "Can only look up local users")
	var all []*media
	for _, m := range f.media {
		if m.fields["user_id"] == u.id() {
			all = append(all, m)
		}
	}
	q := c.r.URL.Query()
	by, down := cmp.Or(q.Get("order_by"), "created_ts"), q.Get("dir") == "b" || !q.Has("dir") && !q.Has("order_by")
	if !slices.Contains([]string{"media_id", "upload_name", "created_ts", "last_access_ts", "media_length", "media_type", "quarantined_by", "safe_from_quarantine"}, by) {
		fail(400, "M_INVALID_PARAM", "Query parameter 'order_by' must be one of …")
	}
	slices.SortFunc(all, func(a, b *media) int {
		order := compare(a.fields[by], b.fields[by])
		if down {
			order = -order
		}
		return cmp.Or(order, compare(a.fields["media_id"], b.fields["media_id"]))
	})
	from, _ = strconv.Atoi(q.Get("from"))
	limit := 100
	if q.Has("limit") {
		limit, _ = strconv.Atoi(q.Get("limit"))
	}
	return all[min(from, len(all)):min(from+limit, len(all))], from, len(all)
}

func (f *Server) listMedia(c *call) any {
	page, from, total := f.page(c)
	list := []any{}
	for _, m := range page {
		list = append(list, m.fields)
	}
	out := map[string]any{"media": list, "total": total}
	if from+len(page) < total {
		out["next_token"] = from + len(page)
	}
	return out
}

func (f *Server) deleteMediaPage(c *call) any {
	page, _, _ := f.page(c)
	return f.remove(page)
}

func (f *Server) remove(gone []*media) any {
	ids := []string{}
	for _, m := range gone {
		ids = append(ids, m.fields["media_id"].(string))
		f.media = slices.DeleteFunc(f.media, func(other *media) bool { return other == m })
	}
	return map[string]any{"deleted_media": ids, "total": len(ids)}
}

func (f *Server) deleteMedia(c *call) any {
	if c.parts[0] != "localhost" {
		fail(400, "M_UNKNOWN", "Can only delete local media")
	}
	m := f.local(c.parts[1])
	if m == nil {
		fail(404, "M_NOT_FOUND", "Unknown media")
	}
	return f.remove([]*media{m})
}

func (f *Server) getMedia(c *call) any {
	m := f.local(c.parts[1])
	if c.parts[0] != "localhost" || m == nil {
		fail(404, "M_NOT_FOUND", "Unknown media")
	}
	info := map[string]any{"media_origin": nil, "filesystem_id": nil}
	for k, v := range m.fields {
		info[k] = v
	}
	info["safe_from_quarantine"] = 0
	if m.fields["safe_from_quarantine"] == true {
		info["safe_from_quarantine"] = 1
	}
	return map[string]any{"media_info": info}
}

func (f *Server) mediaStatistics(c *call) any {
	term := c.r.URL.Query().Get("search_term")
	if c.r.URL.Query().Has("search_term") && term == "" {
		fail(400, "M_INVALID_PARAM", "Query parameter search_term cannot be an empty string.")
	}
	list := []any{}
	for id, u := range f.users {
		count, length := 0, int64(0)
		for _, m := range f.media {
			if m.fields["user_id"] == id {
				count, length = count+1, length+m.fields["media_length"].(int64)
			}
		}
		local, _, _ := strings.Cut(strings.TrimPrefix(id, "@"), ":")
		if count > 0 && like(local, term) {
			list = append(list, map[string]any{"user_id": id, "displayname": u.fields["displayname"], "media_count": count, "media_length": length})
		}
	}
	return map[string]any{"users": list, "total": len(list)}
}

// setQuarantine quarantines a file and all that are the same, but the protected ones, or ends that. It counts as Synapse does:
// those that are named and those that are the same.
func (f *Server) setQuarantine(m *media, by any) int {
	n := 0
	for _, other := range f.media {
		if other.fields["sha256"] == m.fields["sha256"] && (by == nil || other.fields["safe_from_quarantine"] == false) {
			other.fields["quarantined_by"] = by
			if n++; other == m {
				n++
			}
		}
	}
	return n
}

func (f *Server) quarantine(c *call) any {
	if m := f.local(c.parts[1]); m != nil {
		f.setQuarantine(m, c.who.user.id())
	}
	return map[string]any{}
}

func (f *Server) unquarantine(c *call) any {
	if m := f.local(c.parts[1]); m != nil {
		f.setQuarantine(m, nil)
	}
	return map[string]any{}
}

func (f *Server) quarantineAll(c *call) any {
	n := 0
	for _, m := range f.media {
		if m.fields["user_id"] == c.parts[0] && m.fields["quarantined_by"] == nil {
			n += f.setQuarantine(m, c.who.user.id())
		}
	}
	return map[string]any{"num_quarantined": n}
}

func (f *Server) protect(c *call) any { return f.setSafe(c.parts[0], true) }

func (f *Server) unprotect(c *call) any { return f.setSafe(c.parts[0], false) }

func (f *Server) setSafe(id string, safe bool) any {
	m := f.local(id)
	if m == nil {
		fail(404, "M_UNKNOWN", "No row found (local_media_repository)")
	}
	m.fields["safe_from_quarantine"] = safe
	return map[string]any{}
}
