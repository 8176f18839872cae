// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Question is what the screens share that ask before something is done to an account.
type Question struct {
	screen.FormBase
	Effects api.Effects `json:"effects"`
}

// An ask is one question: its words, its form, and what there is to fill in.
type ask struct {
	Op    api.Op
	Path  string // of the screen
	From  string // address of the page that it is over; default: the account's
	Who   app.UI // what it is about; default: the account
	Title string
	Icon  ui.Icon
	Tone  ui.Tone
	Final string // what nobody can undo
	// Happens is said in place of what the server says, where the form decides a part of it.
	Happens []api.Effect
	First   app.UI   // above the consequences
	Fields  []app.UI // below the consequences
	Submit  string
	// Otherwise is on the button while the form's deciding box is off.
	Otherwise string
	Look      ui.Look // of the button that does it
	Back      string
	Off       string     // why the button is off, as long as something is to be filled in
	Why       string     // why it cannot be done at all, in place of what is known of the account
	Help      string     // instead of consequences, where the server tells none
	About     url.Values // what the address says besides the account
	Foreign   bool       // the account is of another homeserver, and has no page here
}

// load asks what an operation would do to the account of an address. Where it cannot be done at all, only the account is read: the
// screen then says why. It costs one call of the catalogue.
func (q *Question) load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL, op api.Op) error {
	return q.loadAbout(ctx, env, call, u, op, api.DeedQuery{})
}

// loadAbout is load, and says more of what is asked than the account and the operation.
func (q *Question) loadAbout(ctx context.Context, env ui.Env, call client.Caller, u *url.URL, op api.Op, query api.DeedQuery) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	name := op.Info().Name
	if !env.Can(name) || !env.Can(api.PreviewDeed.Info().Name) {
		q.Effects.User, err = client.Call(ctx, call, api.GetUser, api.UserRef{ID: id})
		return err
	}
	query.ID, query.Operation = id, name
	q.Effects, err = client.Call(ctx, call, api.PreviewDeed, query)
	return err
}

// tab is what the browser calls the question: it, and whom it is about.
func (q *Question) tab(heading string) string { return titleOf(q.Env(), heading, q.Effects.User) }

// draw draws the question: as a dialog over the page that it came from, or as a page of its own.
func (q *Question) draw(a ask) app.UI {
	env, u := q.Env(), q.Effects.User
	reason := a.Why
	if reason == "" {
		reason = why(env, u, a.Op)
	}
	way := crumbs(env, u, a.Title)
	if a.Foreign {
		a.From, way = route.Find(env.Homeserver, string(u.ID)), foreignCrumbs(env, u.ID, a.Title)
	}
	if a.From == "" {
		a.From = here(env, route.AccountPath, u)
	}
	if a.Who == nil {
		a.Who = accountCell(env, u, "")
	}
	body := append([]app.UI{a.First}, q.consequences(a)...)
	body = append(body, a.Fields...)
	return q.Ask(screen.Ask{
		Dialog: ui.Dialog{Title: a.Title, Icon: a.Icon, Tone: a.Tone, About: a.Who, Body: append(body, q.confirm(u), ui.HiddenField("id", string(u.ID)))},
		Op:     a.Op, Address: route.At(env.Homeserver, a.Path, q.about(a)), Way: way, Why: reason, Back: a.Back, From: a.From,
		Submit: ui.Button{Label: a.Submit, Otherwise: a.Otherwise, Look: a.Look, Why: a.Off},
	})
}

// about is the query of the screen's address.
func (q *Question) about(a ask) url.Values {
	query := url.Values{"id": {string(q.Effects.User.ID)}}
	for name, list := range a.About {
		query[name] = list
	}
	return query
}

func (q *Question) consequences(a ask) []app.UI {
	env, e := q.Env(), q.Effects
	if a.Happens != nil {
		e.Happens = a.Happens
	}
	list := []app.UI{
		ui.Consequences(env.T("confirm.happens"), consequences(env, slices.DeleteFunc(slices.Clone(e.Happens), toNone), ui.IconCheck)...),
		ui.Consequences(env.T("confirm.stays"), consequences(env, e.Stays, ui.IconCheck)...),
		ui.Consequences(env.T("confirm.cannot"), consequences(env, e.Cannot, ui.IconBan)...),
	}
	if a.Help != "" {
		list = append(list, ui.Help(a.Help))
	}
	if a.Final != "" {
		list = append(list, ui.Final(a.Final))
	}
	return list
}

// confirm is the box that appears when the gate asks again, because the account is the person's own or the last administrator.
func (q *Question) confirm(u api.User) app.UI { return confirm(q.Env(), q.State, u) }

func confirm(env ui.Env, state ui.FormState, u api.User) app.UI {
	asked := state.Problem != nil && strings.HasPrefix(state.Problem.Code, "confirm_") && state.Error("confirm") != nil
	if _, before := state.Typed["confirm"]; !asked && !before {
		return nil
	}
	label := env.T("confirm.last_admin", "server", u.ID.Server())
	switch {
	case string(u.ID) == env.Person.ID:
		label = env.T("confirm.self")
	case !u.Knows("admin"):
		label = env.T("confirm.perhaps_admin", "server", u.ID.Server())
	}
	// The sentence of the problem stands above the form; here it would only be said twice.
	return ui.Check{Name: "confirm", Label: label, State: ui.FormState{Typed: state.Typed}}.Draw(env)
}

// reason is the field for the audit log.
func (q *Question) reason() app.UI {
	env := q.Env()
	return ui.Field{
		Name: "reason", Label: env.T("common.reason"), Help: env.T("common.reason_help"), Optional: true, State: q.State, MaxLength: 500,
	}.Draw(env)
}

