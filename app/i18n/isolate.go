// SPDX-License-Identifier: Apache-2.0

package i18n

import "strings"

const (
	firstStrongIsolate = '\u2068'
	popIsolate         = '\u2069'
)

// Isolate makes a value from elsewhere safe to stand within a sentence: whatever its direction, it moves none of the words
// around it (Unicode Standard Annex 9, section 2.4.1). It puts the value between FIRST STRONG ISOLATE and POP
// DIRECTIONAL ISOLATE, drops such marks from the value, for one of them could end the isolation early, and turns line and
// paragraph breaks, which always end it, into spaces. The empty value stays empty.
func Isolate(value string) string {
	if value == "" {
		return ""
	}
	inner := strings.Map(func(r rune) rune {
		switch {
		case r >= '\u2066' && r <= popIsolate: // LRI, RLI, FSI, PDI
			return -1
		case r >= '\n' && r <= '\r', r >= '\u001c' && r <= '\u001f', r == '\u0085', r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, value)
	return string(firstStrongIsolate) + inner + string(popIsolate)
}

// Bare takes the marks of Isolate out of a text, for programs and terminals, which show them as boxes or stumble over them.
func Bare(text string) string { return bare.Replace(text) }

var bare = strings.NewReplacer("\u2068", "", "\u2069", "")
