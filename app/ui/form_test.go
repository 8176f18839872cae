// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
	"golang.org/x/net/html"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/web/languages"
)

// fields are the values that a browser would send of a form, in order, without those of its buttons (HTML §4.10.22.4).
func fields(t *testing.T, v app.UI) url.Values {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(HTML(v)))
	if err != nil {
		t.Fatal(err)
	}
	values := url.Values{}
	walk(doc, func(n *html.Node) {
		a := attributes(n)
		name, named := a["name"]
		_, off := a["disabled"]
		if n.Type != html.ElementNode || !named || off {
			return
		}
		switch n.Data {
		case "input":
			if _, on := a["checked"]; (a["type"] == "checkbox" || a["type"] == "radio") && !on {
				return
			}
			values.Add(name, a["value"])
		case "textarea":
			text := ""
			if n.FirstChild != nil {
				text = n.FirstChild.Data
			}
			values.Add(name, text)
		case "select":
			chosen, first := "", true
			walk(n, func(o *html.Node) {
				oa := attributes(o)
				if _, on := oa["selected"]; o.Data == "option" && (on || first) {
					chosen, first = oa["value"], false
				}
			})
			values.Add(name, chosen)
		}
	})
	return values
}

func attributes(n *html.Node) map[string]string {
	m := map[string]string{}
	for _, a := range n.Attr {
		m[a.Key] = a.Val
	}
	return m
}

func TestFormSendsWhatItShows(t *testing.T) {
	env := Env{}
	form := func(state FormState) app.UI {
		return Form{Key: "first", Screen: "/s", Action: "/do/x/y", State: state, Body: []app.UI{
			Field{Name: "name.to", Label: "Name", Value: "as it was", State: state}.Draw(env),
			SecretField{Name: "password", Label: "Password", State: state}.Draw(env),
			TextArea{Name: "note", Label: "Note", Value: "\nold", State: state}.Draw(env),
			Select{Name: "type", Label: "Type", Value: "", Options: []Option{{Value: "bot", Label: "Bot"}, {Label: "None"}}, State: state}.Draw(env),
			Choice{Name: "kind", Label: "Kind", Value: "b", Options: []Option{{Value: "a"}, {Value: "b"}}, State: state}.Draw(env),
			Check{Name: "on", Label: "On", Checked: true, State: state}.Draw(env),
			Check{Name: "off", Label: "Off", State: state}.Draw(env),
			Check{Name: "not", Label: "Not", Why: "no right"}.Draw(env),
			Repeat{Name: "list", Label: "List", State: state}.Draw(env),
		}}.Draw(env)
	}
	tests := []struct {
		name  string
		state FormState
		want  url.Values
	}{
		{"as it was", FormState{}, url.Values{
			"_key": {"first"}, "_screen": {"/s"}, "name.to": {"as it was"}, "password": {""}, "note": {"\nold"}, "type": {""}, "kind": {"b"},
			"on": {"false", "true"}, "off": {"false"}, "list": {""},
		}},
		{
			"what was typed, and no password",
			FormState{Key: "second", Typed: url.Values{
				"name.to": {""}, "password": {"geheim"}, "note": {"new"}, "type": {"bot"}, "kind": {"a"}, "on": {"false"}, "off": {"false", "true"},
			}},
			url.Values{
				"_key": {"second"}, "_screen": {"/s"}, "name.to": {""}, "password": {""}, "note": {"new"}, "type": {"bot"}, "kind": {"a"},
				"on": {"false"}, "off": {"false", "true"}, "list": {""},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fields(t, form(tt.state))
			for name := range got {
				if !slices.Equal(got[name], tt.want[name]) {
					t.Errorf("%s: sent %q, want %q", name, got[name], tt.want[name])
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("sent %v, want %v", got, tt.want)
			}
			if strings.Contains(HTML(form(tt.state)), "geheim") {
				t.Error("a password came back")
			}
		})
	}
}

func TestErrorsStandAtTheirFields(t *testing.T) {
	env := Env{}
	state := FormState{Problem: &api.Problem{Code: "x", Detail: "Nothing was sent.", Fields: []api.FieldProblem{
		{Field: "name.to", Code: "x", Detail: "Too long."}, {Field: "elsewhere", Code: "x", Detail: "Not known."},
	}}}
	out := HTML(Form{State: state, Body: []app.UI{
		Field{Name: "name.to", Label: "Name", State: state, Help: "Short."}.Draw(env),
		Field{Name: "fine", Label: "Fine", State: state}.Draw(env),
	}}.Draw(env))
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	var wrong []string
	walk(doc, func(n *html.Node) {
		a := attributes(n)
		if id := a["id"]; id != "" {
			var b strings.Builder
			walk(n, func(c *html.Node) {
				if c.Type == html.TextNode {
					b.WriteString(c.Data)
				}
			})
			texts[id] = b.String()
		}
	})
	walk(doc, func(n *html.Node) {
		if a := attributes(n); a["aria-invalid"] == "true" {
			for _, id := range strings.Fields(a["aria-describedby"]) {
				wrong = append(wrong, texts[id])
			}
		}
	})
	if !slices.Equal(wrong, []string{"Too long.", "Short."}) {
		t.Errorf("the field is described by %q", wrong)
	}
	for _, text := range []string{"Nothing was sent.", "Not known."} {
		if !strings.Contains(out, text) {
			t.Errorf("%q is not said", text)
		}
	}
}

// TestOneMistakeIsSaidOnce draws forms of which one field is wrong: whether the box above the fields gives way to that field, and the field is announced.
func TestOneMistakeIsSaidOnce(t *testing.T) {
	one := []api.FieldProblem{{Field: "n", Code: "c", Detail: "Type 2."}}
	for name, c := range map[string]struct {
		problem api.Problem
		draw    func(FormState) app.UI
		want    bool
	}{
		"the same":          {api.Problem{Code: "c", Detail: "Type 2.", Fields: one}, func(s FormState) app.UI { return Field{Name: "n", State: s}.Draw(Env{}) }, true},
		"in general":        {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return Field{Name: "n", State: s}.Draw(Env{}) }, true},
		"a password":        {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return SecretField{Name: "n", State: s}.Draw(Env{}) }, true},
		"several lines":     {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return TextArea{Name: "n", State: s}.Draw(Env{}) }, true},
		"a list":            {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return Select{Name: "n", State: s}.Draw(Env{}) }, true},
		"a box":             {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return Check{Name: "n", State: s}.Draw(Env{}) }, true},
		"a file":            {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return FileField{Name: "n", State: s}.Draw(Env{}) }, true},
		"more is said":      {api.Problem{Code: "d", Detail: "It was made.", Fields: one}, func(s FormState) app.UI { return Field{Name: "n", State: s}.Draw(Env{}) }, false},
		"another field":     {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return Field{Name: "m", State: s}.Draw(Env{}) }, false},
		"a group":           {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return Choice{Name: "n", State: s}.Draw(Env{}) }, false},
		"it is not shown":   {api.Problem{Code: "invalid_request", Fields: one}, func(s FormState) app.UI { return Field{Name: "n", State: s, HideError: true}.Draw(Env{}) }, false},
		"several mistakes":  {api.Problem{Code: "invalid_request", Fields: append(one, api.FieldProblem{Field: "m"})}, func(s FormState) app.UI { return Field{Name: "n", State: s}.Draw(Env{}) }, false},
		"of no field alone": {api.Problem{Code: "c", Detail: "Type 2."}, func(s FormState) app.UI { return Field{Name: "n", State: s, Error: "Type 2."}.Draw(Env{}) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			state := FormState{Problem: &c.problem}
			out := HTML(Form{State: state, Body: []app.UI{c.draw(state)}}.Draw(Env{}))
			gives := strings.Contains(out, "gh-form__problem--field") && strings.Contains(out, "gh-field__alone")
			announced := strings.Count(out, `role="alert"`) == 2 && strings.Contains(out, " autofocus")
			if gives != c.want || announced != c.want {
				t.Errorf("it gives way: %t, announced: %t\n%s", gives, announced, out)
			}
		})
	}
}

