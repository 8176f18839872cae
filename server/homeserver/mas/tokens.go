// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// registrationToken is a registration token as MAS writes it (since 0.17). There it has an ID beside what it reads.
type registrationToken struct {
	Token    api.Secret `json:"token"`
	Valid    bool       `json:"valid"`
	Limit    *int64     `json:"usage_limit"` // null: any number
	Used     int64      `json:"times_used"`
	Created  time.Time  `json:"created_at"`
	LastUsed *time.Time `json:"last_used_at"`
	Expires  *time.Time `json:"expires_at"`
	Revoked  *time.Time `json:"revoked_at"`
}

var pathTokens = matrix.At("/api/admin/v1/user-registration-tokens")

func token(r resource[registrationToken]) api.Token {
	w := r.Attributes
	t := api.Token{
		ID: api.TokenID(r.ID), State: api.TokenValid, Completed: w.Used, ExpiresMS: milliseconds(w.Expires), CreatedMS: w.Created.UnixMilli(),
		LastUsedMS: milliseconds(w.LastUsed), Unknown: []string{"pending"},
	}
	if text := w.Token.Reveal(); len(text) >= 8 {
		t.Start = text[:2]
	}
	if w.Limit != nil {
		t.Uses = *w.Limit
	}
	switch {
	case w.Revoked != nil:
		t.State = api.TokenRevoked
	case w.Valid:
	case w.Expires != nil && !w.Expires.After(time.Now()):
		t.State = api.TokenExpired
	default:
		t.State = api.TokenUsedUp
	}
	return t
}

// tokens returns the registration tokens (GET /api/admin/v1/user-registration-tokens), those that can be used first, the newest first. MAS
// deletes none, so of each kind the newest 1,000 are read, and Total says that there are more.
func (a *adapter) tokens(ctx context.Context, q api.TokenQuery) (api.TokenList, error) {
	if q.ID != "" {
		r, err := a.readToken(ctx, q.ID)
		if err != nil {
			return api.TokenList{}, err
		}
		return api.TokenList{Tokens: []api.Token{token(r)}}, nil
	}
	site, err := a.siteConfig(ctx)
	if err != nil {
		return api.TokenList{}, err
	}
	list := api.TokenList{Tokens: []api.Token{}, Demand: site.demand()}
	var there int
	for _, valid := range []bool{true, false} {
		found, total, err := readLatest[registrationToken](ctx, a.mas, pathTokens, maxOwned, withValid(valid))
		if err != nil {
			return api.TokenList{}, problem(err)
		}
		there += total
		for _, r := range found {
			list.Tokens = append(list.Tokens, token(r))
		}
	}
	if there > len(list.Tokens) {
		list.Total = int64(there)
	}
	slices.SortStableFunc(list.Tokens, func(a, b api.Token) int {
		return cmp.Or(cmp.Compare(spent(a), spent(b)), cmp.Compare(b.CreatedMS, a.CreatedMS))
	})
	return list, nil
}

func spent(t api.Token) int {
	if t.State == api.TokenValid {
		return 0
	}
	return 1
}

// demand is what MAS asks for at registration. One that is told to ask for tokens by its deprecated setting says that it does not.
func (s siteConfig) demand() api.TokenDemand {
	switch {
	case !s.Registration:
		return api.TokenClosed
	case s.TokenRequired:
		return api.TokenRequired
	}
	return api.TokenNotAsked
}

func noSuchToken() *api.Problem { return api.NewProblem(api.StatusNotFound, "no_such_token") }

// oneToken sends a call about a token and returns it as it is then.
func (a *adapter) oneToken(ctx context.Context, call matrix.Call) (resource[registrationToken], error) {
	var out single[registrationToken]
	_, err := a.mas.do(ctx, call, &out)
	switch {
	case missing(err), matrix.Unaskable(err), matrix.Is(err, http.StatusBadRequest, "") && call.Method == http.MethodGet: // 400: no ULID
		return resource[registrationToken]{}, noSuchToken()
	case matrix.Unknown(err) && call.Method != http.MethodGet:
		return resource[registrationToken]{}, api.NewProblem(api.StatusTimeout, "token_outcome_unknown")
	case err != nil:
		return resource[registrationToken]{}, problem(err)
	}
	return out.Data, nil
}

// readToken returns a token (GET /api/admin/v1/user-registration-tokens/{id}).
func (a *adapter) readToken(ctx context.Context, id api.TokenID) (resource[registrationToken], error) {
	if !ulid(id).valid() {
		return resource[registrationToken]{}, noSuchToken()
	}
	return a.oneToken(ctx, get(matrix.At("/api/admin/v1/user-registration-tokens/{}", string(id))))
}

// showToken returns a token and what it reads.
func (a *adapter) showToken(ctx context.Context, req api.TokenRef) (api.TokenCard, error) {
	r, err := a.readToken(ctx, req.ID)
	if err != nil {
		return api.TokenCard{}, err
	}
	return a.tokenCard(ctx, r), nil
}

func (a *adapter) tokenCard(ctx context.Context, r resource[registrationToken]) api.TokenCard {
	return api.TokenCard{Token: token(r), Text: r.Attributes.Token, Homeserver: a.address(ctx), ClientURL: a.settings.ClientURL}
}

