// SPDX-License-Identifier: Apache-2.0

// The program stories writes every block of app/ui, and screens composed of them, as HTML files with the style sheet, to look at and to
// test.
//
//	go run ./tools/stories OUTDIR [light|dark|system] [ltr|rtl]
package main

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/i18n"
	"gatehouse/app/ui"
	"gatehouse/web/languages"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 4 {
		fmt.Fprintln(os.Stderr, "usage: stories OUTDIR [light|dark|system] [ltr|rtl]")
		os.Exit(2)
	}
	theme, dir := "light", "ltr"
	if len(os.Args) > 2 {
		theme = os.Args[2]
	}
	if len(os.Args) > 3 {
		dir = os.Args[3]
	}
	css, err := os.ReadFile("web/styles/dist/gatehouse.css")
	if err == nil {
		err = writeAll(os.Args[1], css, theme, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stories:", err)
		os.Exit(1)
	}
}

// story is one page.
type story struct {
	name string
	draw func(ui.Env) app.UI
	open string // selector of the button that is pressed, to show what it opens, or the ID of what is opened
}

// now is when all stories happen: 21 November 2026, 09:12 UTC.
var now = time.Date(2026, 11, 21, 9, 12, 0, 0, time.UTC)

func environment(theme string) ui.Env {
	return ui.Env{
		Person:     ui.Person{ID: "@nadia.okafor:uni-lindau.example", Name: "Nadia Okafor", Role: "owner"},
		Homeserver: "uni",
		Homeservers: []ui.Homeserver{
			{Name: "uni", ServerName: "uni-lindau.example", Kind: "synapse", State: "up"},
			{Name: "schule", ServerName: "schule-am-see.example", Kind: "synapse", State: "slow"},
			{Name: "verein", ServerName: "verein-seefreunde.example", Kind: "dendrite", State: "down"},
		},
		Language:   "en",
		Zone:       "UTC",
		Theme:      theme,
		LetterKeys: true,
		Now:        now.UnixMilli(),
		Version:    "0.1.0",
	}.WithPrinter(i18n.Format{Printer: languages.Printer("en")})
}

// writeAll writes the style sheet and one file a story.
func writeAll(dir string, css []byte, theme, direction string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "gatehouse.css"), css, 0o644); err != nil {
		return err
	}
	env := environment(theme)
	for _, s := range stories() {
		script := ""
		if s.open != "" {
			script = fmt.Sprintf("<script>document.querySelector(%q).click()</script>", s.open)
			if strings.HasPrefix(s.open, "#") { // a menu that the program opens
				script = fmt.Sprintf("<script>document.querySelector(%q).showPopover({source: document.querySelectorAll('.gh-dots')[1]})</script>", s.open)
			}
		} else if s.name == "deactivate" {
			script = "<script>document.querySelector('dialog').showModal()</script>" // as the program does when it mounts it
		}
		page := fmt.Sprintf(`<!doctype html>
<html lang="en" dir=%q class=%q><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s · Gatehouse</title><link rel="stylesheet" href="gatehouse.css"></head><body>%s%s</body></html>
`, direction, ui.RootClass(theme), html.EscapeString(s.name), ui.HTML(s.draw(env)), script)
		if err := os.WriteFile(filepath.Join(dir, s.name+".html"), []byte(page), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func stories() []story {
	return append(masStories(), []story{
		{name: "accounts", draw: accounts},
		{name: "accounts-selected", draw: accountsSelected},
		{name: "accounts-menu", draw: accounts, open: "#row-menu"},
		{name: "accounts-filter", draw: accounts, open: "[popovertarget=filters]"},
		{name: "accounts-nav", draw: accounts, open: "[popovertarget=nav]"},
		{name: "accounts-person", draw: accounts, open: "[popovertarget=person]"},
		{name: "accounts-switch", draw: accounts, open: "[popovertarget=homeservers]"},
		{name: "account", draw: account},
		{name: "create", draw: create},
		{name: "handout", draw: handOut},
		{name: "sign-in", draw: signIn},
		{name: "sign-in-error", draw: signInError},
		{name: "overview", draw: overview},
		{name: "deactivate", draw: deactivate},
		{name: "erase", draw: erase},
		{name: "edit", draw: edit},
		{name: "states", draw: states},
		{name: "problem", draw: problem},
	}...)
}
