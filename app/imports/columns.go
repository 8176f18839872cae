// SPDX-License-Identifier: Apache-2.0

package imports

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// Columns is the page on which it is said what is in a file, and what is to be done with it.
type Columns struct {
	app.Compo
	Import api.Import
	State  ui.FormState
	// Same asks for one operation for all accounts of the file, in place of what its rows say.
	Same bool

	env ui.Env
}

// Use gives the page its surroundings.
func (c *Columns) Use(env ui.Env) { c.env = env }

// Title names the page.
func (c *Columns) Title() string {
	if c.Same {
		return c.env.T("imports.same_title", "file", c.Import.Name)
	}
	return c.env.T("imports.columns_title", "file", c.Import.Name)
}

// Render implements app.Composer.
func (c *Columns) Render() app.UI {
	env := c.env
	form := c.rows()
	if c.Same {
		form = c.same()
	}
	return app.Div().Body(
		ui.Crumbs(env, ui.Crumb{Label: env.T("accounts.title"), Href: route.Accounts(env.Homeserver)},
			ui.Crumb{Label: env.T("imports.crumb"), Href: route.Import(env.Homeserver, "")}, ui.Crumb{Label: c.Import.Name}),
		ui.PageTitle{Title: c.Title()}.Draw(env),
		ui.Views(env, env.T("imports.purpose"),
			ui.View{Label: env.T("imports.purpose.rows"), Href: route.Import(env.Homeserver, c.Import.ID), Current: !c.Same},
			ui.View{Label: env.T("imports.purpose.same"), Href: route.ImportSame(env.Homeserver, c.Import.ID), Current: c.Same}),
		c.unread(),
		c.format(),
		form,
	)
}

// rows is the form with which the rows of the file are imported.
func (c *Columns) rows() app.UI {
	env := c.env
	return ui.Form{
		Action: route.Import(env.Homeserver, "") + "/plan", Label: c.Title(), State: c.State, Wide: true, Screen: route.Import(env.Homeserver, c.Import.ID),
		Body: []app.UI{
			ui.HiddenField("id", c.Import.ID), ui.HiddenField("format.encoding", c.Import.Format.Encoding), ui.HiddenField("format.comma", c.Import.Format.Comma),
			ui.HiddenField("format.headless", strconv.FormatBool(c.Import.Format.Headless)),
			ui.Section{Title: env.T("imports.columns"), Body: []app.UI{c.mistake(), c.columns()}}.Draw(env),
			ui.Section{Title: env.T("imports.what"), Body: c.what()}.Draw(env),
			ui.FormFoot(
				ui.Button{Label: env.T("imports.plan"), Look: ui.Primary}.Draw(env),
				ui.Button{Label: env.T("imports.other_file"), Look: ui.Plain, Name: Other, Value: "1", NoValidate: true}.Draw(env),
			),
		},
	}.Draw(env)
}

// same leads on to what can be done to many accounts, with the column that names them.
func (c *Columns) same() app.UI {
	env := c.env
	var columns []ui.Option
	chosen := strconv.Itoa(max(1, api.AccountColumn(c.Import.Columns)))
	for i, column := range c.Import.Columns {
		n := strconv.Itoa(i + 1)
		columns = append(columns, ui.Option{Value: n, Label: c.named(i) + ": " + begins(column.Samples)})
	}
	var body []app.UI
	file := api.EncodeForm(api.JobFile{ID: c.Import.ID, Format: c.Import.Format})
	for _, name := range slices.Sorted(maps.Keys(file)) {
		body = append(body, ui.HiddenField("file."+name, file.Get(name)))
	}
	body = append(body,
		ui.Select{Name: "file.column", Label: env.T("imports.same_column"), Help: env.T("imports.same_column_help"), Value: chosen, Options: columns}.Draw(env),
		ui.FormFoot(
			ui.Button{Label: env.T("imports.same_choose"), Look: ui.Primary}.Draw(env),
			ui.Button{Label: env.T("imports.other_file"), Look: ui.Plain, Href: route.Import(env.Homeserver, "")}.Draw(env),
		))
	return app.Div().Body(ui.Help(env.T("imports.same_help")), ui.QueryForm{ID: "same", Action: route.At(env.Homeserver, route.PlanJobPath, nil), Label: c.Title(), Stacked: true, Body: body}.Draw(env))
}