// createToken makes a token (POST /api/admin/v1/user-registration-tokens). MAS takes one that is over or that nobody can use without a
// word, so an expiry in the past is refused here.
func (a *adapter) createToken(ctx context.Context, req api.TokenCreate) (api.TokenCard, error) {
	expires, err := expiry(req.Expires, "expires")
	if err != nil {
		return api.TokenCard{}, err
	}
	text := req.Token
	if text.IsZero() {
		if text, err = password.Random(16); err != nil {
			return api.TokenCard{}, err
		}
	}
	body := map[string]any{"token": text}
	if req.Uses > 0 {
		body["usage_limit"] = req.Uses
	}
	if expires != nil {
		body["expires_at"] = expires
	}
	var out single[registrationToken]
	_, err = a.mas.do(ctx, post(pathTokens, body), &out)
	switch {
	case matrix.Unknown(err) && req.Token.IsZero():
		return a.settleToken(ctx, text) // nobody else has made the same one
	case matrix.Is(err, http.StatusConflict, ""):
		return api.TokenCard{}, api.NewProblem(api.StatusConflict, "token_taken").At("token")
	case matrix.Unknown(err):
		return api.TokenCard{}, api.NewProblem(api.StatusTimeout, "token_outcome_unknown")
	case err != nil:
		return api.TokenCard{}, problem(err)
	}
	return a.tokenCard(ctx, out.Data), nil
}

// settleToken looks for a token that may have been made though nobody said so: it is among the newest.
func (a *adapter) settleToken(ctx context.Context, text api.Secret) (api.TokenCard, error) {
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	found, _, err := readLatest[registrationToken](fresh, a.mas, pathTokens, latestPage)
	if err == nil {
		for _, r := range found {
			if r.Attributes.Token == text {
				return a.tokenCard(fresh, r), nil
			}
		}
	}
	return api.TokenCard{}, api.NewProblem(api.StatusTimeout, "token_outcome_unknown")
}

// updateToken changes how often and how long a token can be used (PUT /api/admin/v1/user-registration-tokens/{id}). What is not sent
// stays, and null is without end.
func (a *adapter) updateToken(ctx context.Context, req api.TokenUpdate) (api.Token, error) {
	before, err := a.readToken(ctx, req.ID)
	if err != nil {
		return api.Token{}, err
	}
	now, body := token(before), map[string]any{}
	if c := req.Uses; c != nil && c.To != now.Uses {
		if c.From != nil && *c.From != now.Uses {
			return api.Token{}, api.NewProblem(api.StatusConflict, "token_changed").At("uses.to")
		}
		body["usage_limit"] = nil
		if c.To > 0 {
			body["usage_limit"] = c.To
		}
	}
	if c := req.Expires; c != nil {
		if c.From != nil && *c.From != api.ExpiryText(now.ExpiresMS) {
			return api.Token{}, api.NewProblem(api.StatusConflict, "token_changed").At("expires.to")
		}
		expires, err := expiry(c.To, "expires.to")
		if err != nil {
			return api.Token{}, err
		}
		body["expires_at"] = nil
		if expires != nil {
			body["expires_at"] = expires
		}
	}
	if len(body) == 0 {
		return now, nil
	}
	after, err := a.oneToken(ctx, matrix.Call{Method: http.MethodPut, Path: matrix.At("/api/admin/v1/user-registration-tokens/{}", string(req.ID)), Body: body})
	return token(after), err
}

// expiry reads until when a token shall be good: nil is for ever.
func expiry(text, field string) (*time.Time, error) {
	when, err := api.Expiry(text)
	switch {
	case err != nil:
		return nil, api.NewProblem(api.StatusUnprocessable, "invalid_day").At(field)
	case when.IsZero():
		return nil, nil
	case when.Before(time.Now()):
		return nil, api.NewProblem(api.StatusUnprocessable, "day_over").At(field)
	}
	when = when.UTC()
	return &when, nil
}

// revokeToken ends a token until that is taken back (POST /api/admin/v1/user-registration-tokens/{id}/revoke).
func (a *adapter) revokeToken(ctx context.Context, req api.TokenRef) (api.Token, error) {
	return a.setRevoked(ctx, req.ID, true)
}

// unrevokeToken lets a revoked token be used again (POST /api/admin/v1/user-registration-tokens/{id}/unrevoke).
func (a *adapter) unrevokeToken(ctx context.Context, req api.TokenRef) (api.Token, error) {
	return a.setRevoked(ctx, req.ID, false)
}

func (a *adapter) setRevoked(ctx context.Context, id api.TokenID, revoked bool) (api.Token, error) {
	before, err := a.readToken(ctx, id)
	if err != nil {
		return api.Token{}, err
	}
	if (before.Attributes.Revoked != nil) == revoked {
		return token(before), nil
	}
	path := matrix.At("/api/admin/v1/user-registration-tokens/{}/unrevoke", string(id))
	if revoked {
		path = matrix.At("/api/admin/v1/user-registration-tokens/{}/revoke", string(id))
	}
	after, err := a.oneToken(ctx, post(path, nil))
	return token(after), err
}
