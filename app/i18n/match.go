// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"cmp"
	"slices"
	"strings"
)

// maxRanges is how many language ranges of a header are looked at; browsers send fewer than ten.
const maxRanges = 32

// Match returns the one of have that an Accept-Language header (RFC 9110, section 12.5.4) likes best, found by lookup (RFC
// 4647, section 3.4): de-AT takes de where there is no de-AT. Have lists the tags of the languages that there are, the
// default first, which is the answer where nothing else is liked. A range that is not well formed counts for nothing.
// Without any language to have, the answer is empty.
func Match(acceptLanguage string, have []string) string {
	if len(have) == 0 {
		return ""
	}
	type wish struct {
		tag string
		q   int // in thousandths
	}
	var wishes []wish
	for element := range strings.SplitSeq(acceptLanguage, ",") {
		if len(wishes) == maxRanges {
			break
		}
		tag, params, _ := strings.Cut(element, ";")
		tag = strings.Trim(tag, " \t")
		if q, ok := quality(params); ok && languageRange(tag) {
			wishes = append(wishes, wish{tag, q})
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.q, a.q) })

	refused := func(tag string) bool {
		return slices.ContainsFunc(wishes, func(w wish) bool { return w.q == 0 && strings.EqualFold(w.tag, tag) })
	}
	for _, w := range wishes {
		if w.q == 0 {
			break
		}
		if w.tag == "*" {
			for _, tag := range have {
				if !refused(tag) {
					return tag
				}
			}
			continue
		}
		for tag := w.tag; tag != ""; tag = shorter(tag) {
			for _, h := range have {
				if strings.EqualFold(h, tag) && !refused(h) {
					return h
				}
			}
		}
	}
	return have[0]
}

// shorter drops the last subtag, and with it a single letter that only introduced it (RFC 4647, section 3.4).
func shorter(tag string) string {
	at := strings.LastIndexByte(tag, '-')
	if at < 0 {
		return ""
	}
	if at >= 2 && tag[at-2] == '-' {
		at -= 2
	}
	return tag[:at]
}

// languageRange reports whether s is a basic language range (RFC 4647, section 2.1): subtags of one to eight letters, from
// the second on also digits, or a star.
func languageRange(s string) bool {
	if s == "*" {
		return true
	}
	first := true
	for sub := range strings.SplitSeq(s, "-") {
		if len(sub) < 1 || len(sub) > 8 {
			return false
		}
		for i := range len(sub) {
			c := sub[i] | 0x20
			letter, digit := c >= 'a' && c <= 'z', sub[i] >= '0' && sub[i] <= '9'
			if !letter && (first || !digit) {
				return false
			}
		}
		first = false
	}
	return true
}

// quality reads the weight after a range (RFC 9110, section 12.4.2), in thousandths: nothing is 1000.
func quality(params string) (int, bool) {
	params = strings.Trim(params, " \t")
	if params == "" {
		return 1000, true
	}
	if len(params) < 3 || params[0]|0x20 != 'q' || params[1] != '=' {
		return 0, false
	}
	integer, fraction, _ := strings.Cut(params[2:], ".")
	if integer != "0" && integer != "1" || len(fraction) > 3 {
		return 0, false
	}
	q := 0
	for _, c := range []byte(fraction + "000"[len(fraction):]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		q = q*10 + int(c-'0')
	}
	if integer == "1" {
		return 1000, q == 0
	}
	return q, true
}
