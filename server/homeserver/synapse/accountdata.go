// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// accountData returns what an account's clients keep here (GET /_synapse/admin/v1/users/{id}/accountdata), as much of it as is
// bounded by the catalogue.
func (s *synapse) accountData(ctx context.Context, q api.UserRef) (api.AccountData, error) {
	if err := s.local(ctx, q.ID); err != nil {
		return api.AccountData{}, err
	}
	type entries map[string]json.RawMessage
	var out struct {
		Data struct {
			Global entries                `json:"global"`
			Rooms  map[api.RoomID]entries `json:"rooms"`
		} `json:"account_data"`
	}
	path := matrix.At("/_synapse/admin/v1/users/{}/accountdata", string(q.ID))
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out); err != nil {
		return api.AccountData{}, about(q.ID, err)
	}
	b := bounds{entries: api.MaxData, text: api.MaxDataText}
	data := api.AccountData{Global: b.take(out.Data.Global), Rooms: []api.RoomDatum{}}
	for _, room := range slices.Sorted(maps.Keys(out.Data.Rooms)) {
		if list := b.take(out.Data.Rooms[room]); len(list) > 0 {
			data.Rooms = append(data.Rooms, api.RoomDatum{Room: room, Data: list})
		}
	}
	data.Left = b.left
	return data, nil
}

// bounds is what is left of what may be shown.
type bounds struct{ entries, text, left int }

// take writes entries as they are shown, in the order of their types.
func (b *bounds) take(from map[string]json.RawMessage) []api.Datum {
	list := []api.Datum{}
	for _, kind := range slices.Sorted(maps.Keys(from)) {
		if b.entries == 0 {
			b.left++
			continue
		}
		b.entries--
		d := api.Datum{Type: kind, Size: len(from[kind])}
		d.Content, d.Cut = cut(indented(from[kind]), min(api.MaxDatum, b.text))
		b.text -= len(d.Content)
		list = append(list, d)
	}
	return list
}

// indented writes JSON for people: a line a value, and letters as letters, which Synapse keeps as escapes. Numbers stay as they are.
func indented(raw json.RawMessage) string {
	var value any
	var b bytes.Buffer
	in, out := json.NewDecoder(bytes.NewReader(raw)), json.NewEncoder(&b)
	in.UseNumber()
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if in.Decode(&value) != nil || out.Encode(value) != nil {
		return string(raw)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// cut shortens a text to so many bytes, between two characters.
func cut(text string, most int) (string, bool) {
	if len(text) <= most {
		return text, false
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most], true
}
