// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func TestHTMLAddsNoWhiteSpace(t *testing.T) {
	tests := []struct {
		name string
		in   app.UI
		want string
	}{
		{"one text", app.P().Text("a"), "<p>a</p>"},
		{"spaces around a text", app.P().Text("  a  "), "<p>  a  </p>"},
		{"text between elements", app.P().Body(app.B().Text("a"), app.Text(" b "), app.I().Text("c")), "<p><b>a</b> b <i>c</i></p>"},
		{"nothing between elements", app.P().Body(app.B().Text("a"), app.I().Text("c")), "<p><b>a</b><i>c</i></p>"},
		{"texts side by side", app.P().Body(app.Text("a"), app.Text("b"), app.Text(" c")), "<p>ab c</p>"},
		{"deep", app.Div().Body(app.Div().Body(app.Div().Body(app.Text("x "), app.B().Text("y")))), "<div><div><div>x <b>y</b></div></div></div>"},
		{"empty", app.Div().Body(app.Span(), app.Span()), "<div><span></span><span></span></div>"},
		{"an element without end", app.P().Body(app.Text("a"), app.Input(), app.Text("b")), "<p>a<input>b</p>"},
		{"a greater-than in a value", app.P().Body(app.B().Title(Attr("a>b")).Text("x"), app.Text("y")), `<p><b title="a&#62;b">x</b>y</p>`},
		{"text that looks like a tag", app.P().Body(app.Text("<b>"), app.I()), "<p>&lt;b&gt;<i></i></p>"},
		{"the text of a textarea", app.Div().Body(app.Textarea().Body(app.Text("\n  a\n    b\n")), app.B().Text("c")), "<div><textarea>\n\n  a\n    b\n</textarea><b>c</b></div>"},
		{"a component", app.Div().Body(&inner{}, app.Text("x")), "<div><b>in</b>x</div>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := HTML(tt.in); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

type inner struct{ app.Compo }

func (c *inner) Render() app.UI { return app.B().Text("in") }

func TestIDHasNoSpaces(t *testing.T) {
	const id = "@lars.bjornstad-2/x=y:uni-lindau.example:8448"
	for _, ui := range []app.UI{ID(id), IDLine(id)} {
		got := textOf(t, HTML(app.P().Body(ui, ui)))
		if got != id+id {
			t.Errorf("the text of an ID is %q", got)
		}
	}
}

func TestRich(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"**2 devices** go", "<span><strong>2 devices</strong> go</span>"},
		{"a `b` c", `<span>a <code class="gh-mono">b</code> c</span>`},
		{"a ** b", "a ** b"},
		{"2 * 3 * 4", "2 * 3 * 4"},
		{"****", "****"},
		{"`", "`"},
		{"**\u2068a**b\u2069** go", "<span><strong>\u2068a**b\u2069</strong> go</span>"},
		{"it said \u2068`x` **y**\u2069.", "it said \u2068`x` **y**\u2069."},
	}
	for _, tt := range tests {
		got := HTML(app.P().Body(Rich(tt.in)))
		got = strings.TrimSuffix(strings.TrimPrefix(got, "<p>"), "</p>")
		if got != tt.want {
			t.Errorf("Rich(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}
