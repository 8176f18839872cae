// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/jobs"
)

// check asks whether all of it will be let through: by what the requests say of themselves, by permission, by what the homeserver can do, by
// the guard, and by who has the addresses and identities.
func (s *survey) check(ctx context.Context, d deed, u api.User) error {
	for _, c := range d.calls {
		if err := c.req.Validate(); err != nil {
			return ofCells(err, c.req)
		}
		if err := s.lacking(c); err != nil {
			return err
		}
		err := s.desk.gate.Preview(ctx, gate.Visit{Person: &s.person, Homeserver: s.job.Homeserver, Operation: c.op.Info().Name}, c.req, u)
		if err != nil {
			return ofCells(err, c.req)
		}
		if err := s.free(ctx, c, u); err != nil {
			return err
		}
	}
	return nil
}

// lacking refuses the fields that the homeserver has not got.
func (s *survey) lacking(c call) error {
	for _, field := range fieldsOf(c.req) {
		if why := s.lacks[c.op.Info().Name+"."+field]; why != "" {
			return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why)
		}
	}
	return nil
}

// fieldsOf are the fields that a request sets, as they are named where a homeserver has them not.
func fieldsOf(req api.Request) []string {
	asked := map[string]bool{}
	switch r := req.(type) {
	case api.UserCreate:
		asked = map[string]bool{
			"display_name": r.DisplayName != "", "user_type": r.UserType != "", "avatar_url": r.AvatarURL != "", "admin": r.Admin,
		}
	case api.UserUpdate:
		asked = map[string]bool{
			"display_name": r.DisplayName != nil, "user_type": r.UserType != nil, "avatar_url": r.AvatarURL != nil, "admin": r.Admin != nil,
			"threepids": r.Threepids != nil, "external_ids": r.ExternalIDs != nil,
		}
	}
	addresses, identities := owned(req)
	asked["threepids"] = asked["threepids"] || len(addresses) > 0
	asked["external_ids"] = asked["external_ids"] || len(identities) > 0
	asked["threepids.phone"] = slices.ContainsFunc(addresses, func(t api.Threepid) bool { return t.Medium == "msisdn" })
	maps.DeleteFunc(asked, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(asked))
}

// owned is what a request gives to its account that no other can have.
func owned(req api.Request) (addresses []api.Threepid, identities []api.ExternalID) {
	switch r := req.(type) {
	case api.UserCreate:
		return r.Threepids, r.ExternalIDs
	case api.UserUpdate:
		if r.Threepids != nil {
			addresses = r.Threepids.To
		}
		if r.ExternalIDs != nil {
			identities = r.ExternalIDs.To
		}
	}
	return addresses, identities
}

// free refuses addresses and identities that other accounts have: Synapse would move the addresses without a word, and refuse the identities
// when the account is made already. One call for each that the account has not got.
func (s *survey) free(ctx context.Context, c call, u api.User) error {
	addresses, identities := owned(c.req)
	for _, t := range addresses {
		if slices.ContainsFunc(u.Threepids, func(h api.Threepid) bool { return h.Medium == t.Medium && h.Address == t.Address }) {
			continue
		}
		by := api.ByEmail
		if t.Medium == "msisdn" {
			by = api.ByPhone
		}
		if err := s.freeAddress(ctx, u.ID, cellOf(t), t, api.UserFind{By: by, Value: t.Address}); err != nil {
			return err
		}
	}
	for _, e := range identities {
		if slices.Contains(u.ExternalIDs, e) {
			continue
		}
		if err := s.freeOne(ctx, u.ID, api.FieldSSO, api.UserFind{By: api.ByIdentity, Provider: e.AuthProvider, Value: e.ExternalID}); err != nil {
			return err
		}
	}
	return nil
}

// freeAddress asks the homeserver who has an address, unless that is known already.
func (s *survey) freeAddress(ctx context.Context, id api.UserID, at string, t api.Threepid, q api.UserFind) error {
	owner, told, err := s.known.owner(ctx, s.serverName, t)
	switch {
	case err != nil:
		return err
	case !told:
		return s.freeOne(ctx, id, at, q)
	}
	return takenBy(owner, id, at, q.Value)
}

// takenBy refuses what another account has.
func takenBy(owner, id api.UserID, at, value string) error {
	if owner == "" || owner == id {
		return nil
	}
	return api.NewProblem(api.StatusConflict, "import_taken", "field", at, "value", value, "owner", string(owner))
}

// freeOne asks who has an address or an identity. Where the homeserver cannot tell, the job finds out.
func (s *survey) freeOne(ctx context.Context, id api.UserID, at string, q api.UserFind) error {
	if _, blind := s.blind.Load(q.By); blind {
		return nil
	}
	found, err := jobs.Look(ctx, s.desk.Jobs, s.job.Homeserver, api.FindUser, q)
	p, _ := errors.AsType[*api.Problem](err)
	switch {
	case p != nil && p.Status == api.StatusNotSupported:
		s.blind.Store(q.By, true)
		return nil
	case p != nil && p.Status == api.StatusUnprocessable && p.Code == "no_such_provider":
		return inField(p.Status, at, p.Code, p.Params)
	case p != nil && p.Status == api.StatusUnprocessable: // nobody can be asked for it by that name
		return nil
	case err != nil:
		return err
	}
	return takenBy(found.ID, id, at, q.Value)
}

// field names the first field that is wrong in a request as people know it from their file, which has none to confirm with.
func field(p *api.Problem) *api.Problem {
	if len(p.Fields) == 0 || p.Fields[0].Field == "confirm" {
		return p
	}
	f := p.Fields[0]
	name, _, _ := strings.Cut(f.Field, ".")
	return inField(p.Status, name, f.Code, f.Params)
}

// ofCells names addresses that are wrong in a request by their columns: a request has those of both kinds in one list, and a file has not.
func ofCells(err error, req api.Request) error {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	addresses, _ := owned(req)
	for i, f := range p.Fields {
		path, found := strings.CutPrefix(f.Field, "threepids.")
		number, _, _ := strings.Cut(strings.TrimPrefix(path, "to."), ".")
		if n, err := strconv.Atoi(number); found && err == nil && n >= 0 && n < len(addresses) {
			p.Fields[i].Field = cellOf(addresses[n])
		}
	}
	return p
}

// cellOf is the column in which an address stands.
func cellOf(t api.Threepid) string {
	if t.Medium == "msisdn" {
		return api.FieldPhones
	}
	return api.FieldEmails
}

// inField is what is wrong with a field of a row.
func inField(status int, field, code string, params map[string]string) *api.Problem {
	p := api.NewProblem(status, "import_field", "field", field, "code", code)
	for name, value := range params {
		if p.Params[name] == "" {
			p.Params[name] = value
		}
	}
	return p
}
