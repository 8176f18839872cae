// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A personal secret is a password that a gatehouse comes to know: it was typed, or it
// stands on a hand-out card.
type personal struct {
	account string // Matrix ID of the account whose card may show it, or the link on an invitation's; "" where none may
	secret  string
	page    string // path of the pages that may hold it
}

// passwords are the personal secrets of the persons of one gatehouse.
type passwords struct {
	mu   sync.Mutex
	list []personal
}

// keepSecret has the canary look for a password in all that the gatehouse says, keeps
// and logs. It may be on the hand-out card of its account, and nowhere else.
func (g *gatehouse) keepSecret(account, password string) {
	g.keepPersonal(personal{account: account, secret: password})
}

// keepLink has it look for the token of an invitation. It may be on the invitation's card
// and on the pages that its link leads to.
func (g *gatehouse) keepLink(link string) {
	_, token, _ := strings.Cut(link, "/join/")
	g.keepPersonal(personal{account: link, secret: token, page: "/join/" + token})
}

func (g *gatehouse) keepPersonal(p personal) {
	g.passwords.mu.Lock()
	defer g.passwords.mu.Unlock()
	if !slices.Contains(g.passwords.list, p) {
		g.passwords.list = append(g.passwords.list, p)
	}
}

// reveals are the operations that are answered by a card.
var reveals = []string{"users.create", "users.reset_password", "users.reactivate", "tokens.create", "tokens.show", "jobs.passwords", "jobs.cards", "users.sign_in_as", "personal.create", "personal.renew", "invitations.create", "invitations.show"}

// isCard reports whether an answer is the hand-out card of an account: the answer itself
// to one of those operations, or to an invitation that was taken up, which the browser keeps nowhere.
func isCard(e exchange, account string) bool {
	method, path, _ := strings.Cut(e.request, " ")
	operation := path[strings.LastIndexByte(path, '/')+1:]
	handsOut := slices.Contains(reveals, operation) || strings.HasPrefix(path, "/join/")
	return account != "" && method == http.MethodPost && handsOut && e.status == http.StatusOK &&
		strings.Contains(e.header.Get("Cache-Control"), "no-store") &&
		(bytes.Contains(e.body, []byte(account)) || bytes.Contains(e.body, []byte(url.QueryEscape(account))))
}

// dataBlocks are the elements of a page that programs read.
var dataBlocks = regexp.MustCompile(`(?s)<script.*?</script>`)

// leaks says where passwords were found that should not be there.
func (g *gatehouse) leaks(exchanges []exchange) []string {
	all := map[string]string{}
	for i, p := range g.passwords.list {
		all[fmt.Sprintf("password %d, of %s", i, p.account)] = p.secret
	}
	watch, err := newCanary(all)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, e := range exchanges {
		if e.header.Get("Content-Type") == "application/wasm" {
			continue // built before anybody had a password
		}
		if len(watch.known(e.body)) > 0 || len(watch.known(headers(e))) > 0 {
			found = append(found, g.leaksIn(e)...)
		}
	}
	files, err := watch.searchFiles(g.Dir, "gatehouse.yaml", "secret.key")
	if err != nil {
		found = append(found, err.Error())
	}
	for _, what := range files {
		found = append(found, "the file "+what)
	}
	for _, what := range g.searchStore(watch) {
		found = append(found, "the store: "+what)
	}
	for _, what := range watch.search([]byte(keptBy(g.URL))) {
		found = append(found, "the browser's storage: "+what)
	}
	return found
}

// leaksIn says which passwords an answer holds and should not: one may be on the card of its account.
func (g *gatehouse) leaksIn(e exchange) []string {
	var found []string
	for _, p := range g.passwords.list {
		watch, err := newCanary(map[string]string{"a password of " + p.account: p.secret})
		if err != nil {
			return []string{err.Error()}
		}
		body := e.body
		if _, path, _ := strings.Cut(e.request, " "); p.page != "" && path == p.page {
			body = nil // the form goes back to where it came from
		} else if isCard(e, p.account) {
			body = nil
			if strings.HasPrefix(e.header.Get("Content-Type"), "text/html") {
				// What the person sees holds it; what the program gets does not.
				body = bytes.Join(dataBlocks.FindAll(e.body, -1), nil)
			}
		}
		for _, what := range append(watch.known(headers(e)), watch.known(body)...) {
			found = append(found, fmt.Sprintf("the answer to %s: %s", e.request, what))
		}
	}
	return found
}
