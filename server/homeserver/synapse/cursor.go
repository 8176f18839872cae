// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"

	"gatehouse/app/api"
)

// cursor is a place in a list. Synapse pages by offset; where pages are filtered here, how far one reaches is known only once
// it was read, so the places of the pages before it travel along.
type cursor struct {
	Position int64   `json:"p"`
	Back     []int64 `json:"b,omitempty"` // where the pages before began, the nearest last
	Query    uint32  `json:"q"`           // of which query
}

// maxBack is how many pages one can go back; from further in the list, back leads to its beginning.
const maxBack = 200

func openCursor(q api.UserQuery) (cursor, error) {
	var c cursor
	if q.Cursor == "" {
		return c, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || json.Unmarshal(data, &c) != nil || c.Position < 0 || c.Query != fingerprint(q) || len(c.Back) > maxBack {
		return cursor{}, api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
	}
	for _, p := range c.Back {
		if p < 0 || p > c.Position {
			return cursor{}, api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
		}
	}
	return c, nil
}

// forward is the cursor of the page that begins at a position.
func (c cursor) forward(q api.UserQuery, position int64) string {
	back := append(append([]int64{}, c.Back...), c.Position)
	if len(back) > maxBack {
		back = back[1:]
	}
	return cursor{Position: position, Back: back}.text(q)
}

// backward is the cursor of the page before.
func (c cursor) backward(q api.UserQuery) string {
	if len(c.Back) == 0 {
		return cursor{}.text(q)
	}
	last := len(c.Back) - 1
	return cursor{Position: c.Back[last], Back: c.Back[:last]}.text(q)
}

func (c cursor) text(q api.UserQuery) string {
	c.Query = fingerprint(q)
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // numbers always encode
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// fingerprint tells queries apart whose lists are not the same one. The size of a page is not of them.
func fingerprint(q api.UserQuery) uint32 {
	q.Cursor, q.Limit = "", 0
	h := fnv.New32a()
	fmt.Fprintf(h, "%q", []any{q.Search, q.Admins, q.Deactivated, q.Locked, q.Guests, q.System, q.Drift, q.Sort, q.Descending})
	return h.Sum32()
}
