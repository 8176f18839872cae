// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// result runs one action within the limit and fails the test where it does not
// work, naming the step and where the browser was.
func result[T any](p *page, step string, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", step, err, p.whereabouts())
	}
	return value
}

// send sends a command of the DevTools protocol to the page.
func send[P, R any](p *page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	return result(p, command.Method, func(ctx context.Context, t *chromedp.Target) (R, error) {
		return cdp.Call(ctx, t, command, params)
	})
}

// eval evaluates an expression in the page, a promise to its end, with scripts
// switched off as well.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	return result(p, "evaluate "+expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// whereabouts tells what the browser shows, for messages of failed tests.
func (p *page) whereabouts() string {
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		`location.href + "\n" + (document.body ? document.body.innerText.slice(0, 2000) : "")`))
	if err != nil {
		return fmt.Sprintf("(the page does not answer: %v)", err)
	}
	return "the browser shows " + seen
}

// open goes to an address, waits until it has loaded, and returns the status.
func (p *page) open(url string) int {
	p.t.Helper()
	return p.arrived(result(p, "open "+url, chromedp.NavigateResponse(url)))
}

// arrived waits until the page that has come holds what it is for, and returns its
// status. A page whose homeserver takes its time comes with placeholders first, and
// asks for itself again.
func (p *page) arrived(response *network.Response) int {
	p.t.Helper()
	if response == nil {
		return 0
	}
	status := poll[[]int](p, "wait for what the page is for", `document.readyState === "complete" && !`+placeholders+` && [performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0]`)
	return cmp.Or(status[0], int(response.Status))
}

// placeholders tells whether the page shows where something is yet to come.
const placeholders = `!!document.querySelector("main .gh-skeleton__row")`

// reload loads the page again.
func (p *page) reload() {
	p.t.Helper()
	result(p, "reload", chromedp.Reload())
	p.until("!" + placeholders)
}

// click clicks the middle of the first element that matches, once it is visible
// there and nothing covers it.
func (p *page) click(selector string) {
	p.t.Helper()
	at := p.middle(selector)
	result(p, "click "+selector, chromedp.MouseClickXY(at[0], at[1]))
}

// doubleClick clicks an element twice, as impatient people do. The second click
// falls on whatever is there by then.
func (p *page) doubleClick(selector string) {
	p.t.Helper()
	at := p.middle(selector)
	result(p, "click "+selector+" twice", chromedp.Steps(
		chromedp.MouseClickXY(at[0], at[1]), chromedp.MouseClickXY(at[0], at[1], chromedp.ClickCount(2))))
}

// middle scrolls to the first element that matches and returns the place of its
// middle in the window, once a click there would reach it.
func (p *page) middle(selector string) [2]float64 {
	p.t.Helper()
	at := poll[[]float64](p, "reach "+selector, `(e => {
		if (!e) return null
		e.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"})
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2
		const top = document.elementFromPoint(x, y)
		// Rows get their heights as they are scrolled to: a place counts when it has stayed the same for some frames.
		if (e.stoodAt !== x + " " + y) { e.stoodAt = x + " " + y; e.stoodSince = performance.now() }
		if (performance.now() - e.stoodSince < 100) return null
		return top && (e.contains(top) || top.closest("label")?.control === e) ? [x, y] : null
	})(`+find(selector)+`)`)
	return [2]float64{at[0], at[1]}
}

// clickAndLoad clicks a link or a button that loads another document, waits until
// that has loaded, and returns its status.
func (p *page) clickAndLoad(selector string) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	at := p.middle(selector)
	response, err := chromedp.RunResponse(ctx, chromedp.MouseClickXY(at[0], at[1]))
	if err != nil {
		p.t.Fatalf("click %s and load: %v\n%s", selector, err, p.whereabouts())
	}
	return p.arrived(response)
}

// fill replaces the text of a field by another, as typing or pasting does.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	p.wait(selector)
	eval[chromedp.Void](p, `(e => { e.focus(); e.select() })(`+find(selector)+`)`)
	if text == "" {
		p.press(kb.Delete)
	} else {
		send(p, input.InsertText, input.InsertTextParams{Text: text})
	}
	// A field may refuse what does not fit, and a test should know.
	if got := p.value(selector); got != text && !strings.Contains(text, "\r") {
		p.t.Fatalf("%s holds %.200q after filling in %.200q", selector, got, text)
	}
}

// press sends keys to what has the focus. The keys without a character are in
// chromedp/kb.
func (p *page) press(keys string) {
	p.t.Helper()
	result(p, fmt.Sprintf("press %q", keys), chromedp.KeyEvent(keys))
}

// choose picks an option of a select element by its value.
func (p *page) choose(selector, value string) {
	p.t.Helper()
	p.wait(selector)
	quoted, _ := json.Marshal(value) // strings can always be marshalled
	eval[chromedp.Void](p, `((e, v) => {
		e.value = v
		for (const type of ["input", "change"]) e.dispatchEvent(new Event(type, {bubbles: true}))
	})(`+find(selector)+`, `+string(quoted)+`)`)
	if got := p.value(selector); got != value {
		p.t.Fatalf("%s has no option %q", selector, value)
	}
}

