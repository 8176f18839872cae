// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Name is a display name. Its direction is its own; without one it says so.
func Name(env Env, name string) app.UI {
	if strings.TrimSpace(name) == "" {
		return app.Span().Class("gh-name gh-subtle").Text(env.T("ui.no_name"))
	}
	return app.Span().Class("gh-name").Dir("auto").Text(name)
}

// ID is a Matrix ID that may be broken into lines where that does not mislead: after . _ - / = in the name, before dots in
// the server. It is isolated and runs from left to right.
func ID(id string) app.UI { return idLine("gh-id gh-id--wrap", id, true) }

// IDLine is a Matrix ID on one line, cut at its end where there is no room; the title has all of it.
func IDLine(id string) app.UI { return idLine("gh-id", id, false) }

func idLine(class, id string, wrap bool) app.UI {
	local, server := id, ""
	if i := strings.IndexByte(id, ':'); i >= 0 {
		local, server = id[:i], id[i:]
	}
	var body []app.UI
	if wrap {
		body = breakable(local, true)
	} else {
		body = appendText(nil, local)
	}
	if server != "" {
		part := app.Span().Class("gh-id__server")
		if wrap {
			part = part.Body(breakable(server, false)...)
		} else {
			part = part.Text(server)
		}
		body = append(body, part)
	}
	e := app.Bdi().Class(class).Dir("ltr").Body(body...)
	if !wrap {
		e = e.Title(Attr(id))
	}
	return e
}

// breakable puts <wbr> after each separator of a name, or before each dot of a server.
func breakable(s string, after bool) []app.UI {
	var parts []app.UI
	start := 0
	for i := 0; i < len(s); i++ {
		cut := -1
		switch {
		case after && strings.IndexByte("._-/=", s[i]) >= 0 && i+1 < len(s):
			cut = i + 1
		case !after && s[i] == '.' && i > start:
			cut = i
		}
		if cut < 0 {
			continue
		}
		parts = append(parts, app.Text(s[start:cut]), app.ElemSelfClosing("wbr"))
		start = cut
	}
	return appendText(parts, s[start:])
}

// Mono is an identifier of something else than an account: a device, a request, an address.
func Mono(s string) app.UI {
	if s == "" {
		return nil
	}
	return app.Bdi().Class("gh-mono gh-mono--wrap").Dir("ltr").Text(s)
}

// Shape is the outline of an avatar.
type Shape string

// The shapes: people are round, bridges and bots square, guests dashed.
const (
	Round  Shape = ""
	Square Shape = "square"
	Dashed Shape = "dashed"
)

// Avatar stands for an account, with up to two initials or an icon. It says nothing that the name beside it does not.
type Avatar struct {
	Name  string // display name, or Matrix ID where there is none
	ID    string // Matrix ID, for where the name has no letter
	Icon  Icon   // instead of initials
	Shape Shape
	Large bool
}

// Draw draws it.
func (a Avatar) Draw(Env) app.UI {
	shape := ""
	switch a.Shape {
	case Square:
		shape = "gh-avatar--square"
	case Dashed:
		shape = "gh-avatar--dashed"
	}
	e := app.Span().Class(classes("gh-avatar", shape, when(a.Large, "gh-avatar--large"))).Aria("hidden", yes())
	if icon := a.Icon.Draw(); icon != nil {
		return e.Body(icon)
	}
	return e.Text(cmp.Or(initials(a.Name), initials(a.ID)))
}

// initials returns the first letters of two words, of those that begin with a capital where there are two; of a Matrix ID that of its
// local part. Of ideographs it is one, and of a script that joins its letters the first two of one word.
func initials(name string) string {
	if strings.HasPrefix(name, "@") {
		local, _, _ := strings.Cut(name[1:], ":")
		return strings.ToUpper(letters(local, 1))
	}
	var words, capitals []string
	for _, w := range strings.Fields(name) {
		first := letters(w, 1)
		if first == "" {
			continue
		}
		words = append(words, w)
		if r, _ := utf8.DecodeRuneInString(first); unicode.IsUpper(r) {
			capitals = append(capitals, w)
		}
	}
	if len(capitals) >= 2 {
		words = capitals
	}
	if len(words) == 0 {
		return ""
	}
	first := letters(words[0], 1)
	r, _ := utf8.DecodeRuneInString(first)
	switch {
	case unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Devanagari):
		return letters(words[0], 2)
	case len(words) == 1, unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
		return strings.ToUpper(first)
	}
	return strings.ToUpper(first + letters(words[1], 1))
}

// letters returns the first n letters or digits of s.
func letters(s string, n int) string {
	found := make([]rune, 0, n)
	for _, r := range s {
		if len(found) == n {
			break
		}
		if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			found = append(found, r)
		}
	}
	return string(found)
}

// AccountCell is an account in two lines: its name, and its Matrix ID in mono. Neither is wrapped.
type AccountCell struct {
	ID, Name string
	Href     string // the name is a link to the account's page
	Icon     Icon   // in the avatar instead of initials
	Shape    Shape
	NoAvatar bool
}

// Draw draws it.
func (c AccountCell) Draw(env Env) app.UI {
	name := Name(env, c.Name)
	if c.Href != "" {
		name = app.A().Class("gh-account__link").Href(Href(c.Href)).Body(name)
	}
	var avatar app.UI
	if !c.NoAvatar {
		avatar = Avatar{Name: c.Name, ID: c.ID, Icon: c.Icon, Shape: c.Shape}.Draw(env)
	}
	return app.Span().Class("gh-account").Body(
		avatar,
		app.Span().Class("gh-account__lines").Body(name, IDLine(c.ID)),
	)
}

// NameLink is the name of a thing in a list, as a link to its page.
func NameLink(name, href string) app.UI {
	return app.A().Class("gh-account__link").Href(Href(href)).Body(app.Span().Class("gh-name").Dir("auto").Text(name))
}

// MonoLink is an identifier in a list, as a link to its page; said is what screen readers call it.
func MonoLink(text, said, href string) app.UI {
	return app.A().Class("gh-account__link").Href(Href(href)).Aria("label", Attr(said)).Body(app.Bdi().Class("gh-mono").Dir("ltr").Text(text))
}

// Lines is a value of several lines, of which each may be long.
func Lines(lines ...app.UI) app.UI {
	list := make([]app.UI, 0, len(lines))
	for _, line := range lines {
		list = append(list, app.Div().Body(line))
	}
	return app.Div().Class("gh-changes").Body(list...)
}

// TwoLines is a value with a second, subtle line below it.
func TwoLines(first, second app.UI) app.UI {
	if second == nil {
		return app.Span().Class("gh-lines").Body(first)
	}
	return app.Span().Class("gh-lines").Body(first, app.Span().Class("gh-lines__second").Body(second))
}
