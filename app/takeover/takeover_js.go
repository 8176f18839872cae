// SPDX-License-Identifier: Apache-2.0

// Package takeover begins where the server's page ends: it waits until the page can be replaced without anybody noticing, starts the
// shell from the page's data, and puts back what the browser would otherwise lose.
package takeover

import (
	"net/url"
	"syscall/js"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/client"
	"gatehouse/app/i18n"
	"gatehouse/app/shell"
	"gatehouse/app/ui"
)

// Prepare mounts the shell on every path and reports whether it is to be run: not on a page that shows something once, and not where
// its data or language could not be had. Then the page stays as it is.
func Prepare() bool {
	early := js.Global().Get("gatehouse")
	block, ok := shell.ReadBlock(app.Window().Get("document"))
	if !ok || block.Keep {
		early.Set("left", true)
		return false
	}
	printer, languages := texts(block.Env.Language)
	if printer == nil {
		early.Set("left", true)
		return false
	}
	env, local := zone(block.Env, printer)
	if !waitForQuiet() {
		early.Set("left", true)
		return false
	}
	var before state
	var root *shell.Shell
	caller := client.Fetch{Homeserver: block.Env.Homeserver, Version: func(v string) { root.SeeVersion(v) }, Health: func(homeserver, state string) { root.SeeHomeserver(homeserver, state) }}
	root, err := shell.New(block, env, shell.Means{Caller: caller, Languages: languages, Local: local, Behind: behind(block.Env.Now), First: func() {
		before.restore()
		early.Set("running", true)
	}})
	if err != nil {
		return false
	}
	app.RouteWithRegexp(".*", func() app.Composer { return root })
	before = capture()
	return true
}

// texts fetches the page's language, and English for what that has not got.
func texts(language string) (*i18n.Printer, []ui.Language) {
	var names []ui.Language
	options := js.Global().Get("document").Call("querySelectorAll", "select[name=language] option")
	for i := range options.Length() {
		names = append(names, ui.Language{Tag: options.Index(i).Get("value").String(), Name: options.Index(i).Get("text").String()})
	}
	text, err := client.Await(js.Global().Get("gatehouse").Get("texts"))
	if err != nil {
		return nil, nil
	}
	own, err := i18n.Parse(language, []byte(text.String()))
	if err != nil {
		return nil, nil
	}
	return i18n.NewPrinter(own, nil), names
}

// zone gives the first screen the zone that the server wrote it in, so that nothing moves under a person's eyes, and returns what gives
// the later ones the browser's own. If those are two, the server is told for its next page.
func zone(env ui.Env, printer *i18n.Printer) (first ui.Env, local func(ui.Env) ui.Env) {
	name := js.Global().Get("Intl").Call("DateTimeFormat").Call("resolvedOptions").Get("timeZone")
	own := i18n.Format{Printer: printer, Offset: i18n.Remember(i18n.BrowserOffset)}
	if name.Type() != js.TypeString || name.String() == env.Zone {
		return env.WithPrinter(own), func(e ui.Env) ui.Env { return e }
	}
	go client.SetPreferences(url.Values{"zone": {name.String()}}) // for the server's next page
	return env.WithPrinter(i18n.Format{Printer: printer, Offset: i18n.ZoneOffset(env.Zone)}), func(e ui.Env) ui.Env {
		e.Zone = name.String()
		return e.WithPrinter(own)
	}
}

// behind returns how far the browser's clock is behind the gate's, in milliseconds, by the time at which the gate wrote the page. What is less than
// a minute may be the page's way.
func behind(written int64) int64 {
	performance := js.Global().Get("performance")
	came := performance.Get("timeOrigin").Float()
	if page := performance.Call("getEntriesByType", "navigation").Index(0); page.Truthy() {
		came += page.Get("responseStart").Float()
	}
	const minute = 60_000
	if d := written - int64(came); d < -minute || d > minute {
		return d
	}
	return 0
}
