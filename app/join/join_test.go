// SPDX-License-Identifier: Apache-2.0

package join

import (
	"flag"
	"net/url"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

var _ = flag.Bool("update", false, "write the golden files anew")

// stranger is what a page knows of somebody without a session.
func stranger(language string) ui.Env {
	return screentest.In(ui.Env{Language: language, Zone: "UTC", Now: screentest.Now.UnixMilli(), Version: "test"}, language)
}

func TestForm(t *testing.T) {
	terms := []Term{{"Terms of use", "https://uni-lindau.example/terms"}, {`<b>"'`, "https://uni-lindau.example/?a=1&b=2"}}
	mistakes := api.NewProblem(api.StatusUnprocessable, "invalid_request")
	mistakes.Fields = []api.FieldProblem{
		{Field: Name, Code: "name_in_use"}, {Field: Own, Code: "weak_password", Params: map[string]string{"min": "8"}}, {Field: Again, Code: "passwords_differ"},
		{Field: Terms, Code: "terms_not_accepted"},
	}
	for name, f := range map[string]*Form{
		"form":          {},
		"form-terms":    {Terms: terms},
		"form-pattern":  {Pattern: "class-*"},
		"form-fixed":    {Pattern: "zoe"},
		"form-begun":    {Pattern: "class-*", GoesOn: "class-zoe"},
		"form-free":     {Free: "@zoe:uni-lindau.example", State: ui.FormState{Key: "key", Typed: url.Values{Name: {"zoe"}, "password.mode": {"typed"}}}},
		"form-mistakes": {Terms: terms, State: ui.FormState{Key: "key", Typed: url.Values{Name: {"<b>"}, "password.mode": {"typed"}, Terms: {"false"}}, Problem: mistakes}},
	} {
		for _, language := range []string{"en", "de"} {
			f.ServerName, f.Action = "uni-lindau.example", "/join/token"
			f.Use(stranger(language))
			source := ui.HTML(f)
			screentest.Golden(t, name+"-"+language, source)
			if strings.Contains(source, "<b>") {
				t.Errorf("%s: a text became an element of the page", name)
			}
		}
	}
}

func TestEnds(t *testing.T) {
	user := api.User{ID: "@zoe:uni-lindau.example"}
	card := api.Handout{User: user, Password: api.NewSecret("four words to type"), Homeserver: "https://matrix.uni-lindau.example", ClientURL: "https://chat.uni-lindau.example"}
	for _, language := range []string{"en", "de"} {
		for name, chosen := range map[string]bool{"done-made": false, "done-chosen": true, "done-element": true} {
			d := &Done{Card: card, Chosen: chosen}
			if name == "done-element" { // where no client is configured
				d.Card.ClientURL = "https://app.element.io"
			}
			d.Use(stranger(language))
			source := ui.HTML(d)
			screentest.Golden(t, name+"-"+language, source)
			if strings.Contains(source, "four words to type") == chosen {
				t.Errorf("%s: the password is on the card: %t", name, !chosen)
			}
		}
		for _, p := range []*api.Problem{
			api.NewProblem(404, "no_such_invitation"), api.NewProblem(409, "invitation_account_made", "id", string(user.ID)), api.NewProblem(429, "invitation_limited", "wait", "90"),
		} {
			d := &Dead{Problem: p}
			d.Use(stranger(language))
			screentest.Golden(t, "dead-"+p.Code+"-"+language, ui.HTML(d))
		}
	}
}
