// SPDX-License-Identifier: Apache-2.0

// Package takeover begins where the server's page ends: it waits until the page can be replaced without anybody noticing, starts the
// shell from the page's data, and puts back what the browser would otherwise lose.
package takeover

import (
	"encoding/json"
	"syscall/js"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/client"
	"gatehouse/app/i18n"
	"gatehouse/app/shell"
	"gatehouse/app/ui"
)

// Prepare mounts the shell on every path and reports whether it is to be run: not on a page that shows something once, and not where
// its data or language could not be had. Then the page stays as it is.
func Prepare() bool {
	block, ok := readBlock()
	if !ok || block.Keep {
		return false
	}
	printer, languages := texts(block.Env.Language)
	if printer == nil {
		return false
	}
	offset, known := zone(&block.Env)
	env := block.Env.WithPrinter(i18n.Format{Printer: printer, Offset: offset})
	if !known {
		tellZone(env.Zone)
	}
	if !waitForQuiet() {
		return false
	}
	var before state
	caller := client.Fetch{Homeserver: block.Env.Homeserver}
	root, err := shell.New(block, env, caller, languages, func() { before.restore() })
	if err != nil {
		return false
	}
	app.RouteWithRegexp(".*", func() app.Composer { return root })
	before = capture()
	return true
}

func readBlock() (shell.Block, bool) {
	var block shell.Block
	e := js.Global().Get("document").Call("getElementById", "data")
	if !e.Truthy() {
		return block, false
	}
	return block, json.Unmarshal([]byte(e.Get("textContent").String()), &block) == nil
}

// texts fetches the page's language, and English for what that has not got.
func texts(language string) (*i18n.Printer, []ui.Language) {
	var names []ui.Language
	options := js.Global().Get("document").Call("querySelectorAll", "select[name=language] option")
	for i := range options.Length() {
		names = append(names, ui.Language{Tag: options.Index(i).Get("value").String(), Name: options.Index(i).Get("text").String()})
	}
	text, err := client.Text(js.Global().Get("gatehouse").Get("language").String())
	if err != nil {
		return nil, nil
	}
	own, err := i18n.Parse(language, []byte(text))
	if err != nil {
		return nil, nil
	}
	return i18n.NewPrinter(own, nil), names
}

// zone returns the browser's offset where the person's zone is the browser's, and reports whether the server knew it. Until
// the server does, the page was written in UTC, and stays so until the next one: nothing moves under a person's eyes.
func zone(env *ui.Env) (offset func(time.Time) int, known bool) {
	name := js.Global().Get("Intl").Call("DateTimeFormat").Call("resolvedOptions").Get("timeZone")
	if name.Type() != js.TypeString || name.String() == env.Zone {
		return i18n.BrowserOffset, true
	}
	env.Zone = name.String()
	return i18n.BrowserOffset, false
}

// tellZone has the preferences cookie remember the zone for the server's next page.
func tellZone(name string) {
	form := js.Global().Get("URLSearchParams").New()
	form.Call("set", "zone", name)
	js.Global().Call("fetch", "/preferences", map[string]any{"method": "POST", "body": form, "credentials": "same-origin"})
}
