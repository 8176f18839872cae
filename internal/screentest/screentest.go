// SPDX-License-Identifier: Apache-2.0

// Package screentest draws screens in tests: surroundings, a caller with answers from a table, and HTML in a form that can be
// compared. It reads the flag -update, which the tests that use it declare.
package screentest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/i18n"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/web/languages"
)

// Now is the time that everything is drawn at: 21 November 2026, 09:00 UTC.
var Now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// Env is what an owner sees on a Synapse that can do everything, in English and UTC.
func Env() ui.Env {
	env := ui.Env{
		Person:     ui.Person{ID: "@nadia.okafor:uni-lindau.example", Name: "Nadia Okafor", Role: string(api.Owner)},
		Homeserver: "uni", Language: "en", Zone: "UTC", LetterKeys: true, Now: Now.UnixMilli(), Version: "test",
		Homeservers: []ui.Homeserver{{Name: "uni", ServerName: "uni-lindau.example", Kind: "synapse"}},
	}
	return As(In(env, "en"), api.Owner)
}

// In writes in another language.
func In(env ui.Env, language string) ui.Env {
	env.Language = language
	return env.WithPrinter(i18n.Format{Printer: languages.Printer(language)})
}

// As gives the person another role.
func As(env ui.Env, role api.Role) ui.Env {
	env.Person.Role, env.Permissions, env.Denied = string(role), map[string]bool{}, map[string]string{}
	for _, p := range role.Permissions() {
		env.Permissions[string(p)] = true
	}
	for _, op := range api.All() {
		if !role.May(op.Info().Permission) {
			env.Denied[op.Info().Name] = string(op.Info().Permission)
		}
	}
	return env
}

// Answers says what calls return: a result, an error, or a func(context.Context, api.Request) (any, error). The key is an operation, or
// a homeserver's name, a space and an operation.
type Answers map[string]any

// Caller answers calls from a table and remembers them.
type Caller struct {
	homeserver string
	shared     *calls
}

type calls struct {
	sync.Mutex
	answers Answers
	made    []Call
}

// Call is a call that was made.
type Call struct {
	Homeserver, Operation string
	Request               api.Request
}

// NewCaller returns a caller.
func NewCaller(answers Answers) Caller { return Caller{"uni", &calls{answers: answers}} }

// At implements client.Caller.
func (c Caller) At(homeserver string) client.Caller { return Caller{homeserver, c.shared} }

// Call implements client.Caller.
func (c Caller) Call(ctx context.Context, op api.Op, req api.Request, _ string) (any, error) {
	name := op.Info().Name
	c.shared.Lock()
	c.shared.made = append(c.shared.made, Call{c.homeserver, name, req})
	answer, ok := c.shared.answers[c.homeserver+" "+name]
	if !ok {
		answer, ok = c.shared.answers[name]
	}
	c.shared.Unlock()
	switch answer := answer.(type) {
	case nil:
		return nil, fmt.Errorf("no answer for %s %s", c.homeserver, name)
	case error:
		return nil, answer
	case func(context.Context, api.Request) (any, error):
		return answer(ctx, req)
	}
	return answer, nil
}

// Made returns the calls that were made.
func (c Caller) Made() []Call {
	c.shared.Lock()
	defer c.shared.Unlock()
	return slices.Clone(c.shared.made)
}

// Draw loads a screen as the server does, sends its data through the page's data block as the program gets it, and returns the HTML
// that is drawn of that. It checks that both sides draw the same.
func Draw(t testing.TB, open func() screen.Screen, env ui.Env, call client.Caller, address string) string {
	t.Helper()
	s := open()
	if err := Load(s, env, call, address); err != nil {
		t.Fatalf("Load(%s): %v", address, err)
	}
	there := open()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, there); err != nil {
		t.Fatal(err)
	}
	there.Use(env)
	if got, want := Normal(t, ui.HTML(there)), Normal(t, ui.HTML(s)); got != want {
		t.Errorf("%s: the program draws something else than the server: %s", address, firstDifference(got, want))
	}
	return ui.HTML(s)
}

// Load gives a screen its surroundings and loads it.
func Load(s screen.Screen, env ui.Env, call client.Caller, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	s.Use(env)
	return s.Load(context.Background(), env, call, u)
}

// Golden compares HTML with testdata/name.golden.html, or writes that file where the tests run with -update.
func Golden(t testing.TB, name, source string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden.html")
	got := Normal(t, source)
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and look at the difference.\n%s", path, firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			other := ""
			if i < len(b) {
				other = b[i]
			}
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, a[i], other)
		}
	}
	return fmt.Sprintf("it ends after line %d", len(a))
}

// Normal parses a piece of HTML as a browser does and prints what a person or a program gets of it: texts, links, headings,
// lists, tables, fields and their values, names and states. Classes and the elements around are left out: which words, links
// and states a screen shows is its own matter, how they look that of package ui.
func Normal(t testing.TB, source string) string {
	t.Helper()
	var b strings.Builder
	for _, n := range parse(t, source) {
		outline(&b, n, 0)
	}
	return b.String()
}

// said are the attributes that Normal keeps.
var said = []string{
	"action", "aria-current", "aria-disabled", "aria-invalid", "aria-label", "aria-sort", "checked", "datetime", "disabled", "formaction", "href", "id",
	"label", "method", "name", "placeholder", "popover", "popovertarget", "selected", "title", "type", "value",
}

func outline(b *strings.Builder, n *html.Node, depth int) {
	pad := strings.Repeat("  ", depth)
	if n.Type == html.TextNode {
		fmt.Fprintf(b, "%s%q\n", pad, n.Data)
		return
	}
	var attrs []string
	for _, a := range n.Attr {
		if slices.Contains(said, a.Key) {
			attrs = append(attrs, fmt.Sprintf(" %s=%q", a.Key, a.Val))
		}
	}
	slices.Sort(attrs)
	plain := slices.Contains([]string{"div", "span", "p", "bdi", "strong", "svg"}, n.Data)
	if !plain || len(attrs) > 0 {
		fmt.Fprintf(b, "%s<%s%s>\n", pad, n.Data, strings.Join(attrs, ""))
		depth++
	}
	if n.Data == "svg" {
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		outline(b, c, depth)
	}
}

// Skeleton is the elements of a piece of HTML with the names of their attributes, without anything that data can be in. Data
// that cannot break out of its place does not change it.
func Skeleton(t testing.TB, source string) string {
	t.Helper()
	var b strings.Builder
	for _, n := range parse(t, source) {
		write(&b, n, 0)
	}
	return b.String()
}

func parse(t testing.TB, source string) []*html.Node {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(source), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

func write(b *strings.Builder, n *html.Node, depth int) {
	pad := strings.Repeat("  ", depth)
	switch {
	case n.Type == html.TextNode:
		return
	case n.Type != html.ElementNode:
		fmt.Fprintf(b, "%s%v %q\n", pad, n.Type, n.Data)
		return
	}
	names := make([]string, 0, len(n.Attr))
	for _, a := range n.Attr {
		names = append(names, " "+a.Key)
	}
	slices.Sort(names)
	fmt.Fprintf(b, "%s<%s%s>\n", pad, n.Data, strings.Join(names, ""))
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		write(b, c, depth+1)
	}
}