// named is what a column is called: by its number where it has no name.
func (c *Columns) named(i int) string {
	if name := c.Import.Columns[i].Name; name != "" && !c.Import.Format.Headless {
		return name
	}
	return c.env.T("imports.column_number", "n", i+1)
}

// purpose carries along what the page is for.
func (c *Columns) purpose() app.UI {
	if !c.Same {
		return nil
	}
	return ui.HiddenField(route.ImportPurpose, route.ImportPurposeSame)
}

// mistake is what is wrong with the columns together.
func (c *Columns) mistake() app.UI {
	if text := c.State.ErrorText(c.env, "columns"); text != "" {
		return ui.Remark(ui.IconAlert, ui.Bad, text)
	}
	return nil
}

// unread says why the first rows cannot be read as the file is read now.
func (c *Columns) unread() app.UI {
	if c.Import.Problem == nil {
		return nil
	}
	return ui.Note{Kind: ui.Warn, Title: c.env.T("imports.unread"), Text: c.env.ProblemText(c.Import.Problem)}.Draw(c.env)
}

// format says how the file was read. Where that is wrong it can be said otherwise.
func (c *Columns) format() app.UI {
	env, f := c.env, c.Import.Format
	size := env.Format().Bytes(c.Import.Bytes)
	if c.Import.Kind == api.FormatJSONLines {
		return ui.Help(env.T("imports.read_jsonl", "size", size))
	}
	separators := map[string]string{",": env.T("imports.comma"), ";": env.T("imports.semicolon"), "tab": env.T("imports.tab"), "|": env.T("imports.bar"), ":": env.T("imports.colon")}
	separator := separators[f.Comma]
	if separator == "" {
		separator = env.T("imports.separated", "comma", f.Comma)
	}
	var encodings []ui.Option
	for value, label := range map[string]string{"utf-8": "UTF-8", "windows-1252": "Windows-1252", "utf-16": "UTF-16"} {
		if value == f.Encoding {
			encodings = append([]ui.Option{{Value: value, Label: label}}, encodings...)
		} else if f.Encoding != "utf-16" && value != "utf-16" {
			encodings = append(encodings, ui.Option{Value: value, Label: label})
		}
	}
	again := ui.QueryForm{
		ID: "read", Action: route.Import(env.Homeserver, ""), Label: env.T("imports.read_otherwise"), Stacked: true,
		Body: []app.UI{
			ui.HiddenField("id", c.Import.ID), c.purpose(),
			ui.Fields(
				ui.Field{
					Name: "format.comma", Label: env.T("imports.separator"), Help: env.T("imports.separator_help"), Value: f.Comma, Prefix: "read", Dir: "ltr", Mono: true, MaxLength: 3,
				}.Draw(env),
				ui.Select{Name: "format.encoding", Label: env.T("imports.encoding"), Value: f.Encoding, Options: encodings, Prefix: "read"}.Draw(env),
			),
			ui.Check{Name: "format.headless", Label: env.T("imports.headless"), Checked: f.Headless, Prefix: "read"}.Draw(env),
			ui.FormFoot(ui.Button{Label: env.T("imports.read_again")}.Draw(env)),
		},
	}
	return app.Div().Body(
		ui.Help(env.T("imports.read_csv", "size", size, "encoding", encodings[0].Label, "separator", separator)),
		c.doubt(),
		ui.More{Title: env.T("imports.read_otherwise"), Open: c.Import.Problem != nil || c.doubt() != nil, Body: []app.UI{again.Draw(env)}}.Draw(env),
	)
}

