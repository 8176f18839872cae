// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/app/api"
)

// The values of userapi_accounts.account_type (Dendrite, userapi/api/api.go).
const (
	typeUser       = 1
	typeGuest      = 2
	typeAdmin      = 3
	typeAppService = 4
)

// notices is the account that Dendrite makes for its server notices; it is nobody's (Dendrite, global.server_notices).
const notices = "_server"

// selection is the part of a query behind WHERE, with its arguments. Arguments are numbered in the order of their first
// use, which is what both databases make of $1, $2, ….
type selection struct {
	kind  string
	conds []string
	args  []any
}

func (s *selection) arg(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

func (s *selection) add(cond string) { s.conds = append(s.conds, cond) }

func (s *selection) where() string {
	if len(s.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(s.conds, " AND ")
}

// filter adds a condition, its opposite, or nothing.
func (s *selection) filter(f api.Filter, cond string) {
	switch f {
	case api.Only:
		s.add("(" + cond + ")")
	case api.Without:
		s.add("NOT (" + cond + ")")
	}
}

// search demands that the Matrix ID or the display name contains a text, whichever way its letters are written.
func (s *selection) search(text string) {
	if text == "" {
		return
	}
	like := " LIKE "
	if s.kind == kindPostgres {
		like = " ILIKE "
	}
	var any []string
	for _, t := range spellings(text) {
		pattern := s.arg("%" + escapeLike(t) + "%")
		for _, column := range []string{"'@' || a.localpart || ':' || a.server_name", "COALESCE(p.display_name, '')"} {
			any = append(any, column+like+pattern+` ESCAPE '\'`)
		}
	}
	s.add("(" + strings.Join(any, " OR ") + ")")
}

// spellings returns the ways to write a text that one pattern does not cover: SQLite's LIKE, and PostgreSQL's ILIKE where the
// locale is C, take only ASCII letters for the same in either case.
func spellings(text string) []string {
	if strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
		return []string{text}
	}
	lower := strings.ToLower(text)
	first, size := utf8.DecodeRuneInString(lower)
	seen := map[string]bool{}
	var out []string
	for _, t := range []string{text, lower, strings.ToUpper(text), string(unicode.ToTitle(first)) + lower[size:]} {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// escapeLike makes %, _ and the escape sign itself stand for themselves.
func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// system is the condition that an account is a bridge's, is hidden by a pattern of the configuration, or is Dendrite's own.
func (s *selection) system(patterns []string) string {
	conds := []string{"COALESCE(a.appservice_id, '') <> ''", "a.localpart = " + s.arg(notices)}
	for _, p := range patterns {
		if s.kind == kindPostgres {
			conds = append(conds, "a.localpart LIKE "+s.arg(strings.ReplaceAll(escapeLike(p), "*", "%"))+` ESCAPE '\'`)
			continue
		}
		// GLOB because SQLite's LIKE takes both cases for the same, and patterns do not.
		conds = append(conds, "a.localpart GLOB "+s.arg(strings.NewReplacer("[", "[[]", "?", "[?]").Replace(p)))
	}
	return strings.Join(conds, " OR ")
}

// selected picks the accounts that a list asks for.
func selected(kind string, q api.UserQuery, patterns []string) *selection {
	s := &selection{kind: kind}
	s.search(q.Search)
	s.filter(q.Admins, "a.account_type = "+strconv.Itoa(typeAdmin))
	s.filter(q.Guests, "a.account_type = "+strconv.Itoa(typeGuest))
	s.filter(q.Deactivated, "COALESCE(a.is_deactivated, FALSE)")
	if q.System != api.With {
		want := api.Without
		if q.System == api.Only {
			want = api.Only
		}
		s.filter(want, s.system(patterns))
	}
	return s
}

// order is what is behind ORDER BY. The Matrix ID is always the last word, so that no account is on two pages.
func order(kind string, sort api.UserSort, descending bool) string {
	direction := " ASC"
	if descending {
		direction = " DESC"
	}
	bytewise := ""
	if kind == kindPostgres {
		bytewise = ` COLLATE "C"`
	}
	name := "a.localpart" + bytewise + direction + ", a.server_name" + bytewise + direction
	switch sort {
	case api.SortDisplay:
		return "LOWER(COALESCE(NULLIF(p.display_name, ''), a.localpart))" + direction + ", " + name
	case api.SortCreated:
		return "a.created_ts" + direction + ", " + name
	case api.SortLastSeen:
		return "last_seen" + direction + ", " + name
	case api.SortAdmin:
		return "CASE a.account_type WHEN " + strconv.Itoa(typeAdmin) + " THEN 1 ELSE 0 END" + direction + ", " + name
	}
	return name
}
