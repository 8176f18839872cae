// SPDX-License-Identifier: Apache-2.0

package users

import (
	"cmp"
	"maps"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// randomLength is how many characters the gate's random passwords have.
const randomLength = 20

// A passwordChoice is the field of a new password. Without a reason for None it can be chosen, where it is offered at all.
type passwordChoice struct {
	state   ui.FormState
	none    bool   // no password is a choice
	noneWhy string // why it is none here
	help    string
	live    bool   // the program runs: what was typed stays in the field
	first   string // the mode that is chosen unless another is; default: a passphrase
	why     string // why the person cannot give one; then none is the choice
}

func (c passwordChoice) draw(env ui.Env) app.UI {
	secret := ui.SecretField{Name: "password.password", Label: env.T("create.password"), State: c.state, MaxLength: api.MaxPassword}
	if c.state.Value("password.mode", "") == api.PasswordTyped && c.state.Problem != nil && !c.live {
		secret.Help = env.T("error.passwords_again")
	}
	options := []ui.Option{
		{Value: api.PasswordPassphrase, Label: env.T("create.password_passphrase"), Help: env.T("create.password_passphrase_help")},
		{Value: api.PasswordRandom, Label: env.T("create.password_random"), Help: env.N("create.password_random_help", randomLength)},
		{Value: api.PasswordTyped, Label: env.T("create.password_typed"), Extra: secret.Draw(env)},
	}
	if c.none {
		options = append(options, ui.Option{
			Value: api.PasswordNone, Label: env.T("create.password_none"), Help: env.T("create.password_none_help"), Why: c.noneWhy,
		})
	}
	first := cmp.Or(c.first, api.PasswordPassphrase)
	if c.why != "" {
		first = api.PasswordNone
		for i := range options[:3] {
			options[i].Why, options[i].Extra = c.why, nil
		}
	}
	return ui.Choice{Name: "password.mode", Label: env.T("create.password"), Value: first, Help: c.help, State: c.state, Options: options}.Draw(env)
}

// withoutSecrets takes the secrets of an operation out of what was typed: a screen's state is written into the page.
func withoutSecrets(op api.Op, state ui.FormState) ui.FormState {
	if state.Typed == nil {
		return state
	}
	state.Typed = maps.Clone(state.Typed)
	for name := range api.SecretPaths(op) {
		delete(state.Typed, name)
	}
	return state
}
