// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// HTML writes a tree as HTML, as the browser would hold it. go-app's encoder puts each child of an element on a line of its own, and
// that white space is shown between words and inside Matrix IDs; HTML takes exactly it out again.
func HTML(v app.UI) string { return compact(app.HTMLString(v)) }

// compact removes what go-app's encoder adds around the children of an element that has several, or one that is no text: a new
// line before the first, two spaces a level before each, a new line after each, and the indentation of the end tag. The text of a
// textarea stays.
func compact(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	depth := 0         // elements that are open
	afterOpen := false // the last tag was a start tag
	for len(s) > 0 {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			b.WriteString(s)
			break
		}
		tag := s[open : open+tagEnd(s[open:])]
		closing := strings.HasPrefix(tag, "</")
		b.WriteString(trimAdded(s[:open], depth, afterOpen, closing))
		b.WriteString(tag)
		s = s[open+len(tag):]
		switch {
		case closing:
			depth--
			afterOpen = false
		case isVoid(tag):
			afterOpen = false
		case strings.HasPrefix(tag, "<textarea"):
			s = copyRaw(&b, s)
			afterOpen = false
		default:
			depth++
			afterOpen = true
		}
	}
	return b.String()
}

// copyRaw copies the text of a textarea, and its end tag, and returns the rest. A first new line is doubled, because HTML drops one.
func copyRaw(b *strings.Builder, s string) string {
	const end = "</textarea>"
	i := strings.Index(s, end)
	if i < 0 {
		b.WriteString(s)
		return ""
	}
	if strings.HasPrefix(s, "\n") || strings.HasPrefix(s, "\r") {
		b.WriteByte('\n')
	}
	b.WriteString(s[:i+len(end)])
	return s[i+len(end):]
}

// trimAdded takes what the encoder added off the text between two tags. depth is the number of open elements; afterOpen and
// beforeClose say whether the tags around are a start tag and an end tag: between those a single text has nothing added.
func trimAdded(s string, depth int, afterOpen, beforeClose bool) string {
	tail := indent(depth)
	if beforeClose {
		tail = indent(depth - 1)
	}
	if len(s) < 1+len(tail) || s[0] != '\n' || !strings.HasSuffix(s, tail) {
		return s
	}
	pad := indent(depth)
	lines := s[1 : len(s)-len(tail)]
	if afterOpen && beforeClose && !(strings.HasPrefix(lines, pad) && strings.HasSuffix(lines, "\n")) {
		return s
	}
	lines = strings.TrimSuffix(lines, "\n")
	lines = strings.TrimPrefix(lines, pad)
	return strings.ReplaceAll(lines, "\n"+pad, "")
}

func indent(depth int) string { return strings.Repeat("  ", max(depth, 0)) }

// tagEnd returns the length of the tag that s begins with. A '>' inside a quoted value does not end it.
func tagEnd(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			quoted = !quoted
		case '>':
			if !quoted {
				return i + 1
			}
		}
	}
	return len(s)
}

// isVoid reports whether the tag is of an element without an end tag (HTML §13.1.2), of those that this package writes.
func isVoid(tag string) bool {
	name := strings.TrimPrefix(tag, "<")
	if i := strings.IndexAny(name, " >"); i >= 0 {
		name = name[:i]
	}
	switch name {
	case "br", "hr", "img", "input", "link", "meta", "wbr":
		return true
	}
	return false
}
