// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// providers returns the upstream providers that MAS has (GET /api/admin/v1/upstream-oauth-providers, since 1.3).
func (a *adapter) providers(ctx context.Context) ([]resource[provider], error) {
	list, _, err := readAll[provider](ctx, a.mas, matrix.At("/api/admin/v1/upstream-oauth-providers"), 100, maxOwned)
	if matrix.Is(err, http.StatusNotFound, "") { // an older MAS
		return nil, nil
	}
	if err != nil {
		return nil, problem(err)
	}
	return list, nil
}

// listProviders returns them for people to choose from.
func (a *adapter) listProviders(ctx context.Context, _ api.ServerQuery) (api.ProviderList, error) {
	all, err := a.providers(ctx)
	if err != nil {
		return api.ProviderList{}, err
	}
	out := api.ProviderList{Providers: make([]api.Provider, 0, len(all))}
	for _, p := range all {
		of := p.Attributes
		out.Providers = append(out.Providers, api.Provider{
			ID: string(p.ID), Name: title(p, all), Issuer: of.Issuer, Brand: of.Brand, CreatedMS: of.Created.UnixMilli(), Disabled: of.Disabled != nil,
		})
	}
	return out, nil
}

// title is what a provider is called where people read it: its name, where no other has it, else its issuer, else its ID.
func title(p resource[provider], all []resource[provider]) string {
	for _, of := range []func(resource[provider]) string{
		func(p resource[provider]) string { return p.Attributes.Name },
		func(p resource[provider]) string { return p.Attributes.Issuer },
	} {
		mine := of(p)
		if mine != "" && !slices.ContainsFunc(all, func(o resource[provider]) bool { return o.ID != p.ID && of(o) == mine }) {
			return mine
		}
	}
	return string(p.ID)
}

// identities returns the links of an account (GET /api/admin/v1/upstream-oauth-links).
func (a *adapter) identities(ctx context.Context, id ulid) ([]api.ExternalID, error) {
	links, err := a.links(ctx, ofUser(id))
	if err != nil || len(links) == 0 {
		return nil, err
	}
	all, err := a.providers(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]api.ExternalID, 0, len(links))
	for _, l := range links {
		name := string(l.Attributes.ProviderID)
		if i := slices.IndexFunc(all, func(p resource[provider]) bool { return p.ID == l.Attributes.ProviderID }); i >= 0 {
			name = title(all[i], all)
		}
		out = append(out, api.ExternalID{AuthProvider: name, ExternalID: l.Attributes.Subject})
	}
	return out, nil
}

func (a *adapter) links(ctx context.Context, filters ...filter) ([]resource[link], error) {
	list, _, err := readAll[link](ctx, a.mas, matrix.At("/api/admin/v1/upstream-oauth-links"), 100, maxOwned, filters...)
	if err != nil {
		return nil, problem(err)
	}
	return list, nil
}

// owned is what shall be an account's at MAS: checked, so that it can be taken.
type owned struct {
	addresses []string
	links     []wantedLink
}

type wantedLink struct {
	Provider ulid
	Subject  string
}

// check refuses, before anything is sent, addresses and identities that MAS cannot take or that somebody else has. One request for
// each, and one for the providers. of is whose they may be already; kept stay as they are, at Synapse.
func (a *adapter) checkOwned(ctx context.Context, of ulid, addressAt string, addresses, kept []api.Threepid, identityAt string, identities []api.ExternalID) (owned, error) {
	var out owned
	var wrong []api.FieldProblem
	add := func(field, code string, params map[string]string) {
		wrong = append(wrong, api.FieldProblem{Field: field, Code: code, Params: params})
	}
	for i, t := range addresses {
		at := addressAt + strconv.Itoa(i)
		if slices.ContainsFunc(kept, func(k api.Threepid) bool { return k.Medium == t.Medium && k.Address == t.Address }) {
			continue
		}
		if t.Medium != "email" {
			add(at+".medium", "mas_no_phone", nil)
			continue
		}
		have, err := readPage[email](ctx, a.mas, matrix.At("/api/admin/v1/user-emails"), 1, "", withEmail(t.Address))
		if err != nil {
			return owned{}, problem(err)
		}
		if len(have.Items) > 0 && have.Items[0].Attributes.UserID != of {
			add(at+".address", "threepid_taken", a.owner(ctx, have.Items[0].Attributes.UserID))
		}
		out.addresses = append(out.addresses, t.Address)
	}
	var all []resource[provider]
	if len(identities) > 0 {
		var err error
		if all, err = a.providers(ctx); err != nil {
			return owned{}, err
		}
	}
	for i, e := range identities {
		at := identityAt + strconv.Itoa(i)
		p, ok := findProvider(all, e.AuthProvider)
		if !ok {
			add(at+".auth_provider", "no_such_provider", map[string]string{"have": titles(all)})
			continue
		}
		have, err := a.links(ctx, ofProvider(p.ID), withSubject(e.ExternalID))
		if err != nil {
			return owned{}, err
		}
		if len(have) > 0 && have[0].Attributes.UserID != "" && have[0].Attributes.UserID != of {
			add(at+".external_id", "external_id_taken", a.owner(ctx, have[0].Attributes.UserID))
		}
		out.links = append(out.links, wantedLink{p.ID, e.ExternalID})
	}
	if len(wrong) > 0 {
		p := api.NewProblem(api.StatusConflict, "invalid_request")
		p.Fields = wrong
		return owned{}, p
	}
	return out, nil
}

