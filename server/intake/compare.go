// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/jobs"
	"gatehouse/server/table"
)

// A deed is what is to be done for a row: calls, one after the other, and what they change, to be read.
type deed struct {
	calls   []call
	changes []api.JobChange
	saw     jobs.Seen // of an account that is changed by calls that do not say from what
}

// A call is a step, and its request as it is checked: with its password.
type call struct {
	op      api.Op
	req     api.Request
	without api.Request // the same without a password, as it is kept; nil where there is none in it
}

func (d *deed) add(op api.Op, req api.Request) { d.calls = append(d.calls, call{op: op, req: req}) }

func (d *deed) change(field, from, to string) {
	d.changes = append(d.changes, api.JobChange{Field: field, From: from, To: to})
}

// hiddenPassword stands for a password in what is read of a plan.
const hiddenPassword = "••••••••"

// steps are the calls as a job keeps them.
func (d *deed) steps() ([]jobs.Step, error) {
	list := make([]jobs.Step, 0, len(d.calls))
	for _, c := range d.calls {
		req := c.req
		if c.without != nil {
			req = c.without
		}
		text, err := json.Marshal(req)
		if err != nil {
			return nil, err
		}
		list = append(list, jobs.Step{Operation: c.op.Info().Name, Request: text})
	}
	if len(list) > 0 {
		list[0].Saw = d.saw
	}
	return list, nil
}

// creation is what makes an account as a row asks for it.
func creation(w Wish, password api.Secret) deed {
	var d deed
	c := api.UserCreate{
		Localpart: api.Localpart(w.ID.Localpart()), DisplayName: or(w.DisplayName), Admin: or(w.Admin), UserType: or(w.UserType), AvatarURL: or(w.Avatar),
		ExternalIDs: or(w.SSO), Threepids: threepids(nil, w), Password: api.PasswordChoice{Mode: api.PasswordTyped, Password: password},
	}
	without := c
	without.Password.Password = api.Secret{}
	d.calls = append(d.calls, call{api.CreateUser, c, without})
	d.changes = w.given()
	d.change(api.FieldPassword, "", hiddenPassword)
	var more deed // all that it changes is given already
	more.besides(w, api.User{ID: w.ID})
	d.calls = append(d.calls, more.calls...)
	return d
}

// update is what makes an account be as a row asks for it; nothing where it is so already. With reset its password is that of the row.
func update(w Wish, u api.User, reset bool) deed {
	var d deed
	// First what may be turned away when it is done, though the plan saw nothing against it: an account of which it is stays locked.
	if q := d.fields(w, u); !q.Empty() {
		d.add(api.UpdateUser, q)
	}
	if reset && !w.Password.IsZero() {
		r := api.PasswordReset{ID: u.ID, Password: api.PasswordChoice{Mode: api.PasswordTyped, Password: w.Password}}
		without := r
		without.Password.Password = api.Secret{}
		d.calls = append(d.calls, call{api.ResetPassword, r, without})
		d.change(api.FieldPassword, "", hiddenPassword)
	}
	if known := u.Knows("locked"); differs(known, u.Locked, w.Locked) && !*w.Locked {
		d.add(api.UnlockUser, api.UserRef{ID: u.ID})
		d.change(api.FieldLocked, was(known, u.Locked), "false")
	}
	d.besides(w, u)
	if slices.ContainsFunc(d.calls, func(c call) bool { return c.op != api.Op(api.UpdateUser) }) {
		d.saw = jobs.Saw(u)
	}
	return d
}

// fields are the changes that are one call. Each says what it changes from, so that an account that was changed meanwhile is not overwritten. What the
// homeserver cannot tell may be otherwise than the row asks for.
func (d *deed) fields(w Wish, u api.User) api.UserUpdate {
	q := api.UserUpdate{ID: u.ID}
	if known := u.Knows("display_name"); w.DisplayName != nil && (!known || asRead(u.DisplayName) != asRead(*w.DisplayName)) {
		q.DisplayName = changed(known, u.DisplayName, *w.DisplayName)
		d.change(api.FieldDisplayName, u.DisplayName, *w.DisplayName)
	}
	if known := u.Knows("admin"); differs(known, u.Admin, w.Admin) {
		q.Admin = changed(known, u.Admin, *w.Admin)
		d.change(api.FieldAdmin, was(known, u.Admin), strconv.FormatBool(*w.Admin))
	}
	if known := u.Knows("user_type"); differs(known, u.UserType, w.UserType) {
		q.UserType = changed(known, u.UserType, *w.UserType)
		d.change(api.FieldUserType, u.UserType, *w.UserType)
	}
	if known := u.Knows("avatar_url"); differs(known, u.AvatarURL, w.Avatar) {
		q.AvatarURL = changed(known, u.AvatarURL, *w.Avatar)
		d.change(api.FieldAvatar, string(u.AvatarURL), string(*w.Avatar))
	}
	if w.Emails != nil || w.Phones != nil {
		known, before, after := u.Knows("threepids"), bare(u.Threepids), threepids(u.Threepids, w)
		if !known || !same(asWritten(before), asWritten(after)) {
			q.Threepids = changed(known, before, after)
			d.list(known || w.Emails == nil, api.FieldEmails, of(before, "email"), of(after, "email"))
			d.list(known || w.Phones == nil, api.FieldPhones, of(before, "msisdn"), of(after, "msisdn"))
		}
	}
	if known := u.Knows("external_ids"); w.SSO != nil && (!known || !same(u.ExternalIDs, *w.SSO)) {
		q.ExternalIDs = changed(known, append([]api.ExternalID{}, u.ExternalIDs...), *w.SSO)
		d.list(known, api.FieldSSO, identities(u.ExternalIDs), identities(*w.SSO))
	}
	return q
}

