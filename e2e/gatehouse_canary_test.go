// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// A canary knows secrets in the forms in which they may leak.
type canary struct {
	needles map[string]string // a form of a secret → what it is
}

// newCanary watches for secrets, by their names. Secrets that are short or plain
// words would be found where they did not leak, and are refused.
func newCanary(secrets map[string]string) (canary, error) {
	c := canary{needles: map[string]string{}}
	for name, secret := range secrets {
		if len(secret) < 8 {
			return canary{}, fmt.Errorf("the secret %s is too short to be looked for", name)
		}
		for form, needle := range forms(secret) {
			if c.needles[needle] == "" {
				c.needles[needle] = name + " (" + form + ")"
			}
		}
	}
	return c, nil
}

// forms are the ways in which a text may be written down.
func forms(secret string) map[string]string {
	quoted, _ := json.Marshal(secret) // strings can always be marshalled
	var loose bytes.Buffer            // JSON as JavaScript writes it
	encoder := json.NewEncoder(&loose)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	all := map[string]string{
		"plain":           secret,
		"hex":             hex.EncodeToString([]byte(secret)),
		"upper-case hex":  strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"URL query":       url.QueryEscape(secret),
		"URL path":        url.PathEscape(secret),
		"JSON":            strings.Trim(string(quoted), `"`),
		"JavaScript":      strings.Trim(strings.TrimSpace(loose.String()), `"`),
		"Go":              strings.Trim(strconv.Quote(secret), `"`),
		"HTML":            html.EscapeString(secret),
		"HTML attributes": numeric(secret),
	}
	// In base64 a text looks different at each of three places in a longer one.
	// The characters at its ends depend on its neighbours and are left out.
	for shift := range 3 {
		padded := strings.Repeat("\x00", shift) + secret
		padded = padded[:len(padded)/3*3]
		std := base64.StdEncoding.EncodeToString([]byte(padded))[(shift*8+5)/6:]
		all[fmt.Sprintf("base64, place %d", shift)] = std
		all[fmt.Sprintf("base64url, place %d", shift)] = strings.NewReplacer("+", "-", "/", "_").Replace(std)
	}
	return all
}

