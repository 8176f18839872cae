// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
	"golang.org/x/net/html"

	"gatehouse/app/api"
)

// everything draws each block with s wherever data can come in.
func everything(env Env, s string) app.UI {
	state := FormState{Typed: url.Values{"n": {s}, s: {s}}, Problem: &api.Problem{Code: s, Detail: s, RequestID: s, Status: 502}}
	wrong := FormState{Problem: &api.Problem{Code: s, Detail: s, Fields: []api.FieldProblem{{Field: "n", Code: s, Detail: s}, {Field: s, Code: s, Detail: s}}}}
	options := []Option{{Value: s, Label: s, Help: s, Why: s, Extra: Text(s)}, {Label: s}}
	return Shell{
		Home: "/" + s, SignOut: "/" + s, SignOutKey: s, Preferences: "/" + s, Return: s, Languages: []Language{{Tag: s, Name: s}},
		SwitchURL: func(string) string { return "/" + s }, SwitchAll: "/" + s, Waiting: true,
		Nav:         []NavGroup{{Title: s, Items: []NavItem{{Label: s, Href: "/" + s, Count: s, Current: true}}}},
		PersonLinks: []MenuItem{{Label: s, Href: "/" + s}},
		Body: []app.UI{
			Crumbs(env, Crumb{s, "/" + s}, Crumb{Label: s}),
			PageTitle{Title: s, Facts: Text(s), Below: ID(s), Lead: Avatar{Name: s}.Draw(env), Actions: []app.UI{Button{Label: s, Href: s}.Draw(env)}}.Draw(env),
			Views(env, s, View{Label: s, Href: s, Count: s, Current: true}),
			Section{Title: s, Count: s, Note: s, ID: s, More: Link(s, s), Body: []app.UI{Card(s, Paragraph(Rich(s))), Steps(s, s)}}.Draw(env),
			Toolbar{
				Action: "/" + s, Keep: url.Values{"k": {s}}, Search: Search{Name: s, Value: s, Placeholder: s, Key: s}, Filters: []app.UI{Text(s)},
				Chips: []FilterChip{{Label: s, Href: s}}, Clear: "/" + s,
			}.Draw(env),
			Table{
				Caption: s, Columns: []Column{{Title: s, Sort: s, Sorted: "ascending"}, {Title: s, Phone: CardLabel}}, Select: s, SelectBy: s,
				Rows: []Row{{Key: s, Label: s, Cells: []app.UI{AccountCell{ID: s, Name: s, Href: s}.Draw(env), Mono(s)}, Dots: &Dots{Label: s, Href: s}}},
				Menu: &RowMenu{Key: s, Items: func(string) (string, []MenuItem) {
					return s, []MenuItem{{Label: s, Detail: s, Href: s, Key: s}, {Label: s, Why: s, Danger: true}}
				}},
				Bulk: &BulkBar{FormID: s, Action: "/" + s, Clear: "/" + s},
			}.Draw(env),
			Pager{Range: s, Next: "/" + s, Previous: "/" + s, First: "/" + s, Continue: "/" + s, Scanned: s}.Draw(env),
			Name(env, s), ID(s), IDLine(s), Unknown(env, s), Diff(env, s, s), Copy(env, s, s), CopyText(env, s, s), ExternalLink(s, s), QuietLink(s, s), Kbd(s),
			StateChip(env, Chip{Label: s}, Chip{Label: s}), Role(IconBot, s, true), Health(env, s, s), TwoLines(Text(s), Text(s)),
			Button{Label: s, Aria: s, Name: s, Value: s, Form: s, Action: "/" + s, Key: s}.Draw(env), Button{Label: s, Popover: s}.Draw(env), Button{Label: s, Why: s}.Draw(env),
			Dialog{Title: s, About: Text(s), Body: []app.UI{Consequences(s, Consequence{Text: s}), Final(s)}, Form: &Form{ID: s, State: wrong}}.Draw(env),
			EndBox(End{Title: s, Text: s}),
			Form{ID: s, Operation: s, Action: "/" + s, Key: s, Screen: s, State: state, Label: s, Body: []app.UI{
				Field{Name: "n", Label: s, State: state, Help: s, Placeholder: s, Good: s}.Draw(env),
				Joined(Field{Name: s, Label: s, Value: s, State: wrong, Why: s, Prefix: s}, s).Draw(env),
				SecretField{Name: s, Label: s, State: state, Help: s}.Draw(env), TextArea{Name: "n", Label: s, State: state, Help: s}.Draw(env),
				Select{Name: s, Label: s, Value: s, Options: options, Help: s}.Draw(env), Choice{Name: s, Label: s, Value: s, Options: options, Help: s}.Draw(env),
				Check{Name: s, Label: s, Help: s}.Draw(env), HiddenField(s, s), Help(s),
				Repeat{Name: s, Label: s, Add: s, Help: s, Rows: []RepeatRow{{Remove: s}}}.Draw(env),
			}}.Draw(env),
			Note{Title: s, Text: s}.Draw(env), Remark(IconInfo, Warn, s), Facts(env, Fact{s, Text(s)}, Fact{Label: s}),
			Timeline(Event{Title: s, By: s, Detail: Text(s), When: Text(s)}), Todo(TodoItem{Title: s, Detail: s}), Counts(env, Count{Label: s, Text: s, Href: s}),
			Progress{Label: s, Done: 1, Total: 2, Text: s, Detail: s, End: s}.Draw(env),
			HandOut{Server: s, ServerName: s, ID: s, Password: s, SignIn: s, SignInText: s, QR: QR([][]bool{{true}}, s)}.Draw(env),
			Empty{Title: s, Text: s, Page: true}.Draw(env), ProblemNote(env, state.Problem), ProblemPage(env, state.Problem), Offline(env),
			SignInPage{Title: s, Promise: s, Foot: []app.UI{Text(s)}}.Draw(env),
		},
	}.Draw(env)
}