// list writes down what changes in a list; where it is not known, all that is asked for does.
func (d *deed) list(known bool, field string, from, to []string) {
	if !known || !same(from, to) {
		d.change(field, cell(from), cell(to))
	}
}

// besides are the calls that both new and existing accounts take.
func (d *deed) besides(w Wish, u api.User) {
	if len(w.Rooms) > 0 {
		d.add(api.JoinRooms, api.RoomsJoin{ID: u.ID, Rooms: w.Rooms})
		d.change(api.FieldRooms, "", cell(w.Rooms))
	}
	if w.Notice != "" {
		d.add(api.SendNotice, api.Notice{ID: u.ID, Text: w.Notice})
		d.change(api.FieldNotice, "", w.Notice)
	}
	if or(w.Locked) && !u.Locked {
		d.add(api.LockUser, api.UserDeed{ID: u.ID})
		d.change(api.FieldLocked, was(u.Knows("locked"), false), "true")
	}
	if or(w.Deactivated) && !u.Deactivated {
		d.add(api.DeactivateUser, api.UserDeed{ID: u.ID})
		d.change(api.FieldDeactivated, was(u.Knows("deactivated"), false), "true")
	}
}

// given is all that a row says but its password, as it can be imported again.
func (w Wish) given() []api.JobChange {
	var d deed
	text := func(field string, value *string) {
		if value != nil && *value != "" {
			d.change(field, "", *value)
		}
	}
	yesNo := func(field string, value *bool) {
		if value != nil {
			d.change(field, "", strconv.FormatBool(*value))
		}
	}
	list := func(field string, values []string) {
		if len(values) > 0 {
			d.change(field, "", cell(values))
		}
	}
	text(api.FieldDisplayName, w.DisplayName)
	yesNo(api.FieldAdmin, w.Admin)
	text(api.FieldUserType, w.UserType)
	list(api.FieldEmails, or(w.Emails))
	list(api.FieldPhones, or(w.Phones))
	list(api.FieldSSO, identities(or(w.SSO)))
	if w.Avatar != nil && *w.Avatar != "" {
		d.change(api.FieldAvatar, "", string(*w.Avatar))
	}
	yesNo(api.FieldLocked, w.Locked)
	list(api.FieldRooms, w.Rooms)
	if w.Notice != "" {
		d.change(api.FieldNotice, "", w.Notice)
	}
	yesNo(api.FieldDeactivated, w.Deactivated)
	return d.changes
}

// threepids are an account's addresses as a row asks for them: those of the kinds that it does not speak of stay.
func threepids(now []api.Threepid, w Wish) []api.Threepid {
	out := []api.Threepid{}
	put := func(medium string, list *[]string) {
		if list == nil {
			for _, t := range bare(now) {
				if t.Medium == medium {
					out = append(out, t)
				}
			}
			return
		}
		for _, a := range *list {
			out = append(out, api.Threepid{Medium: medium, Address: a})
		}
	}
	put("email", w.Emails)
	put("msisdn", w.Phones)
	if len(out) == 0 && now == nil {
		return nil
	}
	return out
}

// bare are addresses without when they were proved.
func bare(list []api.Threepid) []api.Threepid {
	out := make([]api.Threepid, 0, len(list))
	for _, t := range list {
		out = append(out, api.Threepid{Medium: t.Medium, Address: t.Address})
	}
	return out
}

// asWritten are addresses as rows have them: homeservers may have kept some otherwise, from before they wrote all alike.
func asWritten(list []api.Threepid) []api.Threepid {
	out := make([]api.Threepid, 0, len(list))
	for _, t := range list {
		out = append(out, addressOf(t))
	}
	return out
}

func of(list []api.Threepid, medium string) (out []string) {
	for _, t := range list {
		if t.Medium == medium {
			out = append(out, t.Address)
		}
	}
	return out
}

func identities(list []api.ExternalID) (out []string) {
	for _, e := range list {
		out = append(out, e.AuthProvider+":"+e.ExternalID)
	}
	return out
}

func cell(list []string) string { return table.List(list).Cell() }

// same reports whether two lists hold the same, in whatever order.
func same[T comparable](a, b []T) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x T) bool { return !slices.Contains(b, x) })
}

// differs reports whether what a row asks for may be otherwise than it is.
func differs[T comparable](known bool, is T, asked *T) bool {
	return asked != nil && (!known || *asked != is)
}

// untold is the first field of which a row says how it is, where the homeserver does not tell whether it is so and no call makes it so; "" for none.
func untold(w Wish, u api.User) string {
	switch {
	case w.Deactivated != nil && !*w.Deactivated && !u.Knows("deactivated"):
		return api.FieldDeactivated
	case w.Guest != nil && !u.Knows("guest"):
		return api.FieldGuest
	}
	return ""
}

// was is what a plan says of how a flag is; nothing where the homeserver cannot tell.
func was(known, is bool) string {
	if !known {
		return ""
	}
	return strconv.FormatBool(is)
}

// asRead is a display name as it comes back from a file: without spaces at its ends, with the ends of lines that spreadsheets write, and without NUL,
// which no file holds.
func asRead(name string) string { return strings.TrimSpace(lineEnds.Replace(name)) }

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "")

func changed[T any](known bool, from, to T) *api.Change[T] {
	c := &api.Change[T]{To: to}
	if known {
		c.From = &from
	}
	return c
}

func or[T any](p *T) (value T) {
	if p != nil {
		return *p
	}
	return value
}
