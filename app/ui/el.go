// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Text is a piece of plain text. The empty text is nothing.
func Text(s string) app.UI {
	if s == "" {
		return nil
	}
	return app.Text(s)
}

// Rich is text in which **bold** and `mono` are set so. A mark without its partner is text, and so is one in a value from elsewhere, which is
// isolated (see i18n.Isolate).
func Rich(s string) app.UI {
	parts := richParts(s)
	if len(parts) == 1 {
		return parts[0]
	}
	return app.Span().Body(parts...)
}

func richParts(s string) []app.UI {
	var parts []app.UI
	for from := 0; ; {
		at := ownIndex(s, from, "`", "**")
		if at < 0 {
			return appendText(parts, s)
		}
		mark := "`"
		if s[at] == '*' {
			mark = "**"
		}
		begin := at + len(mark)
		end := ownIndex(s, begin, mark)
		if end <= begin { // no partner, or nothing between
			from = begin
			continue
		}
		parts = appendText(parts, s[:at])
		if inner := s[begin:end]; mark == "`" {
			parts = append(parts, app.Code().Class("gh-mono").Text(inner))
		} else {
			parts = append(parts, app.Strong().Text(inner))
		}
		s, from = s[end+len(mark):], 0
	}
}

// ownIndex returns where the first of some marks is from a place on, outside of isolated values, or -1.
func ownIndex(s string, from int, marks ...string) int {
	const isolate, end = "\u2068", "\u2069"
	for i := from; i < len(s); i++ {
		if strings.HasPrefix(s[i:], isolate) {
			length := strings.Index(s[i:], end)
			if length < 0 {
				return -1
			}
			i += length
			continue
		}
		for _, mark := range marks {
			if strings.HasPrefix(s[i:], mark) {
				return i
			}
		}
	}
	return -1
}

func appendText(parts []app.UI, s string) []app.UI {
	if s == "" {
		return parts
	}
	return append(parts, app.Text(s))
}

// Subtle is text that steps back.
func Subtle(s string) app.UI {
	if s == "" {
		return nil
	}
	return app.Span().Class("gh-subtle").Text(s)
}

// Strong is text of weight.
func Strong(s string) app.UI {
	if s == "" {
		return nil
	}
	return app.Strong().Text(s)
}

// Hidden is text for screen readers only.
func Hidden(s string) app.UI {
	if s == "" {
		return nil
	}
	return app.Span().Class("gh-hidden").Text(s)
}

// Join is elements in one line of text, with nothing between them.
func Join(elems ...app.UI) app.UI { return app.Span().Body(elems...) }

// Paragraph is a paragraph of running text.
func Paragraph(elems ...app.UI) app.UI { return app.P().Class("gh-p").Body(elems...) }

// Link is a link in a sentence, underlined.
func Link(text, href string) app.UI {
	return app.A().Class("gh-link").Href(Href(href)).Text(text)
}

// IDLink is a Matrix ID that leads somewhere.
func IDLink(id, href string) app.UI {
	return app.A().Class("gh-link").Href(Href(href)).Body(ID(id))
}

// QuietLink is a link that stands alone, without a line under it.
func QuietLink(text, href string) app.UI {
	return app.A().Class("gh-quiet-link").Href(Href(href)).Text(text)
}

// ExternalLink opens outside of the panel, which tells that address nothing.
func ExternalLink(text, href string) app.UI {
	return app.A().Class("gh-link").Href(Href(href)).Target("_blank").Rel("noopener noreferrer").Text(text)
}

// Kbd is the name of a key.
func Kbd(key string) app.UI { return app.Kbd().Class("gh-kbd").Text(key) }

// iconText is an icon and words beside it.
func iconText(class string, icon Icon, words ...app.UI) app.UI {
	return app.Span().Class(class).Body(icon.Draw(), app.Span().Body(words...))
}

// classes joins class names and leaves the empty ones out.
func classes(names ...string) string { return app.AppendClass("", names...) }

// when returns name where on is true, else nothing.
func when(on bool, name string) string {
	if on {
		return name
	}
	return ""
}

// checked sets the state of a box or a radio button. The attribute is left out where it is off: on the server go-app would write
// checked="false", which is on.
func checked(e app.HTMLInput, on bool) app.HTMLInput {
	if app.IsClient {
		return e.Checked(on) // the property, so that a later drawing also takes the mark away
	}
	if on {
		return e.Checked(true)
	}
	return e
}

// slug makes an ID of a name of a field: letters, digits and hyphens.
func slug(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			b.WriteRune(r)
		case r == '.':
			b.WriteByte('-')
		default:
			b.WriteString("_" + strconv.FormatInt(int64(r), 16))
		}
	}
	return b.String()
}

// Anew is an element that is made again, rather than updated, when its key changes: what a person typed into it and did not send goes with it.
func Anew(key string, body app.UI) app.UI { return &anew{Body: body, key: key} }

type anew struct {
	app.Compo
	Body app.UI
	key  string
}

// CompoID implements app.DismountEnforcer.
func (a *anew) CompoID() string { return a.key }

// Render implements app.Composer.
func (a *anew) Render() app.UI { return a.Body }

// drawer is a block.
type drawer interface{ Draw(Env) app.UI }

// All draws blocks one after the other.
func All[B drawer](env Env, blocks ...B) []app.UI {
	list := make([]app.UI, 0, len(blocks))
	for _, b := range blocks {
		list = append(list, b.Draw(env))
	}
	return list
}