// owner names the account of an ID of MAS's, for a sentence.
func (a *adapter) owner(ctx context.Context, id ulid) map[string]string {
	var out single[user]
	if _, err := a.mas.do(ctx, get(matrix.At("/api/admin/v1/users/{}", string(id))), &out); err != nil {
		return map[string]string{"owner": string(id)}
	}
	return map[string]string{"owner": string(a.id(out.Data.Attributes.Username))}
}

// findProvider finds a provider by its name, its issuer or its ID.
func findProvider(all []resource[provider], text string) (resource[provider], bool) {
	for _, p := range all {
		if title(p, all) == text || p.Attributes.Issuer == text || strings.EqualFold(string(p.ID), text) {
			return p, true
		}
	}
	return resource[provider]{}, false
}

func titles(all []resource[provider]) string {
	names := make([]string, 0, len(all))
	for _, p := range all {
		names = append(names, title(p, all))
	}
	return strings.Join(names, ", ")
}

// addEmail gives an account an address (POST /api/admin/v1/user-emails), and waits until Synapse has heard of it.
func (a *adapter) addEmail(ctx context.Context, name api.UserID, id ulid, address string) error {
	call := post(matrix.At("/api/admin/v1/user-emails"), map[string]any{"user_id": id, "email": address})
	if _, err := a.mas.do(ctx, call, nil); err != nil {
		return emailProblem(err)
	}
	a.heard(ctx, name, func(u api.User) bool { return listed(u, address) })
	return nil
}

func listed(u api.User, address string) bool {
	return slices.ContainsFunc(u.Threepids, func(t api.Threepid) bool { return t.Medium == "email" && strings.EqualFold(t.Address, address) })
}

// addEmails gives an account addresses that it has not got, and returns those that it had, and whether any was added.
func (a *adapter) addEmails(ctx context.Context, name api.UserID, id ulid, want []string) (have []resource[email], added bool, err error) {
	if have, err = a.emails(ctx, id); err != nil {
		return nil, false, err
	}
	for _, address := range want {
		if hasEmail(have, address) {
			continue
		}
		if err := a.addEmail(ctx, name, id, address); err != nil {
			return nil, added, halfway(added, err)
		}
		added = true
	}
	return have, added, nil
}

func hasEmail(have []resource[email], address string) bool {
	return slices.ContainsFunc(have, func(e resource[email]) bool { return strings.EqualFold(e.Attributes.Email, address) })
}

// giveEmails gives an account addresses that it has not got, each whatever becomes of the others, and returns those that it could not be given.
func (a *adapter) giveEmails(ctx context.Context, name api.UserID, id ulid, want []string) (left []api.FieldProblem) {
	if len(want) == 0 {
		return nil
	}
	have, err := a.emails(ctx, id)
	for _, address := range want {
		if err == nil && hasEmail(have, address) {
			continue
		}
		why := err
		if why == nil {
			why = a.addEmail(ctx, name, id, address)
		}
		left = leftOne(left, "threepids", address, why)
	}
	return left
}