// done is what follows: the account's page, with a sentence. The texts are done.….
func (q *Question) done(key string, u api.User) screen.Next {
	env := q.Env()
	return screen.Next{URL: here(env, route.AccountPath, u), Notice: env.T("done."+key, "id", string(u.ID))}
}

// counted returns the number of an effect, and whether it is among those that happen.
func (q *Question) counted(code string) (int, bool) {
	for _, e := range q.Effects.Happens {
		if e.Code == code && e.N != nil {
			return int(*e.N), true
		}
	}
	return 0, false
}

// toNone reports whether an effect is one on none at all: no device, no room.
func toNone(e api.Effect) bool { return e.N != nil && *e.N == 0 }

// consequences writes effects as sentences.
func consequences(env ui.Env, effects []api.Effect, otherwise ui.Icon) []ui.Consequence {
	var list []ui.Consequence
	for _, e := range effects {
		icon, ok := effectIcons(e.Code)
		if !ok {
			icon = otherwise
		}
		list = append(list, ui.Consequence{Icon: icon, Text: effectText(env, e)})
	}
	return list
}

func effectText(env ui.Env, e api.Effect) string {
	args := make([]any, 0, 2*len(e.Params)+2)
	for name, value := range e.Params {
		args = append(args, name, value)
	}
	args = append(args, "server", env.ServerName()) // a parameter of the effect itself comes first
	if e.N != nil {
		return env.N("effect."+e.Code, int(*e.N), args...)
	}
	return env.T("effect."+e.Code, args...)
}

func effectIcons(code string) (ui.Icon, bool) {
	switch code {
	case "devices_signed_out", "all_devices_signed_out", "mas_sessions_end", "mas_owned_end", "mas_admin_sessions_end", "token_outlives_sign_out":
		return ui.IconSignOut, true
	case "repair_email_kept":
		return ui.IconMail, true
	case "repair_email_lost":
		return ui.IconAlertTri, true
	case "repair_lock_kept":
		return ui.IconLock, true
	case "suspended_sends_nothing", "shadow_sends_vanish", "vanished_not_back":
		return ui.IconPause, true
	case "suspended_joins_nothing", "suspended_leaves", "shadow_joins":
		return ui.IconDoor, true
	case "suspended_told", "token_not_told":
		return ui.IconInfo, true
	case "suspended_reads", "takes_part_again", "seen_again", "token_reads_all":
		return ui.IconMessages, true
	case "shadow_invites_vanish":
		return ui.IconMailOff, true
	case "shadow_not_told":
		return ui.IconGhost, true
	case "shadow_confuses":
		return ui.IconAlertTri, true
	case "token_no_device":
		return ui.IconDevice, true
	case "token_acts_as":
		return ui.IconUser, true
	case "keys_replaceable", "keys_stay_until":
		return ui.IconKey, true
	case "nobody_signs_in", "as_deactivate":
		return ui.IconDeactivate, true
	case "mas_tokens_linger", "mas_lock_within", "mas_unlock_within":
		return ui.IconOnce, true
	case "devices_stay", "mas_sessions_stay":
		return ui.IconDevice, true
	case "signs_in_again", "signs_in_with_password", "mas_signs_in_as_before", "mas_admin_next_sign_in", "clients_work_again", "admin_again":
		return ui.IconSignIn, true
	case "clients_refused":
		return ui.IconLock, true
	case "lock_ends":
		return ui.IconUnlock, true
	case "leaves_rooms", "leaves_rooms_n", "drops_invitations", "rooms_not_back", "dendrite_rooms_not_back":
		return ui.IconDoor, true
	case "rooms_stay", "messages_stay", "files_stay", "messages_shown_again":
		return ui.IconMessages, true
	case "messages_hidden":
		return ui.IconEyeOff, true
	case "profile_removed", "profile_not_back":
		return ui.IconPhotoOff, true
	case "profile_stays":
		return ui.IconUser, true
	case "addresses_freed", "mas_emails_not_back":
		return ui.IconMailOff, true
	case "old_password_ends", "password_removed", "password_replaced", "password_stays", "mas_password_kept", "keys_lost", "unsaved_keys_lost", "dendrite_backup_stays":
		return ui.IconKey, true
	case "new_password_card":
		return ui.IconOnce, true
	case "identities_stay":
		return ui.IconIdentity, true
	case "becomes_admin", "no_longer_admin", "admin_stays":
		return ui.IconAdmin, true
	case "can_reactivate", "can_reactivate_erased", "can_reactivate_database", "dendrite_can_reactivate":
		return ui.IconRestore, true
	case "redacts_rooms_n":
		return ui.IconMessageOff, true
	case "redacts_messages":
		return ui.IconEyeOff, true
	case "redacts_newest":
		return ui.IconHistory, true
	case "redacts_as_service":
		return ui.IconAdmin, true
	case "redacts_not_state":
		return ui.IconMessages, true
	case "redacts_not_left":
		return ui.IconDoor, true
	case "copies_stay", "media_copies_stay":
		return ui.IconWorld, true
	case "media_refused", "media_quarantined_n", "media_same_quarantined", "media_quarantinable", "media_stays_quarantined":
		return ui.IconQuarantine, true
	case "media_not_quarantinable", "media_protected_stays_n":
		return ui.IconProtect, true
	case "media_deleted", "media_deleted_n":
		return ui.IconTrash, true
	case "media_links_break":
		return ui.IconPhotoOff, true
	case "media_kept", "media_same_stay", "media_served", "media_same_served":
		return ui.IconFile, true
	case "media_quarantined_deleted_n", "media_protected_deleted_n", "media_protection_no_help":
		return ui.IconAlertTri, true
	case "notice_arrives":
		return ui.IconNotice, true
	}
	return "", false
}
