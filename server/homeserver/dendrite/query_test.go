// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gatehouse/server/homeserver"
)

// The database hides what the configuration's own patterns hide, and finds what contains the text, whatever signs are in them.
func TestConditionsMeanWhatTheySay(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		if w.fake != nil {
			t.Skip("one SQLite is enough")
		}
		const query = "SELECT COUNT(*) FROM (SELECT $1 AS localpart, 'localhost' AS server_name, '' AS appservice_id) a, (SELECT '' AS display_name) p WHERE "
		holds := func(t *rapid.T, name string, condition func(*selection) string) bool {
			s := &selection{kind: w.db.kind}
			s.arg(name)
			cond := condition(s)
			var n int
			if err := w.db.read.QueryRow(strings.Replace(query, "$1", cast(w.db.kind, "$1"), 1)+cond, s.args...).Scan(&n); err != nil {
				t.Fatalf("%s: %v", cond, err)
			}
			return n == 1
		}
		signs := rapid.StringOfN(rapid.SampledFrom([]rune(`ab*?[]_%\^-'!`)), 0, 6, -1)
		rapid.Check(t, func(t *rapid.T) {
			name, pattern := signs.Draw(t, "name"), signs.Draw(t, "pattern")
			want := homeserver.Settings{Hide: []string{pattern}}.Hidden(name)
			if got := holds(t, name, func(s *selection) string { return s.system([]string{pattern}) }); got != want {
				t.Errorf("%q hidden by %q: %v, want %v", name, pattern, got, want)
			}
			text := signs.Draw(t, "text")
			if text == "" {
				return
			}
			want = strings.Contains("@"+name+":localhost", text)
			if got := holds(t, name, func(s *selection) string { s.search(text); return s.conds[0] }); got != want {
				t.Errorf("%q contains %q: %v, want %v", name, text, got, want)
			}
		})
	})
}

// cast tells PostgreSQL that an argument is a text where nothing else does.
func cast(kind, arg string) string {
	if kind == kindPostgres {
		return arg + "::text"
	}
	return arg
}