// tick brings a checkbox or a radio button into a state.
func (p *page) tick(selector string, on bool) {
	p.t.Helper()
	p.exists(selector)
	if eval[bool](p, find(selector)+`.checked`) != on {
		p.click(selector)
	}
	if eval[bool](p, find(selector)+`.checked`) != on {
		p.t.Fatalf("%s did not change", selector)
	}
}

// find is an expression for the first element that matches.
func find(selector string) string {
	quoted, _ := json.Marshal(selector) // strings can always be marshalled
	return "document.querySelector(" + string(quoted) + ")"
}

// findAll is an expression for all elements that match.
func findAll(selector string) string {
	return strings.Replace(find(selector), "querySelector(", "querySelectorAll(", 1)
}

// poll evaluates an expression again and again until it is neither null, false nor
// zero, and returns it. It asks the document that is there at the moment; chromedp's
// own waiting loses track when the browser brings back a page that it has kept.
func poll[T any](p *page, step, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		// An error is a document that is just being replaced, or an expression
		// that is wrong; the second shows when the time is up.
		value, err := chromedp.Run(ctx, chromedp.Evaluate[json.RawMessage](expression))
		var found T
		switch string(value) {
		case "", "null", "false", "0", `""`:
		default:
			if err == nil {
				if err = json.Unmarshal(value, &found); err == nil {
					return found
				}
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			p.t.Fatalf("%s: not within %s (%v)\n%s", step, limit, err, p.whereabouts())
		}
	}
}

// until waits until an expression is true in the page.
func (p *page) until(expression string) {
	p.t.Helper()
	poll[bool](p, "wait until "+expression, `!!(`+expression+`)`)
}

// wait waits until the first element that matches is visible.
func (p *page) wait(selector string) {
	p.t.Helper()
	p.until(find(selector) + `?.checkVisibility({visibilityProperty: true})`)
}

// exists waits until an element that matches is in the document, visible or not.
func (p *page) exists(selector string) {
	p.t.Helper()
	p.until(find(selector))
}

// gone waits until no element that matches is visible.
func (p *page) gone(selector string) {
	p.t.Helper()
	p.until(`![...` + findAll(selector) + `].some(e => e.checkVisibility({visibilityProperty: true}))`)
}

// text is the visible text of the first element that matches, once it is there.
func (p *page) text(selector string) string {
	p.t.Helper()
	p.exists(selector)
	return eval[string](p, find(selector)+`.innerText.trim()`)
}

// texts is the visible text of every element that matches now.
func (p *page) texts(selector string) []string {
	p.t.Helper()
	return eval[[]string](p, `[...`+findAll(selector)+`].map(e => e.innerText.trim())`)
}

// count is the number of elements that match now.
func (p *page) count(selector string) int { p.t.Helper(); return len(p.texts(selector)) }

// value is what a field holds, once it is there.
func (p *page) value(selector string) string {
	p.t.Helper()
	p.exists(selector)
	return eval[string](p, find(selector)+`.value`)
}

// attribute is the value of an attribute of the first element that matches, "" if
// the element has no such attribute.
func (p *page) attribute(selector, name string) string {
	p.t.Helper()
	p.exists(selector)
	return eval[string](p, fmt.Sprintf(`%s.getAttribute(%q) ?? ""`, find(selector), name))
}

// focused is the id of the element that has the focus, "" if it has none.
func (p *page) focused() string {
	p.t.Helper()
	return eval[string](p, `document.activeElement?.id ?? ""`)
}

// html is the document as it is now.
func (p *page) html() string {
	p.t.Helper()
	return eval[string](p, `document.documentElement.outerHTML`)
}

// url is the address that the browser shows.
func (p *page) url() string {
	p.t.Helper()
	return eval[string](p, `location.href`)
}

// resize makes the window so many CSS pixels wide and high.
func (p *page) resize(width, height int64) {
	p.t.Helper()
	result(p, "resize", chromedp.EmulateViewport(width, height))
}

// prefer sets media features, such as prefers-color-scheme to dark.
func (p *page) prefer(feature, value string) {
	p.t.Helper()
	send(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
	})
}

// A line is a network connection. The zero value is the machine's own.
type line struct {
	offline     bool
	latency     time.Duration // added to each request
	bytesPerSec float64       // both ways; zero means no limit
}

// connect puts the page behind another line.
func (p *page) connect(to line) {
	p.t.Helper()
	throughput := -1.0
	if to.bytesPerSec > 0 {
		throughput = to.bytesPerSec
	}
	send(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: to.offline, DownloadThroughput: throughput, UploadThroughput: throughput,
	})
	send(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{
			Latency:            float64(to.latency.Milliseconds()),
			DownloadThroughput: throughput,
			UploadThroughput:   throughput,
			Offline:            to.offline,
		}},
	})
}

// cookies are the cookies of this page's browser context.
func (p *page) cookies() []*network.Cookie {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	answer, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	})
	if err != nil {
		p.t.Fatalf("cookies: %v", err)
	}
	return answer.Cookies
}
