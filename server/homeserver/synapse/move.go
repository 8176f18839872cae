// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// A possession is an address or an identity that an account shall get and another has.
type possession struct {
	owner    api.UserID
	field    string // of the request
	address  api.Threepid
	identity api.ExternalID // of those two the one that it is
}

// possessions finds what belongs to other accounts: Synapse would silently move the addresses, and refuse the identities when half is
// done. One request for each that the account does not have already; versions that cannot tell (before 1.72 and 1.68) do what they do.
func (s *synapse) possessions(ctx context.Context, u api.User, addressAt string, addresses []api.Threepid, identityAt string, identities []api.ExternalID) ([]possession, error) {
	var found []possession
	look := func(path matrix.Path, p possession) error {
		owner, err := s.owner(ctx, path)
		switch {
		case matrix.Unrecognized(err), matrix.Unaskable(err):
			return nil
		case err != nil:
			return matrix.Problem(err)
		}
		if p.owner = owner; owner != "" && owner != u.ID {
			found = append(found, p)
		}
		return nil
	}
	for i, t := range addresses {
		if slices.ContainsFunc(u.Threepids, func(h api.Threepid) bool { return sameAddress(h, t) }) {
			continue
		}
		if err := look(addressPath(t.Medium, t.Address), possession{field: addressAt + strconv.Itoa(i) + ".address", address: t}); err != nil {
			return nil, err
		}
	}
	for i, e := range identities {
		if slices.Contains(u.ExternalIDs, e) {
			continue
		}
		if err := look(identityPath(e), possession{field: identityAt + strconv.Itoa(i) + ".external_id", identity: e}); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func sameAddress(a, b api.Threepid) bool { return a.Medium == b.Medium && a.Address == b.Address }

// taken refuses what belongs to accounts other than those that may be taken from, and names them.
func taken(found []possession, from []api.UserID) error {
	p := api.NewProblem(api.StatusConflict, "invalid_request")
	for _, f := range found {
		if slices.Contains(from, f.owner) {
			continue
		}
		code := "threepid_taken"
		if f.identity != (api.ExternalID{}) {
			code = "identity_taken"
		}
		p.Fields = append(p.Fields, api.FieldProblem{Field: f.field, Code: code, Params: map[string]string{"owner": string(f.owner)}})
	}
	if len(p.Fields) == 0 {
		return nil
	}
	return p
}

// takeAway takes from other accounts what is to move, one account after the other, and looks that it is gone. Until the account that it
// is for has it, nobody does: Synapse has no call that moves, and gives no identity that another has.
func (s *synapse) takeAway(ctx context.Context, moves []possession) error {
	var done []possession
	for _, owner := range owners(moves) {
		mine := slices.DeleteFunc(slices.Clone(moves), func(m possession) bool { return m.owner != owner })
		if err := s.takeFrom(ctx, owner, mine); err != nil {
			return lost(err, done)
		}
		done = append(done, mine...)
	}
	return nil
}

func (s *synapse) takeFrom(ctx context.Context, owner api.UserID, mine []possession) error {
	now, err := s.read(ctx, owner)
	if err != nil {
		return err
	}
	moves := func(t api.Threepid) bool {
		return slices.ContainsFunc(mine, func(m possession) bool { return sameAddress(m.address, t) })
	}
	movesIdentity := func(e api.ExternalID) bool {
		return slices.ContainsFunc(mine, func(m possession) bool { return m.identity == e })
	}
	body := map[string]any{}
	if slices.ContainsFunc(now.Threepids, moves) {
		body["threepids"] = wireThreepids(slices.DeleteFunc(slices.Clone(now.Threepids), moves))
	}
	if slices.ContainsFunc(now.ExternalIDs, movesIdentity) {
		body["external_ids"] = append([]api.ExternalID{}, slices.DeleteFunc(slices.Clone(now.ExternalIDs), movesIdentity)...)
	}
	if len(body) == 0 {
		return nil // it has let go of it since
	}
	_, err = s.change(ctx, owner, body, func(u api.User) bool {
		return !slices.ContainsFunc(u.Threepids, moves) && !slices.ContainsFunc(u.ExternalIDs, movesIdentity)
	})
	return err
}

func owners(moves []possession) []api.UserID {
	var list []api.UserID
	for _, m := range moves {
		if !slices.Contains(list, m.owner) {
			list = append(list, m.owner)
		}
	}
	return list
}

// lost adds to an edit that failed what other accounts have lost for it by then. An outcome that nobody knows stays one.
func lost(err error, moves []possession) error {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok || len(moves) == 0 {
		return err
	}
	whole := *matrix.Partly(p)
	for _, m := range moves {
		whole.Fields = append(whole.Fields, api.FieldProblem{Field: m.field, Code: "taken_away", Params: map[string]string{"owner": string(m.owner)}})
	}
	return &whole
}
