// SPDX-License-Identifier: Apache-2.0

package page

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/url"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/panel"
	"gatehouse/app/screen"
	"gatehouse/app/shell"
	"gatehouse/app/ui"
	"gatehouse/server/gate"
)

// document is what a page is made of: one of body, screen, problem, or loading.
type document struct {
	env      ui.Env
	title    string
	url      *url.URL
	body     app.UI        // a page of its own
	screen   screen.Screen // loaded
	problem  *api.Problem
	loading  bool   // the screen is yet to be loaded
	bare     bool   // without the frame: nobody is signed in
	secret   bool   // it shows something once; the program does not redraw it
	prefetch bool   // have the browser fetch the program while the person types
	script   string // the name of a file that helps a bare page along
}

// write answers with a page.
func (p *Pages) write(c echo.Context, status int, d document) error {
	d.env = d.env.WithStates(p.states(d.screen))
	var b strings.Builder
	b.Grow(64 << 10)
	if d.problem != nil {
		retryAfter(c, d.problem)
	}
	p.head(&b, d)
	b.WriteString("<body>")
	b.WriteString(ui.HTML(d.content()))
	if err := p.data(&b, d); err != nil {
		return err
	}
	b.WriteString("</body></html>\n")
	return send(c, status, b.String())
}

// states are homeservers as the gate last saw them, and, where a page has asked itself, as it says.
func (p *Pages) states(s screen.Screen) map[string]string {
	states := map[string]string{}
	for _, h := range p.Gate.Homeservers() {
		seen, _ := h.Seen()
		states[h.Settings.Name] = seen.State
	}
	if w, ok := s.(screen.Witness); ok {
		maps.Copy(states, w.States())
	}
	return states
}

// send writes a page, compressed where the browser takes that. What an attacker would need to guess a page's contents from its
// compressed length, to make the browser ask for it with their text and the cookie, SameSite=Strict keeps from them.
func send(c echo.Context, status int, page string) error {
	h := c.Response().Header()
	h.Set("Vary", "Accept-Encoding, Cookie")
	if len(page) < 1400 || !strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		return c.HTML(status, page)
	}
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Type", "text/html; charset=UTF-8")
	c.Response().WriteHeader(status)
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(c.Response())
	if _, err := io.WriteString(w, page); err != nil {
		return err
	}
	return w.Close()
}

// compressors are used again: each holds more than a megabyte.
var compressors = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // an error is a level that is none
	return w
}}

func (d document) content() app.UI {
	body := d.body
	switch {
	case d.problem != nil:
		body = ui.ProblemPage(d.env, d.problem, panel.WayOn(d.env, d.problem, d.url)...)
	case d.loading:
		body = ui.Skeleton(d.env, 8)
	case d.screen != nil:
		body = d.screen
	}
	if d.bare {
		if d.body != nil {
			return body
		}
		return ui.SignInPage{Title: d.title, Body: []app.UI{body}}.Draw(d.env)
	}
	return panel.Frame(d.env, panel.View{URL: d.url, Body: body, Languages: allLanguages(), Waiting: d.loading})
}

// marked is a page's address with a mark that says why it is asked for.
func marked(u *url.URL, mark string) string {
	again := *u
	query := again.Query()
	query.Set(mark, "1")
	again.RawQuery = query.Encode()
	return again.String()
}

// head writes what comes before the body. The title's text is data; the rest are names of ours.
func (p *Pages) head(b *strings.Builder, d document) {
	fmt.Fprintf(b, `<!doctype html><html lang="%s" dir="%s"`, html.EscapeString(d.env.Language), d.env.T("language.dir"))
	if class := ui.RootClass(d.env.Theme); class != "" {
		fmt.Fprintf(b, ` class="%s"`, class)
	}
	fmt.Fprintf(b, `><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">`+
		`<title>%s</title><meta name="color-scheme" content="%s"><meta name="robots" content="noindex">`,
		html.EscapeString(panel.TabTitle(d.env, d.title)), colorScheme(d.env.Theme))
	fmt.Fprintf(b, `<link rel="stylesheet" href="%s"><link rel="icon" href="%s" type="image/svg+xml"><link rel="apple-touch-icon" href="%s"><link rel="manifest" href="/manifest.webmanifest">`,
		p.Assets.URL("gatehouse.css"), p.Assets.URL("gatehouse-icon.svg"), p.Assets.URL("icon-192.png"))
	again := ""
	if d.loading {
		again = marked(d.url, waitMark)
		fmt.Fprintf(b, `<noscript><meta http-equiv="refresh" content="0;url=%s"></noscript>`, html.EscapeString(again))
	}
	if r, ok := d.screen.(screen.Refresher); ok && r.Refresh() > 0 {
		fmt.Fprintf(b, `<noscript><meta http-equiv="refresh" content="%d;url=%s"></noscript>`,
			max(1, int(r.Refresh().Seconds())), html.EscapeString(marked(d.url, gate.PollMark)))
	}
	p.Assets.scripts(b, d.env.Language, again, d.prefetch, d.bare)
	if address := p.Assets.URL(d.script); address != "" {
		fmt.Fprintf(b, `<script src="%s" defer></script>`, html.EscapeString(address))
	}
	b.WriteString(`</head>`)
}

func colorScheme(theme string) string {
	switch theme {
	case "light", "dark":
		return theme
	}
	return "light dark"
}

// data writes the data block. json.Marshal redacts secrets and escapes <, > and &, so that no text in it can end the element.
func (p *Pages) data(b *strings.Builder, d document) error {
	if d.bare || !p.Assets.HasProgram() {
		return nil
	}
	out := shell.Block{Env: d.env, URL: d.url.String(), Problem: d.problem, Loading: d.loading, Keep: d.secret}
	if d.screen != nil && !d.secret {
		loaded, err := json.Marshal(d.screen)
		if err != nil {
			return err
		}
		out.Screen = loaded
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	b.WriteString(`<script type="application/json" id="data">`)
	b.Write(text)
	b.WriteString(`</script>`)
	return nil
}

// askAgain is the page for somebody whose cookie the browser may only be keeping back, because the link was followed from another
// site (SameSite=Strict): it asks for itself again, from here, and then the cookie comes.
func (p *Pages) askAgain(c echo.Context) error {
	env := p.env(c, nil, "")
	return c.HTML(200, fmt.Sprintf(`<!doctype html><html lang="%s"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0"><title>Gatehouse</title></head><body><p>%s</p></body></html>`,
		html.EscapeString(env.Language), html.EscapeString(env.T("sign_in.refreshing"))))
}
