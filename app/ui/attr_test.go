// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// hostile are strings that end a value, start an element or a reference, or are rewritten on the way.
var hostile = []string{
	`"><b onclick="x()">`,
	`' onmouseover='x()`,
	`" autofocus onfocus="x()`,
	"`onerror=x",
	`</title><script>alert(1)</script>`,
	`&quot;&#34;&lt;b&gt;`,
	`\"\\`,
	"true",
	"false",
	" leading and trailing ",
	"new\nline\r\n\ttab",
	"\x00\x01\x1f\x7f\u0085\u009f",
	"\u202eright to left\u2066\u2069",
	"\ufeff\u200b\u00ad",
	"bad \xff\xfe utf8",
	"العربية 田中 🏳️‍🌈",
	"{{template}} ${expr} <!-- --> <![CDATA[ ]]>",
	"**bold** `code` *",
	"javascript:alert(1)",
	strings.Repeat("x", 10000),
}

func TestAttrComesBack(t *testing.T) {
	for _, s := range hostile {
		comesBack(t, s)
	}
}

func FuzzAttr(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { comesBack(t, s) })
}

func TestAttrProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		comesBack(r, rapid.StringOfN(rapid.RuneFrom([]rune("\"'<>&\\`=; \n\x00\u0085abc#x;&")), 0, 40, -1).Draw(r, "value"))
	})
}

type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

// comesBack writes s as attributes of an element, parses that, and demands the element, its attributes and nothing else.
func comesBack(t failer, s string) {
	t.Helper()
	out := HTML(app.Input().Title(Attr(s)).Value(Attr(s)).Aria("label", Attr(s)).Name("n"))
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Errorf("%q: %v", s, err)
		return
	}
	var elements []*html.Node
	walk(doc, func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data != "html" && n.Data != "head" && n.Data != "body" {
			elements = append(elements, n)
		}
		if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
			t.Errorf("%q: text outside: %q", s, n.Data)
		}
	})
	if len(elements) != 1 || elements[0].Data != "input" {
		t.Errorf("%q: elements %v in %s", s, elements, out)
		return
	}
	want := asHTMLHasIt(s)
	seen := 0
	for _, a := range elements[0].Attr {
		switch a.Key {
		case "title", "value", "aria-label":
			seen++
			if a.Val != want {
				t.Errorf("%q: %s came back as %q", s, a.Key, a.Val)
			}
		case "name":
		default:
			t.Errorf("%q: an attribute %s that was not meant", s, a.Key)
		}
	}
	if seen != 3 && s != "" {
		t.Errorf("%q: %d of 3 attributes", s, seen)
	}
}

// asHTMLHasIt is the string as HTML can hold it: NUL and what is no UTF-8 become U+FFFD, and C1 controls are read as Windows-1252
// (HTML §13.2.5.80), which is left to the parser.
func asHTMLHasIt(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 0:
			b.WriteRune(utf8.RuneError)
		case r >= 0x80 && r < 0xa0:
			b.WriteString(html.UnescapeString("&#" + itoa(int(r)) + ";"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func walk(n *html.Node, do func(*html.Node)) {
	do(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, do)
	}
}

func TestHref(t *testing.T) {
	tests := []struct{ in, want string }{
		{"/uni/accounts?q=a:b", "/uni/accounts?q=a:b"},
		{"?sort=-name", "?sort=-name"},
		{"https://chat.example/#/login", "https://chat.example/#/login"},
		{"HTTPS://chat.example", "HTTPS://chat.example"},
		{"mailto:a@b.example", "mailto:a@b.example"},
		{"javascript:alert(1)", "#"},
		{"JavaScript:alert(1)", "#"},
		{"java\nscript:alert(1)", "#"},
		{" javascript:alert(1)", "#"},
		{"\x01javascript:alert(1)", "#"},
		{"data:text/html,x", "#"},
		{"vbscript:x", "#"},
		{`/\evil.example`, "#"},
	}
	for _, tt := range tests {
		if got := html.UnescapeString(Href(tt.in)); got != tt.want {
			t.Errorf("Href(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
