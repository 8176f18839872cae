// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Attr prepares a value that comes from data for an attribute. On the server go-app writes strconv.Quote(value), which is
// not HTML: so each character that would end the value, start a reference, or be rewritten by Quote becomes a numeric
// character reference (HTML §13.1.4). In the browser attributes are set through the DOM, and the value stays as it is.
//
// A value comes back from an HTML parser as it was given, except that HTML itself maps NUL and the C1 controls, that invalid UTF-8
// becomes U+FFFD, and that an empty value leaves the attribute out (go-app cannot write one).
func Attr(s string) string {
	if app.IsClient {
		return s
	}
	return escapeAttr(s)
}

func escapeAttr(s string) string {
	if s == "true" {
		return "&#116;rue" // go-app writes the value true as an attribute without a value, which is the empty string
	}
	plain := true
	for i, r := range s {
		if mustRefer(s, i, r) {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i, r := range s {
		if mustRefer(s, i, r) {
			b.WriteString("&#")
			b.WriteString(strconv.Itoa(int(r)))
			b.WriteByte(';')
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// mustRefer reports whether the rune r at byte i of s has to be written as a reference. Space at either end has to, because go-app
// trims values.
func mustRefer(s string, i int, r rune) bool {
	switch r {
	case '"', '&', '<', '>', '\\', '\'', '`', utf8.RuneError:
		return true
	case ' ':
		return i == 0 || i == len(s)-1
	}
	return !strconv.IsPrint(r)
}

// yes is the value "true" for attributes where it means more than being there, such as the states of ARIA.
func yes() string { return Attr("true") }

// Href prepares the target of a link. Relative references, http, https and mailto are let through; anything else, such as
// javascript:, becomes "#".
func Href(s string) string {
	if !safeURL(s) {
		return "#"
	}
	return Attr(s)
}

func safeURL(s string) bool {
	for _, r := range s {
		if r <= ' ' || r == 0x7f || r == '\\' {
			return false // browsers drop or rewrite these before they read the scheme
		}
	}
	scheme, _, found := strings.Cut(s, ":")
	if !found || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto":
		return true
	}
	return false
}