// leftOne names one value of a field that has several, where there is a reason to.
func leftOne(left []api.FieldProblem, field, value string, why error) []api.FieldProblem {
	if why == nil {
		return left
	}
	p := problem(why)
	params := map[string]string{api.LeftValue: value}
	maps.Copy(params, p.Params)
	return append(left, api.FieldProblem{Field: field, Code: p.Code, Params: params})
}

// setEmails makes the addresses of an account what they shall be: first those that are new, then away with the others, so that a
// failure leaves more rather than less (DELETE /api/admin/v1/user-emails).
func (a *adapter) setEmails(ctx context.Context, name api.UserID, id ulid, want []string) error {
	have, begun, err := a.addEmails(ctx, name, id, want)
	if err != nil {
		return err
	}
	for _, e := range have {
		if slices.ContainsFunc(want, func(address string) bool { return strings.EqualFold(e.Attributes.Email, address) }) {
			continue
		}
		call := matrix.Call{Method: http.MethodDelete, Path: matrix.At("/api/admin/v1/user-emails/{}", string(e.ID))}
		if _, err := a.mas.do(ctx, call, nil); err != nil && !missing(err) {
			return halfway(begun, writeProblem("", err))
		}
		a.heard(ctx, name, func(u api.User) bool { return !listed(u, e.Attributes.Email) })
		begun = true
	}
	return nil
}

func emailProblem(err error) *api.Problem {
	switch {
	case matrix.Is(err, http.StatusConflict, ""):
		return api.NewProblem(api.StatusConflict, "mas_taken")
	case matrix.Is(err, http.StatusBadRequest, ""):
		return api.NewProblem(api.StatusUnprocessable, "invalid_email")
	}
	return writeProblem("", err)
}

// is reports whether a link is the one that is wanted.
func (w wantedLink) is(l resource[link]) bool {
	return l.Attributes.ProviderID == w.Provider && l.Attributes.Subject == w.Subject
}

// addLinks is addEmails for links.
func (a *adapter) addLinks(ctx context.Context, id ulid, want []wantedLink) (have []resource[link], added bool, err error) {
	if have, err = a.links(ctx, ofUser(id)); err != nil {
		return nil, false, err
	}
	for _, w := range want {
		if slices.ContainsFunc(have, w.is) {
			continue
		}
		if err := a.addLink(ctx, id, w); err != nil {
			return nil, added, halfway(added, err)
		}
		added = true
	}
	return have, added, nil
}

// addLink gives an account a link (POST /api/admin/v1/upstream-oauth-links).
func (a *adapter) addLink(ctx context.Context, id ulid, w wantedLink) error {
	call := post(matrix.At("/api/admin/v1/upstream-oauth-links"), map[string]any{"user_id": id, "provider_id": w.Provider, "subject": w.Subject})
	_, err := a.mas.do(ctx, call, nil)
	switch {
	case matrix.Is(err, http.StatusConflict, ""):
		return api.NewProblem(api.StatusConflict, "mas_taken")
	case err != nil:
		return writeProblem("", err)
	}
	return nil
}

// giveLinks is giveEmails for links.
func (a *adapter) giveLinks(ctx context.Context, id ulid, want []wantedLink) (left []api.FieldProblem) {
	if len(want) == 0 {
		return nil
	}
	have, err := a.links(ctx, ofUser(id))
	for _, w := range want {
		if err == nil && slices.ContainsFunc(have, w.is) {
			continue
		}
		why := err
		if why == nil {
			why = a.addLink(ctx, id, w)
		}
		left = leftOne(left, "external_ids", w.Subject, why)
	}
	return left
}

// setLinks is setEmails for links (DELETE /api/admin/v1/upstream-oauth-links).
func (a *adapter) setLinks(ctx context.Context, id ulid, want []wantedLink) error {
	have, begun, err := a.addLinks(ctx, id, want)
	if err != nil {
		return err
	}
	for _, l := range have {
		if slices.ContainsFunc(want, func(w wantedLink) bool { return w.is(l) }) {
			continue
		}
		call := matrix.Call{Method: http.MethodDelete, Path: matrix.At("/api/admin/v1/upstream-oauth-links/{}", string(l.ID))}
		if _, err := a.mas.do(ctx, call, nil); err != nil && !missing(err) {
			return halfway(begun, writeProblem("", err))
		}
		begun = true
	}
	return nil
}
