// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatehouse/tools/homeserver"
)

// atProgram is a desk at a browser with scripts, signed in: the program takes its
// pages over.
func atProgram(t *testing.T, g *gatehouse, hs *homeserver.Server) *desk {
	t.Helper()
	d := &desk{page: newPage(t, true), g: g, hs: hs, name: unique("pilot"), password: "my own <password> & more"}
	register(t, hs, d.name, d.password, true)
	g.keepSecret("the password of "+d.name, d.password)
	d.open(g.URL + "/sign-in")
	d.trySignIn(d.name, d.password)
	d.running()
	return d
}

// running waits until the program has taken the page over, and is able to answer.
func (d *desk) running() {
	d.t.Helper()
	d.until(`window.gatehouse?.running`)
	d.wait("#title")
}

// start opens a screen under the homeserver and waits until the program runs. What is
// left of an earlier page is gone then.
func (d *desk) start(path string, query ...string) {
	d.t.Helper()
	d.visit(path, query...)
	d.running()
}

// same remembers the document that the browser shows. The function that it returns
// fails the test where another one was loaded since.
func (p *page) same() func() {
	p.t.Helper()
	eval[bool](p, `window.sameDocument = true`)
	return func() {
		p.t.Helper()
		if !eval[bool](p, `window.sameDocument === true`) {
			p.t.Errorf("the browser has loaded another document: %s", p.url())
		}
	}
}

// heading waits until the page's heading contains a text, outside of dialogs.
func (p *page) heading(text string) {
	p.t.Helper()
	p.until(`document.querySelector("main h1")?.innerText.includes(` + quote(text) + `)`)
}

// address waits until the address bar has a path and query.
func (p *page) addressBar(want string) {
	p.t.Helper()
	p.until(`location.pathname + location.search === ` + quote(want))
}

// dialog waits until a dialog with a title is open.
func (p *page) dialog(title string) {
	p.t.Helper()
	p.until(`document.querySelector("dialog[open] h2")?.innerText.includes(` + quote(title) + `)`)
}

// noDialog waits until no dialog is open.
func (p *page) noDialog() { p.t.Helper(); p.until(`!document.querySelector("dialog")`) }

// follow clicks the first element that matches and whose text contains a text, once a
// click there would reach it.
func (p *page) follow(selector, text string) {
	p.t.Helper()
	at := poll[[]float64](p, "reach "+selector+" with "+text, `(() => {
		const e = [...`+findAll(selector)+`].find(e => e.checkVisibility() && e.innerText.includes(`+quote(text)+`))
		if (!e) return null
		e.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"})
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2
		return e.contains(document.elementFromPoint(x, y)) ? [x, y] : null
	})()`)
	result(p, "click "+selector+" with "+text, chromedp.MouseClickXY(at[0], at[1]))
}

// chord presses a key while others are held down.
func (p *page) chord(key string, modifiers ...kb.Modifier) {
	p.t.Helper()
	result(p, "press "+key, chromedp.KeyEvent(key, chromedp.KeyModifiers(modifiers...)))
}

// focus puts the focus on an element, as a script does.
func (p *page) focus(selector string) {
	p.t.Helper()
	p.wait(selector)
	eval[chromedp.Void](p, find(selector)+`.focus()`)
}

// A barrier stops requests of a page until they are let through.
type barrier struct {
	p       *page
	mu      sync.Mutex
	waiting []*fetch.EventRequestPaused
	open    bool
	gone    bool          // later requests are another barrier's
	came    chan struct{} // one for each request that was stopped
}

// stop holds back the requests of the page whose address matches one of the patterns, in
// which * stands for any text. What the service worker would answer goes to the network.
func (p *page) stop(patterns ...string) *barrier {
	p.t.Helper()
	return p.stopAt(fetch.RequestStageRequest, patterns...)
}

// stopAnswers holds back answers: what was asked for has been done by then.
func (p *page) stopAnswers(pattern string) *barrier {
	p.t.Helper()
	return p.stopAt(fetch.RequestStageResponse, pattern)
}

func (p *page) stopAt(stage fetch.RequestStage, patterns ...string) *barrier {
	p.t.Helper()
	b := &barrier{p: p, came: make(chan struct{}, 100)}
	send(p, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true})
	if err := chromedp.Listen(p.ctx, func(event any) {
		paused, ok := event.(*fetch.EventRequestPaused)
		if !ok {
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.gone {
			return
		}
		b.waiting = append(b.waiting, paused)
		select {
		case b.came <- struct{}{}:
		default:
		}
		if b.open {
			go b.pass()
		}
	}); err != nil {
		p.t.Fatal(err)
	}
	var list []*fetch.RequestPattern
	for _, pattern := range patterns {
		list = append(list, &fetch.RequestPattern{URLPattern: pattern, RequestStage: stage})
	}
	send(p, fetch.Enable, fetch.EnableParams{Patterns: list})
	return b
}

// arrived waits until one more request stands before the barrier.
func (b *barrier) arrived() {
	b.p.t.Helper()
	select {
	case <-b.came:
	case <-time.After(limit):
		b.p.t.Fatalf("no request came\n%s", b.p.whereabouts())
	}
}

// lift lets through what waits, and all that comes from now on.
func (b *barrier) lift() {
	b.p.t.Helper()
	b.mu.Lock()
	b.open = true
	b.mu.Unlock()
	b.pass()
	send(b.p, fetch.Disable, cdp.Empty{})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
}

// nothing answers what waits now and whose address contains a text with no content: the
// browser stays where it is.
func (b *barrier) nothing(part string) {
	b.p.t.Helper()
	b.mu.Lock()
	var list []*fetch.EventRequestPaused
	b.waiting = slices.DeleteFunc(b.waiting, func(r *fetch.EventRequestPaused) bool {
		found := strings.Contains(r.Request.URL, part)
		if found {
			list = append(list, r)
		}
		return found
	})
	b.mu.Unlock()
	for _, r := range list {
		send(b.p, fetch.FulfillRequest, fetch.FulfillRequestParams{RequestID: r.RequestID, ResponseCode: http.StatusNoContent})
	}
}

// take returns what waits, which then nobody lets through any more but the caller.
func (b *barrier) take() []*fetch.EventRequestPaused {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.waiting
	b.waiting = nil
	return list
}

// pass lets through what waits now. A request that its page has given up is gone.
func (b *barrier) pass() {
	ctx, cancel := context.WithTimeout(b.p.ctx, limit)
	defer cancel()
	for _, r := range b.take() {
		_, _ = chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: r.RequestID})
			return chromedp.Void{}, err
		})
	}
}

// fail answers what waits now with an error of the network.
func (b *barrier) fail() {
	b.p.t.Helper()
	for _, r := range b.take() {
		send(b.p, fetch.FailRequest, fetch.FailRequestParams{RequestID: r.RequestID, ErrorReason: network.ErrorReasonConnectionReset})
	}
}

// requests are the methods and paths that a page has asked for since the function was
// made, as the browser counts them.
func (p *page) requests() func() []string {
	p.t.Helper()
	var mu sync.Mutex
	var list []string
	if err := chromedp.Listen(p.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, e.Request.Method+" "+e.Request.URL)
		}
	}); err != nil {
		p.t.Fatal(err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

// quote writes a text as a string of JavaScript.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // strings can always be marshalled
	return string(quoted)
}