func environment(s string) Env {
	return Env{
		Person: Person{ID: s, Name: s, Role: s}, Homeserver: s, Homeservers: []Homeserver{{Name: s, ServerName: s, Kind: s, State: s}, {Name: "b", ServerName: s}},
		Language: s, Zone: s, Theme: s, LetterKeys: true, Version: s, Notice: s,
	}
}

// outline is the elements of a tree and the names of their attributes, without any value or text.
func outline(t *testing.T, s string) []string {
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	depth := 0
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.CommentNode {
			lines = append(lines, "comment")
		}
		if n.Type == html.ElementNode {
			names := make([]string, 0, len(n.Attr))
			for _, a := range n.Attr {
				names = append(names, a.Key)
			}
			slices.Sort(names)
			lines = append(lines, strings.Repeat(" ", depth)+n.Data+" "+strings.Join(names, " "))
		}
		depth++
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
		depth--
	}
	visit(doc)
	return lines
}

// harmless is a string of the same shape: what the blocks look for in a text stays, all else is x.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("._-/=:*`? @\\", r) || unicode.IsSpace(r) {
			return r
		}
		return 'x'
	}, s)
}

// TestHostileStrings draws each block with hostile strings and with harmless ones of the same shape: the elements and attributes are the same.
func TestHostileStrings(t *testing.T) {
	for _, s := range hostile {
		if safeURL(s) != safeURL(harmless(s)) {
			s = "/" + s // a link that leads nowhere is meant, and would hide the others
		}
		name := s
		if len(name) > 30 {
			name = name[:30]
		}
		t.Run(name, func(t *testing.T) {
			got := outline(t, HTML(everything(environment(s), s)))
			quiet := harmless(s)
			want := outline(t, HTML(everything(environment(quiet), quiet)))
			if len(want) < 400 {
				t.Fatalf("only %d elements", len(want))
			}
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Fatalf("element %d is %q, meant was %q (before it %q)", i, got[i], want[i], want[max(i-3, 0):i])
				}
			}
			if len(got) != len(want) {
				t.Fatalf("%d elements, meant were %d", len(got), len(want))
			}
		})
	}
}

// TestNoInlineCode: no block writes a handler, a style or a script into the page.
func TestNoInlineCode(t *testing.T) {
	doc, err := html.Parse(strings.NewReader(HTML(everything(environment("a"), "a"))))
	if err != nil {
		t.Fatal(err)
	}
	walk(doc, func(n *html.Node) {
		if n.Type != html.ElementNode {
			return
		}
		if slices.Contains([]string{"script", "style", "iframe", "object", "embed", "base", "meta", "link"}, n.Data) {
			t.Errorf("a %s element", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Key == "srcdoc" {
				t.Errorf("%s has an attribute %s", n.Data, a.Key)
			}
			if a.Key == "href" && strings.HasPrefix(a.Val, "javascript") {
				t.Errorf("a link to %s", a.Val)
			}
		}
	})
}

func textOf(t *testing.T, s string) string {
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	walk(doc, func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	})
	return b.String()
}