// doubt says that the file may not have been read as it was meant, or that there is nothing in it to import.
func (c *Columns) doubt() app.UI {
	rows := slices.ContainsFunc(c.Import.Columns, func(column api.ImportColumn) bool { return len(column.Samples) > 0 })
	switch {
	case c.Import.Problem != nil: // which is said
		return nil
	case !rows:
		return ui.Note{Kind: ui.Warn, Text: c.env.T("imports.no_rows")}.Draw(c.env)
	case len(c.Import.Columns) == 1 && c.Import.Columns[0].Field == "":
		return ui.Note{Kind: ui.Warn, Text: c.env.T("imports.one_column")}.Draw(c.env)
	}
	return nil
}

// columns is the table of the file's columns: their names, how they begin, and what they are.
func (c *Columns) columns() app.UI {
	env := c.env
	options := []ui.Option{{Label: env.T("imports.not_imported")}}
	for _, field := range api.ImportFields() {
		options = append(options, ui.Option{Value: field, Label: env.T("imports.field." + field)})
	}
	t := ui.Table{Caption: env.T("imports.columns"), Columns: []ui.Column{
		{Title: env.T("imports.column"), Phone: ui.CardLead},
		{Title: env.T("imports.begins"), Phone: ui.CardLine},
		{Title: env.T("imports.is"), Width: ui.Wide, Phone: ui.CardLabel},
	}}
	for i, column := range c.Import.Columns {
		n := strconv.Itoa(i)
		name := c.named(i)
		t.Rows = append(t.Rows, ui.Row{Label: name, Cells: []app.UI{
			ui.TwoLines(ui.Join(ui.Name(env, name)), nil), // whole, also on a phone
			ui.Subtle(begins(column.Samples)),
			app.Div().Body(ui.HiddenField("columns."+n+".column", strconv.Itoa(i+1)), ui.Select{
				Name: "columns." + n + ".field", Label: env.T("imports.is_named", "column", name), HideLabel: true, Value: column.Field, Options: options, State: c.State,
			}.Draw(env)),
		}})
	}
	return t.Draw(env)
}

// begins are the first cells of a column that are not empty.
func begins(samples []string) string {
	samples = slices.DeleteFunc(slices.Clone(samples), func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(samples) == 0 {
		return "–"
	}
	return strings.Join(samples, " · ")
}

// what is what is to be done with the rows.
func (c *Columns) what() []app.UI {
	env, state := c.env, c.State
	length := ui.Field{Name: "length", Label: env.T("imports.length"), Help: env.T("imports.length_help"), State: state, Optional: true, InputMode: "numeric", MaxLength: 2}
	return []app.UI{
		ui.Choice{Name: "mode", Label: env.T("imports.mode"), Value: api.ImportCreate, State: state, Options: []ui.Option{
			{Value: api.ImportCreate, Label: env.T("imports.mode.create"), Help: env.T("imports.mode.create_help")},
			{Value: api.ImportUpdate, Label: env.T("imports.mode.update"), Help: env.T("imports.mode.update_help")},
			{Value: api.ImportBoth, Label: env.T("imports.mode.both")},
		}}.Draw(env),
		ui.Choice{Name: "passwords", Label: env.T("imports.passwords"), Value: api.PasswordPassphrase, State: state, Options: []ui.Option{
			{Value: api.PasswordPassphrase, Label: env.T("imports.passwords.passphrase")},
			{Value: api.PasswordRandom, Label: env.T("imports.passwords.random")},
			{Value: api.ImportRefuse, Label: env.T("imports.passwords.refuse")},
		}}.Draw(env),
		length.Draw(env),
		ui.Check{Name: "reset", Label: env.T("imports.reset"), Help: env.T("imports.reset_help"), State: state}.Draw(env),
		ui.Check{Name: "clear", Label: env.T("imports.clear"), Help: env.T("imports.clear_help"), State: state}.Draw(env),
		ui.Check{Name: "stop", Label: env.T("imports.stop"), Help: env.T("imports.stop_help"), State: state}.Draw(env),
		ui.Field{Name: "note", Label: env.T("jobs.note"), Help: env.T("imports.note_help"), State: state, Optional: true, MaxLength: 500}.Draw(env),
	}
}
