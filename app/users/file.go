// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// File is the page of one file of an account.
type File struct {
	screen.Base
	User  api.User  `json:"user"`
	Media api.Media `json:"media"`
}

// NewFile returns the page of a file.
func NewFile() screen.Screen { return &File{} }

// Title implements screen.Screen.
func (f *File) Title() string { return fileTitle(f.Env(), f.Media) }

// Load implements screen.Screen. It costs two calls.
func (f *File) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	ref, err := fileOf(u)
	if err != nil {
		return err
	}
	if why := env.WhyNot(api.GetMedia.Info().Name); why != "" {
		f.User, err = client.Call(ctx, call, api.GetUser, api.UserRef{ID: ref.ID})
		return err
	}
	if f.Media, err = client.Call(ctx, call, api.GetMedia, ref); err != nil {
		return err
	}
	f.User, err = client.Call(ctx, call, api.GetUser, api.UserRef{ID: ref.ID})
	return err
}

// Render implements app.Composer.
func (f *File) Render() app.UI {
	env, m := f.Env(), f.Media
	if m.ID == "" {
		return app.Div().Body(crumbs(env, f.User, env.T("account.media")),
			ui.Empty{Icon: ui.IconFile, Title: env.T("media.unknown"), Text: env.WhyNot(api.GetMedia.Info().Name)}.Draw(env))
	}
	title := ui.PageTitle{Title: f.Title(), Below: ui.Join(ui.Mono(string(m.MXC())), ui.Copy(env, env.T("media.address"), string(m.MXC())))}
	for _, a := range fileActions(m) {
		b := ui.Button{Label: env.T(a.text), Icon: a.icon, Href: route.File(env.Homeserver, a.path, m.Owner, m.ID), Why: whyNot(env, f.User, a.op)}
		if a.danger {
			b.Look = ui.Danger
		}
		title.Actions = append(title.Actions, b.Draw(env))
	}
	parts := []app.UI{fileCrumbs(env, f.User, m, ""), title.Draw(env)}
	if m.Quarantined {
		parts = append(parts, ui.Note{Kind: ui.Warn, Icon: ui.IconQuarantine, Title: env.T("media.note.quarantined"), Text: env.T("media.note.quarantined_help")}.Draw(env))
	}
	if m.Protected {
		parts = append(parts, ui.Note{Icon: ui.IconProtect, Title: env.T("media.note.protected"), Text: env.T("media.note.protected_help")}.Draw(env))
	}
	return app.Div().Body(append(parts,
		f.picture(),
		ui.Section{Title: env.T("account.facts"), Body: []app.UI{ui.Facts(env, f.facts()...)}}.Draw(env),
	)...)
}

// picture is a picture of the file, or the reason why there is none.
func (f *File) picture() app.UI {
	env, m := f.Env(), f.Media
	switch why := env.WhyNot(api.GetThumbnail.Info().Name); {
	case m.Quarantined:
		return ui.Empty{Icon: ui.IconPhotoOff, Title: env.T("media.no_preview"), Text: env.T("media.no_preview_quarantined")}.Draw(env)
	case why != "":
		return ui.Empty{Icon: ui.IconPhotoOff, Title: env.T("media.no_preview"), Text: why}.Draw(env)
	case !m.Thumbnail:
		return ui.Empty{Icon: ui.IconFile, Title: env.T("media.no_preview"), Text: env.T("media.no_preview_type")}.Draw(env)
	}
	return ui.Preview(route.Thumbnail(env.Homeserver, api.ThumbnailQuery{ID: m.Owner, Media: m.ID, Large: true}), env.T("media.preview_of", "name", f.Title()))
}

func (f *File) facts() []ui.Fact {
	env, m := f.Env(), f.Media
	return []ui.Fact{
		{Label: env.T("media.owner"), Value: accountCell(env, f.User, here(env, route.AccountPath, f.User))},
		{Label: env.T("media.type"), Value: ui.Mono(m.Type)},
		{Label: env.T("media.column.size"), Value: ui.Text(env.Format().Bytes(m.Bytes))},
		{Label: env.T("media.column.created"), Value: ui.DateTime(env, m.CreatedMS)},
		{Label: env.T("media.column.last_access"), Value: ui.Time(env, m.LastAccessMS)},
	}
}

