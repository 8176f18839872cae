// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
	"rsc.io/qr"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

func create(env ui.Env) app.UI {
	state := ui.FormState{
		Typed: url.Values{"localpart": {"lars.bjornstad"}, "display_name": {"Lars Bjørnstad"}, "threepids.0.address": {"lars@stud.uni-lindau"}},
		Problem: &api.Problem{Status: 422, Code: "invalid_request", Detail: "Nothing has been sent. Two fields are wrong.", Fields: []api.FieldProblem{
			{Field: "threepids.0.address", Code: "story", Detail: "This address has no ending such as .example. Nothing has been sent."},
			{Field: "password", Code: "story", Detail: "The password is too short."},
		}},
	}
	return shell(env, "Accounts",
		ui.Crumbs(env, ui.Crumb{Label: "Accounts", Href: "/uni/accounts"}, ui.Crumb{Label: "Create"}),
		ui.PageTitle{Title: "Create account"}.Draw(env),
		ui.Columns([]app.UI{ui.Form{
			Operation: "users.create", Action: "/do/uni/users.create", Key: "k1", Screen: "/uni/accounts/create", State: state,
			Body: []app.UI{
				ui.Joined(ui.Field{
					Name: "localpart", Label: "Matrix ID", State: state, Required: true, AutoFocus: true,
					Good: "@lars.bjornstad:uni-lindau.example is free. It cannot be changed later.",
				}, "uni-lindau.example").Draw(env),
				ui.Field{Name: "display_name", Label: "Display name", State: state, Optional: true}.Draw(env),
				ui.Repeat{
					Name: "threepids", Label: "E-mail", State: state, Add: "Add another",
					Rows: []ui.RepeatRow{{Index: 0, Remove: "Remove lars@stud.uni-lindau", Fields: []app.UI{
						ui.Field{Name: "threepids.0.address", Label: "Address", State: state, Type: "email", InputMode: "email"}.Draw(env),
					}}},
				}.Draw(env),
				ui.Choice{
					Name: "password_kind", Label: "Password", Value: "typed", Help: "It is shown once, on the hand-out card, and kept nowhere.",
					Options: []ui.Option{
						{Value: "passphrase", Label: "Generate a passphrase", Help: "easy to read out, about 77 bits"},
						{Value: "random", Label: "Generate random characters", Help: "20 characters"},
						{Value: "typed", Label: "Type one", Extra: ui.SecretField{Name: "password", Label: "Password", State: state}.Draw(env)},
						{Value: "none", Label: "None", Why: "This homeserver has no other way to sign in."},
					},
				}.Draw(env),
				ui.Check{Name: "admin", Label: "Administrator of uni-lindau.example", Why: "Your role **registrar** may not make administrators. Owners and admins may."}.Draw(env),
				ui.Check{Name: "send", Label: "Send the sign-in address by e-mail", Checked: true, Help: "Without the password."}.Draw(env),
				ui.TextArea{Name: "note", Label: "Note", Optional: true, State: state}.Draw(env),
				ui.FormFoot(
					ui.Button{Label: "Create account", Look: ui.Primary}.Draw(env),
					ui.Button{Label: "Cancel", Look: ui.Plain, Href: "/uni/accounts"}.Draw(env),
				),
			},
		}.Draw(env)}, []app.UI{
			ui.Card("What will happen",
				ui.Steps("Synapse makes `@lars.bjornstad` with the password", "It takes the display name and the address", "You get a card to hand out, once"),
				ui.Paragraph(ui.Text("If a step fails you are told which, and can go on from there."))),
		}),
	)
}

func handOut(env ui.Env) app.UI {
	const address = "https://chat.uni-lindau.example/#/login"
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		panic(err)
	}
	modules := make([][]bool, code.Size)
	for y := range modules {
		modules[y] = make([]bool, code.Size)
		for x := range modules[y] {
			modules[y][x] = code.Black(x, y)
		}
	}
	return shell(env, "Accounts",
		ui.Crumbs(env, ui.Crumb{Label: "Accounts", Href: "/uni/accounts"}, ui.Crumb{Label: "Lars Bjørnstad", Href: "/uni/account"}, ui.Crumb{Label: "Hand-out card"}),
		ui.PageTitle{Title: "Lars Bjørnstad can sign in now"}.Draw(env),
		ui.Remark(ui.IconOnce, ui.Warn, env.T("handout.once")),
		ui.HandOut{
			Server: "Universität Lindau Chat", ServerName: "uni-lindau.example", ID: "@lars.bjornstad" + server,
			Password: "anchor-velvet-tundra-mosaic-quill-ember", SignIn: address, SignInText: "chat.uni-lindau.example",
			QR: ui.QR(modules, env.T("handout.qr_label")),
			Actions: []app.UI{
				ui.PrintButton("Print card", ui.Primary),
				ui.CopyText(env, "Copy everything", "all"),
				ui.Button{Label: "Create another", Icon: ui.IconAdd, Href: "/uni/accounts/create"}.Draw(env),
				ui.Button{Label: "I have handed it over", Look: ui.Plain, Href: "/uni/account"}.Draw(env),
			},
		}.Draw(env),
	)
}

