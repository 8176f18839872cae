// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// limit bounds one step in the browser. What it catches is a step that never ends.
const limit = 90 * time.Second

// A Browser is a running Chromium.
type Browser struct {
	ctx   context.Context
	close func() error
}

// StartBrowser starts Chromium without a window. It ends with Close, or with ctx.
func StartBrowser(ctx context.Context) (*Browser, error) {
	profile, err := os.MkdirTemp("", "gatehouse-chromium-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.UserDataDir(profile),
		chromedp.DisableGPU,
		chromedp.Flag("no-sandbox", true), // it has to start as root in containers, and opens nothing but this panel
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("font-render-hinting", "none"),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(ctx, options...)
	root, stop := chromedp.NewContext(allocator)
	b := &Browser{ctx: root, close: func() error {
		err := chromedp.Cancel(root)
		stop()
		stopAllocator()
		return errors.Join(err, os.RemoveAll(profile))
	}}
	// The context of the first run lives as long as the browser: no time limit.
	if err := chromedp.Do(root); err != nil {
		return nil, errors.Join(fmt.Errorf("start Chromium (`go run ./tools/setup -only chromium` installs it): %w", err), b.close())
	}
	return b, nil
}

// Close ends the browser.
func (b *Browser) Close() error { return b.close() }

// Version is what the browser calls itself, such as "Chromium 156.0.8078.79".
func (b *Browser) Version() (string, error) {
	v, err := chromedp.CallBrowser(b.ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(strings.Replace(v.Product, "Chrome/", "Chromium ", 1), "Headless"), nil
}

// A Tab is a page with a cookie jar and a cache of its own.
type Tab struct {
	Ctx    context.Context
	cancel context.CancelFunc
}

// NewTab opens an empty tab of 1280 × 800 pixels, with cookies for 127.0.0.1.
func (b *Browser) NewTab(cookies []*http.Cookie) (*Tab, error) {
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t := &Tab{Ctx: ctx, cancel: cancel}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		cancel()
		return nil, err
	}
	if len(cookies) == 0 {
		return t, nil
	}
	params := storage.SetCookiesParams{BrowserContextID: chromedp.FromContext(ctx).BrowserContextID}
	for _, c := range cookies {
		params.Cookies = append(params.Cookies, &network.CookieParam{
			Name: c.Name, Value: c.Value, Domain: "127.0.0.1", Path: "/", HTTPOnly: c.HttpOnly, SameSite: network.CookieSameSiteStrict,
		})
	}
	if _, err := chromedp.CallBrowser(ctx, storage.SetCookies, params); err != nil {
		cancel()
		return nil, err
	}
	return t, nil
}

// Close closes the tab and forgets its cookies and its cache.
func (t *Tab) Close() { t.cancel() }

// Do runs actions within the limit.
func (t *Tab) Do(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(t.Ctx, limit)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

// Eval evaluates an expression, a promise to its end.
func Eval[T any](t *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(t.Ctx, limit)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Until waits until an expression is true in whatever document is there.
func (t *Tab) Until(expression string) error {
	ctx, cancel := context.WithTimeout(t.Ctx, limit)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		// An error is a document that is just being replaced, or a mistake, which shows when the time is up.
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if ok {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			seen, _ := Eval[string](t, `location.href + "\n" + document.body.innerText.slice(0, 2000)`)
			return fmt.Errorf("not within %s: %s (%v)\nthe browser shows %s", limit, expression, err, seen)
		}
	}
}

// Quote writes a text as JavaScript does.
func Quote(text string) string {
	quoted, _ := json.Marshal(text) // strings can always be marshalled
	return string(quoted)
}