// numeric writes what is special in HTML as numeric references.
func numeric(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(`"'&<>\`, r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// accessToken is the form of the access tokens of Synapse and of Matrix Authentication
// Service (and of the one in memory). Those that the gate gets for its service account
// are known to nobody else.
var accessToken = regexp.MustCompile(`syt_[A-Za-z0-9+/=]+_[A-Za-z]{20}_[0-9A-Za-z]{6}|\bm(?:at|ar|ct|cr|pt)_(?:[A-Za-z0-9]{20,}_[A-Za-z0-9]{6}|canary-[0-9A-Z]{26})`)

// search returns what it finds of the secrets in a text, and access tokens.
func (c canary) search(text []byte) []string { return append(c.known(text), tokens(text)...) }

// tokenMarks begin access tokens: what holds none of them needs no closer look, which takes its time.
var tokenMarks = [][]byte{[]byte("syt_"), []byte("mat_"), []byte("mar_"), []byte("mct_"), []byte("mcr_"), []byte("mpt_")}

// tokens returns what looks like an access token in a text.
func tokens(text []byte) []string {
	if !slices.ContainsFunc(tokenMarks, func(mark []byte) bool { return bytes.Contains(text, mark) }) {
		return nil
	}
	if token := accessToken.Find(text); token != nil {
		return []string{fmt.Sprintf("an access token (%.12s…)", token)}
	}
	return nil
}

// known returns what it finds of the secrets in a text.
func (c canary) known(text []byte) []string {
	var found []string
	for needle, name := range c.needles {
		if bytes.Contains(text, []byte(needle)) {
			found = append(found, name)
		}
	}
	return found
}

// searched are the bodies that have been looked at, by their digests: the same
// program is sent again and again.
var searched sync.Map

// headers are those of an answer, as they are written.
func headers(e exchange) []byte {
	var head bytes.Buffer
	_ = e.header.Write(&head) // buffers take everything
	return head.Bytes()
}

// searchExchange returns what it finds in an answer: in its headers and its body.
func (c canary) searchExchange(e exchange) []string {
	found := c.search(headers(e))
	if len(e.body) > 1<<20 && e.header.Get("Content-Type") == "application/wasm" {
		key := sha256.Sum256(e.body)
		if _, before := searched.LoadOrStore(key, true); before {
			return found
		}
	}
	found = append(found, c.known(e.body)...)
	if handsToken(e.request[strings.LastIndexByte(e.request, '/')+1:]) && e.status == http.StatusOK && strings.Contains(e.header.Get("Cache-Control"), "no-store") {
		e.body = bytes.Join(dataBlocks.FindAll(e.body, -1), nil) // the person sees one token; the program gets none
	}
	return append(found, tokens(e.body)...)
}

// tokenOperations are those that answer with an access token.
var tokenOperations = []string{"users.sign_in_as", "personal.create", "personal.renew"}

func handsToken(operation string) bool { return slices.Contains(tokenOperations, operation) }

// searchFiles returns what it finds in the files of a folder, but for those that
// are to hold secrets.
func (c canary) searchFiles(dir string, except ...string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, name := range except {
			if path == filepath.Join(dir, name) {
				return nil
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, what := range c.search(data) {
			found = append(found, filepath.Base(path)+": "+what)
		}
		return nil
	})
	return found, err
}

// secretFields are the fields of a configuration whose values are secret.
var secretFields = regexp.MustCompile(`(?m)^\s*(registration_shared_secret|admin_token|client_secret|secret_key|previous_secret_key|database):\s*(\S.*?)\s*$`)

// secretsOf returns the secrets in a configuration. Of a database it is the password.
func secretsOf(config string) map[string]string {
	secrets := map[string]string{}
	for i, field := range secretFields.FindAllStringSubmatch(config, -1) {
		value := field[2]
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		if field[1] == "database" {
			dsn, err := url.Parse(value)
			if err != nil || dsn.User == nil {
				continue
			}
			password, _ := dsn.User.Password()
			value = password
		}
		if len(value) >= 8 {
			secrets[fmt.Sprintf("%s %d", field[1], i)] = value
		}
	}
	return secrets
}

// secrets watches for those of the configuration.
func (g *gatehouse) secrets() canary {
	g.t.Helper()
	config, err := os.ReadFile(g.Config)
	if err != nil {
		g.t.Error(err)
	}
	c, err := newCanary(secretsOf(string(config)))
	if err != nil {
		g.t.Error(err)
	}
	return c
}

// checkSecrets fails the test where a secret of the configuration has left the gate:
// into an answer, the log, or the store. The program is stopped, the wire closed.
func (g *gatehouse) checkSecrets() {
	g.t.Helper()
	c := g.secrets()
	exchanges, err := g.wire.exchanges()
	if err != nil {
		g.t.Errorf("what went over the wire cannot be read: %v", err)
	}
	for _, e := range exchanges {
		for _, what := range c.searchExchange(e) {
			g.t.Errorf("SECRET in the answer to %s: %s", e.request, what)
		}
	}
	for _, what := range g.leaks(exchanges) {
		g.t.Errorf("SECRET in %s", what)
	}
	found, err := c.searchFiles(g.Dir, "gatehouse.yaml", "secret.key")
	if err != nil {
		g.t.Error(err)
	}
	for _, what := range found {
		g.t.Errorf("SECRET in a file: %s", what)
	}
	for _, what := range g.searchStore(c) {
		g.t.Errorf("SECRET in the store: %s", what)
	}
	for _, what := range c.search([]byte(keptBy(g.URL))) {
		g.t.Errorf("SECRET in the browser's storage: %s", what)
	}
}

// browserStores is an expression for all that a page keeps in the browser. What is
// in a cache came over the wire, but programs and pictures are worth no second look.
const browserStores = `(async () => {
	const kept = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), JSON.stringify(history.state), document.cookie]
	for (const name of await caches.keys()) {
		const cache = await caches.open(name)
		for (const request of await cache.keys()) {
			const answer = await cache.match(request)
			kept.push(request.url)
			if (!/wasm|image/.test(answer.headers.get("Content-Type"))) kept.push(await answer.text())
		}
	}
	for (const {name} of await indexedDB.databases()) kept.push("IndexedDB " + name)
	return kept.join("\n")
})()`

// kept is what pages have kept in the browser, by their origin.
var kept struct {
	sync.Mutex
	texts map[string]string
}

func keptBy(origin string) string {
	kept.Lock()
	defer kept.Unlock()
	return kept.texts[origin]
}

// forget drops what pages have kept of an origin: of an earlier server that had the same
// port, perhaps one that a test had planted secrets at.
func forget(origin string) {
	kept.Lock()
	defer kept.Unlock()
	delete(kept.texts, origin)
}

// keep notes what the page has kept in the browser, for the check of the gatehouse
// that it came from.
func (p *page) keep() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	origin, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.origin"))
	if err != nil || !strings.HasPrefix(origin, "http") {
		return // an empty page, or one that has been closed
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](browserStores, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Errorf("what the page keeps in the browser cannot be read: %v", err)
		return
	}
	kept.Lock()
	defer kept.Unlock()
	if kept.texts == nil {
		kept.texts = map[string]string{}
	}
	kept.texts[origin] += text + "\n"
}