// fileOf reads the file that an address is about. The error is a *api.Problem.
func fileOf(u *url.URL) (api.MediaRef, error) {
	ref := api.MediaRef{ID: api.UserID(u.Query().Get("id")), Media: api.MediaID(u.Query().Get("media"))}
	return ref, ref.Validate()
}

// fileCrumbs is the way from the accounts to a screen about a file.
func fileCrumbs(env ui.Env, u api.User, m api.Media, title string) app.UI {
	list := []ui.Crumb{
		{Label: env.T("accounts.title"), Href: route.Accounts(env.Homeserver)},
		{Label: called(u), Href: here(env, route.AccountPath, u)},
		{Label: env.T("account.media"), Href: here(env, route.MediaPath, u)},
		{Label: cut(fileTitle(env, m))},
	}
	if title != "" {
		list[3].Href = route.File(env.Homeserver, route.FilePath, m.Owner, m.ID)
		list = append(list, ui.Crumb{Label: title})
	}
	return ui.Crumbs(env, list...)
}

// fileName is what a file is called: its name, else its ID.
func fileName(m api.Media) string {
	if m.Name != "" {
		return m.Name
	}
	return string(m.ID)
}

// fileTitle is fileName, and words where it has no name.
func fileTitle(env ui.Env, m api.Media) string {
	if m.Name != "" {
		return m.Name
	}
	return env.T("media.unnamed")
}

// fileCell is a file in a list and in questions.
func fileCell(env ui.Env, m api.Media, href string) app.UI {
	c := ui.FileCell{Name: m.Name, Detail: m.Type, Href: href, Icon: ui.IconFile}
	switch {
	case m.Quarantined:
		c.Icon = ui.IconPhotoOff
	case m.Thumbnail && env.Can(api.GetThumbnail.Info().Name):
		c.Picture = route.Thumbnail(env.Homeserver, api.ThumbnailQuery{ID: m.Owner, Media: m.ID})
	case m.Thumbnail:
		c.Icon = ui.IconPhoto
	}
	return c.Draw(env)
}

// fileStates are the states of a file, the worst first. An ordinary one has none.
func fileStates(env ui.Env, m api.Media) []ui.Chip {
	var list []ui.Chip
	if m.Quarantined {
		list = append(list, ui.Chip{Label: env.T("media.state.quarantined"), Icon: ui.IconQuarantine, Tone: ui.Warn})
	}
	if m.Protected {
		list = append(list, ui.Chip{Label: env.T("media.state.protected"), Icon: ui.IconProtect})
	}
	return list
}

// fileActions are what can be done to a file as it is.
func fileActions(m api.Media) []action {
	var list []action
	switch {
	case m.Quarantined:
		list = append(list, action{api.UnquarantineMedia, "media.unquarantine", route.UnquarantinePath, ui.IconRestore, false})
	case !m.Protected:
		list = append(list, action{api.QuarantineMedia, "media.quarantine", route.QuarantinePath, ui.IconQuarantine, false})
	}
	if m.Protected {
		list = append(list, action{api.UnprotectMedia, "media.unprotect", route.UnprotectPath, ui.IconUnlock, false})
	} else {
		list = append(list, action{api.ProtectMedia, "media.protect", route.ProtectPath, ui.IconProtect, false})
	}
	return append(list, action{api.DeleteMedia, "media.delete", route.DeleteFilePath, ui.IconTrash, true})
}

// fileMenu is fileActions in a list's row.
func fileMenu(env ui.Env, m api.Media) []ui.MenuItem {
	items := []ui.MenuItem{{Label: env.T("media.open"), Icon: ui.IconEye, Href: route.File(env.Homeserver, route.FilePath, m.Owner, m.ID)}}
	for _, a := range fileActions(m) {
		items = append(items, ui.MenuItem{
			Label: env.T(a.text), Icon: a.icon, Danger: a.danger, Href: route.File(env.Homeserver, a.path, m.Owner, m.ID), Why: env.WhyNot(a.op.Info().Name),
		})
	}
	return items
}
