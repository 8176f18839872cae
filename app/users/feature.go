// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Feature asks whether an experimental feature shall be switched on or off for an account.
type Feature struct {
	Question
	Name string `json:"name"`
	On   bool   `json:"on"`
}

// NewFeature returns the question.
func NewFeature() screen.Screen { return &Feature{} }

// Title implements screen.Screen.
func (f *Feature) Title() string {
	if f.On {
		return f.Env().T("feature.title_on")
	}
	return f.Env().T("feature.title_off")
}

// Load implements screen.Screen.
func (f *Feature) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	f.Name, f.On = u.Query().Get("name"), u.Query().Get("on") == "true"
	return f.load(ctx, env, call, u, api.SetFeature)
}

// Render implements app.Composer.
func (f *Feature) Render() app.UI {
	env := f.Env()
	on := strconv.FormatBool(f.On)
	submit := env.T("feature.submit_off")
	if f.On {
		submit = env.T("feature.submit_on")
	}
	return f.draw(ask{
		Op: api.SetFeature, Path: route.FeaturePath, Title: f.Title(), Icon: ui.IconSettings, Look: ui.Primary, Help: env.T("feature.help"),
		Submit: submit, Back: env.T("feature.back"), About: url.Values{"name": {f.Name}, "on": {on}},
		Fields: []app.UI{
			ui.Facts(env, ui.Fact{Label: env.T("settings.feature"), Value: ui.TwoLines(ui.Text(FeatureText(env, f.Name)), ui.Mono(f.Name))}),
			ui.HiddenField("name", f.Name), ui.HiddenField("on", on),
		},
	})
}

// After implements screen.Writer.
func (f *Feature) After(_ string, result any) screen.Next {
	list, _ := result.(api.FeatureList)
	return f.settings(list.ID, f.Env().T("done.feature"))
}