func signIn(env ui.Env) app.UI { return signInPage(env, ui.FormState{}) }

func signInError(env ui.Env) app.UI {
	return signInPage(env, ui.FormState{
		Typed: url.Values{"name": {"nadia.okafor"}},
		Problem: &api.Problem{Status: 403, Code: "story", Detail: "That did not match an administrator of uni-lindau.example. Check the name and the password. 3 tries are left; after that, sign-in waits 15 minutes.", Fields: []api.FieldProblem{
			{Field: "password", Code: "story", Detail: "The name or the password is wrong."},
		}},
	})
}

func signInPage(env ui.Env, state ui.FormState) app.UI {
	return ui.SignInPage{
		Title: "Sign in to Gatehouse",
		Body: []app.UI{
			ui.Form{Action: "/sign-in", Key: "k2", State: state, Body: []app.UI{
				ui.Select{Name: "homeserver", Label: "Homeserver", Value: "uni", Options: []ui.Option{{Value: "uni", Label: "uni-lindau.example"}, {Value: "schule", Label: "schule-am-see.example"}}}.Draw(env),
				ui.Field{Name: "name", Label: "Name", State: state, Before: "@", Mono: true, Dir: "ltr", AutoComplete: "username", AutoFocus: true}.Draw(env),
				ui.SecretField{Name: "password", Label: "Password", State: state, AutoComplete: "current-password"}.Draw(env),
				ui.Button{Label: "Sign in", Look: ui.Primary, Block: true}.Draw(env),
			}}.Draw(env),
			ui.Or(env),
			ui.Button{Label: "Continue with University account", Icon: ui.IconIdentity, Block: true, Href: "/sign-in/oidc"}.Draw(env),
		},
		Promise: "Your password is checked by uni-lindau.example and then forgotten. No key of the homeserver ever reaches this browser.",
		Foot:    []app.UI{ui.Text("Gatehouse 0.1.0"), ui.Link("English", "/language"), ui.Link("What is this?", "/about")},
	}.Draw(env)
}

func about(env ui.Env) app.UI {
	return ui.AccountCell{ID: "@misaki.tanaka" + server, Name: "田中 美咲"}.Draw(env)
}

func deactivateDialog(env ui.Env, modal bool) app.UI {
	return ui.Dialog{
		Title: "Deactivate this account?", Icon: ui.IconDeactivate, Tone: ui.Bad, About: about(env), Modal: modal,
		Form: &ui.Form{Action: "/do/uni/users.deactivate", Key: "k3", Screen: "/uni/account/deactivate"},
		Body: []app.UI{
			ui.Consequences("What happens now",
				ui.Consequence{Icon: ui.IconSignOut, Text: "**2 devices** are signed out; nobody can sign in to the account"},
				ui.Consequence{Icon: ui.IconDoor, Text: "it leaves **31 rooms**; 2 of them then have no administrator"},
				ui.Consequence{Icon: ui.IconMailOff, Text: "its e-mail address and University account become free for others"},
			),
			ui.Consequences("What stays",
				ui.Consequence{Icon: ui.IconMessages, Text: "messages and files, where they are"},
				ui.Consequence{Icon: ui.IconRestore, Text: "an administrator can reactivate it with a new password; the rooms do not come back"},
			),
			ui.Field{Name: "reason", Label: "Reason", Value: "left the university on 30 September", Help: "Goes into the audit log. The person does not see it."}.Draw(env),
		},
		Actions: []app.UI{
			ui.Button{Label: "Keep the account", Href: "/uni/account"}.Draw(env),
			ui.Button{Label: "Deactivate 田中 美咲", Look: ui.DangerSolid}.Draw(env),
		},
	}.Draw(env)
}

