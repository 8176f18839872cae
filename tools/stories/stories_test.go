// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"gatehouse/app/ui"
)

const (
	sheet = "../../web/styles/dist/gatehouse.css"
	axe   = "../../web/node_modules/axe-core/axe.min.js"
)

// TestReferences: what one element says of another by its ID exists, once.
func TestReferences(t *testing.T) {
	env := environment("light")
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			doc, err := html.Parse(strings.NewReader(ui.HTML(s.draw(env))))
			if err != nil {
				t.Fatal(err)
			}
			ids := map[string]int{}
			refs := map[string]string{}
			h1 := 0
			var visit func(*html.Node)
			visit = func(n *html.Node) {
				if n.Type == html.ElementNode && n.Data == "h1" {
					h1++
				}
				for _, a := range n.Attr {
					switch a.Key {
					case "id":
						ids[a.Val]++
					case "for", "form", "popovertarget", "aria-labelledby", "aria-describedby":
						for _, id := range strings.Fields(a.Val) {
							refs[id] = n.Data + " " + a.Key
						}
					}
				}
				for c := n.FirstChild; c != nil; c = c.NextSibling {
					visit(c)
				}
			}
			visit(doc)
			for id, n := range ids {
				if n > 1 {
					t.Errorf("%d elements have the ID %q", n, id)
				}
			}
			for id, from := range refs {
				if ids[id] == 0 {
					t.Errorf("%s names %q, which is not there", from, id)
				}
			}
			if h1 != 1 {
				t.Errorf("%d first headings", h1)
			}
		})
	}
}

// TestInBrowser opens each story in a Chromium, light and dark, at three widths: axe finds nothing against WCAG 2.2 AA, and nothing has to
// be scrolled sideways.
func TestInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Skip("axe-core is not installed: npm ci in web/")
	}
	css, err := os.ReadFile(sheet)
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, cancel := chromedp.NewContext(alloc)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		t.Skipf("no browser: %v", err)
	}
	for _, theme := range []string{"light", "dark", "system"} {
		dir := t.TempDir()
		if err := writeAll(dir, css, theme, "ltr"); err != nil {
			t.Fatal(err)
		}
		for _, s := range stories() {
			t.Run(theme+"/"+s.name, func(t *testing.T) { inBrowser(t, ctx, string(script), filepath.Join(dir, s.name+".html"), theme) })
		}
	}
}

// widths are the widths that a story is tried at; the layout of the other themes is that of the light one.
func widths(theme string) []int64 {
	if theme == "light" {
		return []int64{3840, 1280, 1000, 800, 721, 390, 320}
	}
	return []int64{1280, 390}
}

// tooNarrow counts the names of accounts that have no room to be read. scrollWidth is rounded.
const tooNarrow = `[...document.querySelectorAll(".gh-table .gh-name")].filter(n => n.getBoundingClientRect().width < Math.min(80, n.scrollWidth - 1)).length`

type finding struct {
	ID    string
	Help  string
	Nodes []string
}

func inBrowser(t *testing.T, browser context.Context, script, file, theme string) {
	ctx, cancel := context.WithTimeout(browser, time.Minute)
	defer cancel()
	scheme := "light"
	if theme == "system" {
		scheme = "dark"
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate("file://"+file)); err != nil {
		t.Fatal(err)
	}
	for _, width := range widths(theme) {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
			t.Fatal(err)
		}
		over, err := chromedp.Run(ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
		if err != nil {
			t.Fatal(err)
		}
		if over > 0 {
			t.Errorf("at %d px it is %d px too wide", width, over)
		}
		cut, err := chromedp.Run(ctx, chromedp.Evaluate[int](tooNarrow))
		if err != nil {
			t.Fatal(err)
		}
		if cut > 0 {
			t.Errorf("at %d px %d names have no room", width, cut)
		}
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)); err != nil {
		t.Fatal(err)
	}
	const run = `;axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r =>
		JSON.stringify(r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => n.html.slice(0, 160) + " " + n.failureSummary)}))))`
	out, err := chromedp.Run(ctx, chromedp.Evaluate[string](script+run, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	var found []finding
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(fmt.Sprintf("%s: %s", f.ID, f.Help), strings.Join(slices.Compact(f.Nodes)[:min(len(f.Nodes), 3)], "\n  "))
	}
}
