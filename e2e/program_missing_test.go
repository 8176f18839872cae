// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
)

// TestProgramMissing: a page that came with placeholders, because the homeserver takes its time, gets what it is for in a browser that runs scripts
// and not the program.
func TestProgramMissing(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	var slow atomic.Bool // once
	front := inFront(t, hs, func(r *http.Request) bool {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/users") && slow.CompareAndSwap(true, false) {
			<-r.Context().Done() // the page goes out with placeholders before
			return false
		}
		return true
	})
	g := startGatehouse(t, strings.Replace(homeservers(hs), hs.URL, front.URL, 1))
	d := atProgram(t, g, hs)
	send(d.page, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: "delete window.WebAssembly"})
	slow.Store(true)
	d.visit("accounts")
	d.wait("tbody .gh-account__link")
	if slow.Load() || eval[bool](d.page, `!!window.gatehouse.running`) {
		t.Error("the list came at once, or the program came")
	}
}