// deactivate shows the dialog element as the program opens it; here its attribute does.
func deactivate(env ui.Env) app.UI {
	return app.Div().Body(shell(env, "Accounts", accountBody(env)...), deactivateDialog(env, true))
}

func erase(env ui.Env) app.UI {
	return shell(env, "Accounts",
		ui.Crumbs(env, ui.Crumb{Label: "Accounts", Href: "/uni/accounts"}, ui.Crumb{Label: "田中 美咲", Href: "/uni/account"}, ui.Crumb{Label: "Erase"}),
		ui.Dialog{
			Title: "Erase this account for good?", Icon: ui.IconErase, Tone: ui.Bad, About: about(env),
			Form: &ui.Form{Action: "/do/uni/users.erase", Key: "k4"},
			Body: []app.UI{
				ui.Consequences("What happens now",
					ui.Consequence{Icon: ui.IconDeactivate, Text: "everything that deactivating does"},
					ui.Consequence{Icon: ui.IconPhotoOff, Text: "name and picture are removed"},
					ui.Consequence{Icon: ui.IconEyeOff, Text: "**14,208 messages** are hidden from everyone who joins a room later"},
					ui.Consequence{Icon: ui.IconBan, Text: "the Matrix ID can never be given to anyone again"},
				),
				ui.Consequences("What this cannot do",
					ui.Consequence{Icon: ui.IconWorld, Text: "take back copies that people in the rooms or other homeservers keep"},
				),
				ui.Final("Nobody can undo this."),
				ui.Field{Name: "confirm", Label: "Type the Matrix ID", Mono: true, Dir: "ltr", Value: "@misaki.tanaka:uni-lin", Help: "`@misaki.tanaka:uni-lindau.example`"}.Draw(env),
			},
			Actions: []app.UI{
				ui.Button{Label: "Keep the account", Href: "/uni/account"}.Draw(env),
				ui.Button{Label: "Erase 田中 美咲", Look: ui.DangerSolid}.Draw(env),
			},
		}.Draw(env),
	)
}

func edit(env ui.Env) app.UI {
	return shell(env, "Accounts",
		ui.Crumbs(env, ui.Crumb{Label: "Accounts", Href: "/uni/accounts"}, ui.Crumb{Label: "田中 美咲", Href: "/uni/account"}, ui.Crumb{Label: "Edit"}),
		ui.PageTitle{Title: "Edit account"}.Draw(env),
		ui.Note{Kind: ui.Warn, Title: "The account was changed meanwhile.", Text: "Both versions are shown. Nothing has been sent.",
			Body: []app.UI{ui.Diff(env, "Misaki T.", "田中 美咲")}}.Draw(env),
		ui.Form{Action: "/do/uni/users.update", Key: "k5", Body: []app.UI{
			ui.Help("Only what you change is sent."),
			ui.HiddenField("display_name.from", "Misaki T."),
			ui.Field{Name: "display_name.to", Label: "Display name", Value: "田中 美咲"}.Draw(env),
			ui.Repeat{
				Name: "threepids.to", Label: "E-mail and phone", Add: "Add another",
				Rows: []ui.RepeatRow{row3pid(env, "0", "email", "misaki.tanaka@stud.uni-lindau.example"), row3pid(env, "1", "msisdn", "491511234567")},
			}.Draw(env),
			ui.Select{Name: "user_type.to", Label: "Type", Options: []ui.Option{{Label: "Ordinary account"}, {Value: "bot", Label: "Bot"}}}.Draw(env),
			ui.Field{Name: "avatar", Label: "Picture", Value: "mxc://x/y", Why: "Dendrite cannot change the picture of others."}.Draw(env),
			ui.FormFoot(ui.Button{Label: "Save changes", Look: ui.Primary}.Draw(env), ui.Button{Label: "Cancel", Look: ui.Plain, Href: "/uni/account"}.Draw(env)),
		}}.Draw(env),
	)
}

func row3pid(env ui.Env, index, medium, address string) ui.RepeatRow {
	name := "threepids.to." + index
	return ui.RepeatRow{Index: len(index) - 1, Remove: "Remove " + address, Fields: []app.UI{
		ui.Select{Name: name + ".medium", Label: "Kind", Value: medium, Options: []ui.Option{{Value: "email", Label: "E-mail"}, {Value: "msisdn", Label: "Phone"}}}.Draw(env),
		ui.Field{Name: name + ".address", Label: "Address", Value: address}.Draw(env),
	}}
}
