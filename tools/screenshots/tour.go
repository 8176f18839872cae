// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"gatehouse/tools/demo/accounts"
	"gatehouse/tools/homeserver"
	"gatehouse/tools/stage"
)

// A photographer goes through the panel and takes pictures.
type photographer struct {
	tab *stage.Tab
	url string // of the panel
	out string // folder
	log io.Writer
}

// running is true in a page that the program has taken over: it has put its own element in the place of the server's.
const running = `window.firstElement && !window.firstElement.isConnected`

// remember notes the server's element before the program can replace it.
const remember = `new MutationObserver((_, o) => {
	if (document.body?.firstElementChild) { window.firstElement = document.body.firstElementChild; o.disconnect() }
}).observe(document, {childList: true, subtree: true})`

// tour takes all pictures.
func (p *photographer) tour(hs *homeserver.Server) error {
	if _, err := chromedp.Call(p.tab.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: remember}); err != nil {
		return err
	}
	id := url.Values{"id": {hs.UserID(typical().Localpart)}}.Encode()
	for _, step := range []func() error{
		p.signIn,
		p.at("/"), p.take("overview"),
		p.at("/" + stage.Name + "/accounts?sort=last_seen&descending=true"), p.take("accounts"), p.takePhone("accounts"),
		p.at("/" + stage.Name + "/account?" + id), p.take("account"),
		p.run(`document.querySelector("a[href*='account/deactivate?']").click()`, `document.querySelector("dialog[open]")`), p.take("deactivate"),
		p.at("/" + stage.Name + "/accounts/create"),
		p.fill("localpart", "noor.haddad"), p.fill("display_name", "Noor Haddad"), p.fill("threepids.0.address", "noor.haddad@mail.example"),
		p.run(`scrollTo(0, 0)`, `document.querySelector("[name=localpart]").form.textContent.includes("@noor.haddad:")`), p.take("create"),
		p.run(`document.querySelector("[name=localpart]").form.requestSubmit()`, `document.querySelector("main svg[role=img], main [class*=handout]")`),
		p.take("hand-out"),
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// typical is an account that has what most people have.
func typical() accounts.Account {
	for _, a := range accounts.All() {
		latin := !strings.ContainsFunc(a.DisplayName, func(r rune) bool { return r > unicode.MaxLatin1 })
		if a.Email != "" && len(a.Devices) >= 2 && latin && a.DisplayName != "" && !a.Admin && !a.Locked {
			return a
		}
	}
	panic("none of the demo's accounts is typical")
}

// signIn signs in as a person does.
func (p *photographer) signIn() error {
	if err := p.tab.Do(chromedp.Navigate(p.url + "/sign-in")); err != nil {
		return err
	}
	for name, text := range map[string]string{"name": accounts.Admin, "password": adminPassword} {
		if err := p.fill(name, text)(); err != nil {
			return err
		}
	}
	return p.run(`document.querySelector("[name=password]").form.requestSubmit()`, running)()
}

// at goes to an address and waits until the program runs there.
func (p *photographer) at(path string) func() error {
	return func() error {
		if err := p.tab.Do(chromedp.Navigate(p.url + path)); err != nil {
			return err
		}
		return p.tab.Until(running)
	}
}

// run evaluates an expression and waits until another is true.
func (p *photographer) run(expression, then string) func() error {
	return func() error {
		if _, err := stage.Eval[chromedp.Void](p.tab, "void ("+expression+")"); err != nil {
			return fmt.Errorf("%s: %w", expression, err)
		}
		return p.tab.Until(then)
	}
}

// fill types a text into a field.
func (p *photographer) fill(name, text string) func() error {
	return func() error {
		field := `document.querySelector("[name=` + "'" + name + "'" + `]")`
		if err := p.tab.Until(field); err != nil {
			return err
		}
		if err := p.run(field+".focus()", "true")(); err != nil {
			return err
		}
		_, err := chromedp.Call(p.tab.Ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}
}

// take takes a picture of the page in the light and one in the dark.
func (p *photographer) take(name string) func() error {
	return func() error {
		for _, scheme := range []string{"light", "dark"} {
			if err := p.show(scheme); err != nil {
				return err
			}
			if err := p.shoot(name + "-" + scheme); err != nil {
				return err
			}
		}
		return nil
	}
}

// takePhone takes a picture as a phone has it.
func (p *photographer) takePhone(name string) func() error {
	return func() error {
		if err := p.show("light"); err != nil {
			return err
		}
		if err := p.tab.Do(chromedp.EmulateViewport(390, 800)); err != nil {
			return err
		}
		if err := p.shoot(name + "-phone"); err != nil {
			return err
		}
		return p.tab.Do(chromedp.EmulateViewport(1280, 800))
	}
}

// show has the page see that the system is light or dark.
func (p *photographer) show(scheme string) error {
	_, err := chromedp.Call(p.tab.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	return err
}

// shoot writes a picture of what the browser shows, without the caret.
func (p *photographer) shoot(name string) error {
	if err := p.run(`document.activeElement?.matches("input, textarea") && document.activeElement.blur()`, "true")(); err != nil {
		return err
	}
	// Two frames later everything that changed is drawn.
	if _, err := stage.Eval[chromedp.Void](p.tab, `new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r())))`); err != nil {
		return err
	}
	data, err := chromedp.Run(p.tab.Ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	path := filepath.Join(p.out, name+".png")
	bytes, err := writeSmall(path, data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(p.log, "%-20s %4d kB\n", name, bytes/1000)
	return nil
}
