// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"

	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// back does what the Back button does, and waits until the browser is there: in
// another document, in one that it has kept, or elsewhere in the same one.
func (p *page) back() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	arrived := make(chan struct{}, 1)
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *cdpage.EventFrameNavigated:
			if e.Frame.ParentID != "" {
				return
			}
		case *cdpage.EventNavigatedWithinDocument:
		default:
			return
		}
		select {
		case arrived <- struct{}{}:
		default:
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	history := result(p, "history", chromedp.NavigationEntries())
	if history.CurrentIndex == 0 {
		p.t.Fatal("there is nothing to go back to")
	}
	send(p, cdpage.NavigateToHistoryEntry, cdpage.NavigateToHistoryEntryParams{
		EntryID: history.Entries[history.CurrentIndex-1].ID,
	})
	select {
	case <-arrived:
	case <-ctx.Done():
		p.t.Fatalf("back: %v\n%s", ctx.Err(), p.whereabouts())
	}
}

// backToForm goes back from what a double click of a form led to. Where the first answer came just as the second click was
// sent, the browser has both in its history, and asks before it sends a form again; the form is before that.
func (p *page) backToForm() {
	p.t.Helper()
	p.back()
	if result(p, "history", chromedp.NavigationEntries()).CurrentIndex > 0 && eval[bool](p, `location.protocol === "chrome-error:"`) {
		p.back()
	}
}
