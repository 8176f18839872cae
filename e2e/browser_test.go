// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is the one Chromium of this run. It starts with the first page.
var browser = sync.OnceValues(func() (context.Context, error) {
	profile, err := os.MkdirTemp("", "gatehouse-chromium-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.UserDataDir(profile),
		chromedp.DisableGPU,
		chromedp.Flag("no-sandbox", true), // tests run as root in containers
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	atEnd.add(func() error {
		err := chromedp.Cancel(ctx)
		stop()
		stopAllocator()
		return errors.Join(err, os.RemoveAll(profile))
	})
	// The context of the first run lives as long as the browser: no time limit.
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start Chromium (go run ./tools/setup -only chromium installs it): %w", err)
	}
	return ctx, nil
})

// A page is a tab of its own in a browser context of its own: it shares no cookie
// with any other. Its methods fail the test at once where a step does not work.
type page struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// newPage opens an empty tab of 1280 × 800 pixels, with scripts on or off. The test
// fails at its end if a script threw an exception, or if the page broke its
// Content-Security-Policy or a Trusted Types rule.
func newPage(t *testing.T, javascript bool) *page {
	t.Helper()
	parent, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	p := &page{t: t, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			_ = p.picture("failed-" + t.Name()) // the failure itself matters more
		}
		if javascript {
			p.keep()
		}
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, problem := range p.problems {
			t.Errorf("in the browser: %s", problem)
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, p.watch); err != nil {
		t.Fatal(err)
	}
	p.resize(1280, 800)
	if !javascript {
		send(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	return p
}

// watch notes what the browser complains about.
func (p *page) watch(event any) {
	var problem string
	switch e := event.(type) {
	case *inspector.EventTargetCrashed:
		problem = "the page has crashed"
	case *runtime.EventExceptionThrown:
		problem = e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			problem += " " + thrown.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity || breaksPolicy(e.Entry.Text) {
			problem = e.Entry.Text
		}
	}
	if problem == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, problem)
}

func breaksPolicy(text string) bool {
	return strings.Contains(text, "Content Security Policy") || strings.Contains(text, "TrustedScript") ||
		strings.Contains(text, "Trusted Type")
}

// expectProblem takes the complaints of the browser that contain a text off the
// list, and fails the test if there is none: for tests that provoke one.
func (p *page) expectProblem(text string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var rest []string
	for _, problem := range p.problems {
		if !strings.Contains(problem, text) {
			rest = append(rest, problem)
		}
	}
	if len(rest) == len(p.problems) {
		p.t.Errorf("the browser did not complain about %q; its complaints: %q", text, p.problems)
	}
	p.problems = rest
}

// shot takes a picture of the page into the folder GATEHOUSE_SHOTS, if it is set.
func (p *page) shot(name string) {
	p.t.Helper()
	if err := p.picture(name); err != nil {
		p.t.Error(err)
	}
}

func (p *page) picture(name string) error {
	dir := os.Getenv("GATEHOUSE_SHOTS")
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	name = strings.NewReplacer("/", "-", " ", "-").Replace(name)
	return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
}
