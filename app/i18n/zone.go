// SPDX-License-Identifier: Apache-2.0

//go:build !js

package i18n

import (
	"strings"
	"time"
	_ "time/tzdata" // the machine's own zone files may be old or absent
)

// LoadZone returns the offset function of a zone of the IANA database, such as Europe/Berlin, and whether there is that
// zone; of a name that is unknown it is UTC's. The name comes from a cookie and is nothing but a name: Local, the empty
// name and anything that could lead to a file elsewhere are unknown. Only the server has it; a browser has BrowserOffset.
func LoadZone(name string) (offset func(time.Time) int, ok bool) {
	utc := func(time.Time) int { return 0 }
	if name == "" || name == "Local" || len(name) > 64 || !zoneName(name) {
		return utc, false
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return utc, false
	}
	return func(t time.Time) int {
		_, seconds := t.In(location).Zone()
		return seconds
	}, true
}

// zoneName reports whether name is made as the database makes its names: parts of letters, digits, _ + and -, each of
// which starts with a letter.
func zoneName(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		for i := range len(part) {
			c := part[i]
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !letter && (i == 0 || (c < '0' || c > '9') && c != '_' && c != '+' && c != '-') {
				return false
			}
		}
		if part == "" {
			return false
		}
	}
	return true
}