// TestPeopleDoNotMix draws the screens of two people at the same time: neither has anything of the other (run with -race).
func TestPeopleDoNotMix(t *testing.T) {
	people := map[string]string{"anna": "en", "berta": "de"}
	want := map[string][]string{}
	draw := func(name, lang string) []string {
		env := environment(name).WithPrinter(i18n.Format{Printer: languages.Printer(lang)})
		return strings.Split(HTML(everything(env, name)), ">")
	}
	for name, lang := range people {
		want[name] = draw(name, lang)
	}
	var wg sync.WaitGroup
	for name, lang := range people {
		for range 4 {
			wg.Go(func() {
				for range 5 {
					got := draw(name, lang)
					if len(got) != len(want[name]) {
						t.Errorf("%s: %d tags, want %d", name, len(got), len(want[name]))
					}
					for other := range people {
						if other != name && strings.Contains(strings.Join(got, ">"), other) {
							t.Errorf("the screen of %s has something of %s", name, other)
						}
					}
				}
			})
		}
	}
	wg.Wait()
}

func TestTableStates(t *testing.T) {
	env := Env{}
	table := func(r Row) app.UI {
		return Table{Caption: "c", Columns: []Column{{Title: "A", Sort: "?", Sorted: "descending"}}, Select: "id", Rows: []Row{r}}.Draw(env)
	}
	for _, selected := range []bool{false, true} {
		got := fields(t, table(Row{Key: "k", Selected: selected, Cells: []app.UI{Text("x")}}))
		if selected != (got.Get("id") == "k") {
			t.Errorf("selected %v sends %v", selected, got)
		}
	}
	if out := HTML(table(Row{Key: "k"})); !strings.Contains(out, `aria-sort="descending"`) {
		t.Error("a sorted column does not say so")
	}
	if out := HTML(Table{Empty: Text("nothing")}.Draw(env)); out != "nothing" {
		t.Errorf("an empty table is %q", out)
	}
}

func TestButtonThatCannotBeUsed(t *testing.T) {
	out := HTML(Button{Label: "Erase", Href: "/erase", Name: "n", Why: "You may not."}.Draw(Env{}))
	for _, not := range []string{"href", "submit", "name="} {
		if strings.Contains(out, not) {
			t.Errorf("it has %s: %s", not, out)
		}
	}
	for _, want := range []string{`aria-disabled="&#116;rue"`, "You may not."} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing: %s", want, out)
		}
	}
	if strings.Contains(out, " disabled") {
		t.Errorf("it cannot have the focus: %s", out)
	}
}

func TestInitials(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Nadia Okafor", "NO"}, {"Maximilian-Alexander von und zu Hohenstein-Waldburg", "MH"}, {"crypto support", "CS"}, {"田中 美咲", "田"},
		{"فاطمة الزهراء", "فا"}, {"@Alice/Phone_2016:x.example", "A"}, {"@_bridge:x", "B"}, {"", ""}, {"!!! ???", ""}, {"Ó Ruiz", "ÓR"}, {"\xff\xfe", ""},
	}
	for _, tt := range tests {
		if got := initials(tt.in); got != tt.want {
			t.Errorf("initials(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
