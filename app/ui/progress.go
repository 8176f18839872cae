// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Count is a number with its name.
type Count struct {
	Label string
	N     int64
	Text  string // in place of the number
	Icon  Icon
	Tone  Tone
	Href  string
}

// Counts is a row of numbers.
func Counts(env Env, counts ...Count) app.UI {
	cells := make([]app.UI, 0, len(counts))
	for _, c := range counts {
		tone := "gh-counts__label"
		switch c.Tone {
		case Warn:
			tone = "gh-counts__label gh-counts__label--warn"
		case Bad:
			tone = "gh-counts__label gh-counts__label--bad"
		case Good:
			tone = "gh-counts__label gh-counts__label--good"
		}
		text := c.Text
		if text == "" {
			text = env.number(c.N)
		}
		var value app.UI = app.Dd().Class("gh-counts__value").Text(text)
		if c.Href != "" {
			value = app.Dd().Class("gh-counts__value").Body(app.A().Class("gh-counts__link").Href(Href(c.Href)).Text(text))
		}
		cells = append(cells, app.Div().Body(
			app.Dt().Class(tone).Body(c.Icon.Draw(), app.Span().Text(c.Label)),
			value,
		))
	}
	return app.Dl().Class("gh-counts").Body(cells...)
}

// Progress is how far long work has come. Text is said in words beside the bar.
type Progress struct {
	Label       string // what is done; said
	Done, Total int64  // Total 0: nobody knows how much there is
	Text        string // "734 of 1,290"
	Detail      string // subtle, beside the text
	End         string // at the end of the line: rate, time left
}

// Draw draws it.
func (p Progress) Draw(Env) app.UI {
	bar := app.Progress().Class("gh-progress__bar").Aria("label", Attr(p.Label))
	if p.Total > 0 {
		bar = bar.Max(p.Total).Value(strconv.FormatInt(p.Done, 10))
	}
	var detail, end app.UI
	if p.Detail != "" {
		detail = Subtle(" " + p.Detail)
	}
	if p.End != "" {
		end = Subtle(p.End)
	}
	return app.Div().Body(
		app.Div().Class("gh-progress__line").Role("status").Body(app.Span().Body(Strong(p.Text), detail), end),
		bar,
	)
}

// HandOut is the card that a newcomer gets. It prints alone, and its password is seen this once.
type HandOut struct {
	Server     string // "Chat of the university"; "" where there is only the server's name
	ServerName string
	ID         string
	Password   string // "" when there is none on the card
	// IDLabel and PasswordLabel name them where the card is not for the account's person, and where it holds something else.
	IDLabel, PasswordLabel string
	More                   []Fact // below it
	Homeserver             string // address that a client asks for; "" when it is not on the card
	Choose                 bool   // the client may not know it by itself
	SignIn                 string // address of the web client; "" when none is configured
	SignInText             string // how it is shown; default: the address
	App, AppText           string // address that opens an app on a phone, and what it is called; "" for none
	QR                     app.UI // with the address of the app, or else of the web client, without the password
	Actions                []app.UI
	Key                    string // tells the cards of one page apart
}

// Draw draws the card and the row of buttons below it.
func (h HandOut) Draw(env Env) app.UI {
	title, label := orElse(h.Server, h.ServerName), orElse(h.PasswordLabel, env.T("handout.password"))
	code := env.T("handout.qr")
	var serverName, password, signIn, inApp, homeserver app.UI
	if h.Server != "" {
		serverName = app.Bdi().Class("gh-subtle").Text(h.ServerName)
	}
	if h.Password != "" {
		password = cardSecret(env, label, h.Password, "handout-password"+h.Key)
	}
	if h.SignIn != "" {
		signIn = cardPart(env.T("handout.sign_in_at"), ExternalLink(orElse(h.SignInText, h.SignIn), h.SignIn))
	}
	if h.App != "" {
		inApp, code = cardPart(env.T("handout.app"), ExternalLink(h.AppText, h.App)), env.T("handout.qr_app", "app", h.AppText)
	}
	if h.Homeserver != "" {
		var choose app.UI
		if h.Choose {
			choose = app.P().Class("gh-handout__choose").Text(env.T("handout.choose"))
		}
		homeserver = cardPart(env.T("handout.homeserver"), Mono(h.Homeserver), choose)
	}
	parts := []app.UI{
		app.Div().Class("gh-handout__server").Body(
			Avatar{Name: title, Shape: Square}.Draw(env),
			app.Span().Class("gh-handout__lines").Body(app.Strong().Dir("auto").Text(title), serverName),
		),
		cardPart(orElse(h.IDLabel, env.T("handout.id")), app.Div().Class("gh-handout__id").Body(ID(h.ID), Copy(env, env.T("handout.id"), h.ID))),
		password,
		signIn,
		inApp,
		homeserver,
	}
	return card(append(parts, cardFacts(h.More)...), h.QR, code, h.Actions)
}

// PrintButton prints the page, of which only the card is printed. It needs the program or its boot script; the browser's own command does
// the same.
func PrintButton(label string, look Look) app.UI {
	return app.Span().Class("gh-needs-program").DataSet("print", "page").Body(Button{
		Label: label, Icon: IconPrint, Look: look,
		OnClick: func(app.Context) { app.Window().Call("print") },
	}.control())
}

// QR draws a code of dark modules as one picture on white. Label says what it holds.
func QR(modules [][]bool, label string) app.UI {
	const quiet = 4 // modules of white around it (ISO/IEC 18004)
	n := len(modules)
	var d strings.Builder
	for y, line := range modules {
		for x := 0; x < len(line); {
			if !line[x] {
				x++
				continue
			}
			start := x
			for x < len(line) && line[x] {
				x++
			}
			w := strconv.Itoa(x - start)
			d.WriteString("M" + strconv.Itoa(start+quiet) + " " + strconv.Itoa(y+quiet) + "h" + w + "v1h-" + w + "z")
		}
	}
	size := strconv.Itoa(n + 2*quiet)
	return app.Elem("svg").XMLNS(svgNamespace).
		Attr("class", "gh-qr").
		Attr("viewBox", "0 0 "+size+" "+size).
		Attr("shape-rendering", "crispEdges").
		Attr("role", "img").
		Attr("aria-label", Attr(label)).
		Body(svgPath(d.String()))
}
