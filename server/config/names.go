// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

var homeserverName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,62}$`)

// checkName says what is wrong with a homeserver's name, or "". It repeats the name only where that is well formed: a
// secret may have got there.
func checkName(name string) string {
	if !homeserverName.MatchString(name) {
		return "this cannot be a homeserver's name. It is part of the panel's addresses: at most 63 of a–z, 0–9, . and -, beginning with a letter or a digit."
	}
	if slices.Contains(ReservedNames(), name) {
		return fmt.Sprintf("no homeserver can be called %s: the panel's own addresses begin so. Choose another name.", name)
	}
	return ""
}

// unknownKey notes a key that is no field. The key itself is repeated only where it is a known name in a wrong place
// or close to one: a line such as "admin_token:secret" is one long key.
func (l *loader) unknownKey(key *yaml.Node, pattern, server string) {
	here := shownPath(pattern, server)
	if key.Value == "" {
		l.add(at(key), here, "the name of a field is missing.")
		return
	}
	keys := keysIn(pattern)
	if meant := nearest(key.Value, keys); meant != "" {
		path := strings.TrimPrefix(pattern+"."+meant, ".")
		if _, taken := l.values[slot{server, path}]; !taken {
			l.values[slot{server, path}] = value{at: at(key)}
		}
		l.add(at(key), here, "there is no field %q. Did you mean %q?", key.Value, meant)
		return
	}
	for _, f := range fields {
		if f.section() != "" && f.Path == key.Value {
			l.add(at(key), here, "%q is two names: %s goes on a line of its own, with a colon, and %s below it, indented.", key.Value, f.section(), f.name())
			return
		}
		if f.name() == key.Value {
			where := "at the beginning of the line, in no section"
			if f.section() != "" {
				where = "under " + f.section()
			}
			l.add(at(key), here, "%q does not belong here but %s.", key.Value, where)
			return
		}
	}
	if name, rest, glued := strings.Cut(key.Value, ":"); glued && rest != "" && slices.Contains(keys, name) {
		l.add(at(key), here, "between %q and its value goes a space, after the colon.", name+":")
		return
	}
	l.add(at(key), here, "there is no such field. Here can stand: %s.", strings.Join(keys, ", "))
}

// shownPath is a path of the table with the homeserver's name in it.
func shownPath(pattern, server string) string {
	return strings.Replace(pattern, "<name>", server, 1)
}

// shownField is the path of a field for a mistake at a place: empty at a variable, whose name says it.
func shownField(pattern, server string, at origin) string {
	if at.env != "" {
		return ""
	}
	return shownPath(pattern, server)
}

// quote repeats a value that is no secret. What may hold a password all the same, or is long, is not repeated.
func quote(text string) string {
	if len(text) > 60 || strings.ContainsAny(text, "@?#") {
		return "the value"
	}
	return strconv.Quote(text)
}
