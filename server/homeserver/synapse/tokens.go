// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// wireToken is a registration token as Synapse writes it. There it has no other name than what it reads.
type wireToken struct {
	Token     api.Secret `json:"token"`
	Uses      int64      `json:"uses_allowed"` // null or 0: any number. Lists call 0 used up, and registration takes it without end
	Pending   int64      `json:"pending"`
	Completed int64      `json:"completed"`
	Expires   int64      `json:"expiry_time"` // milliseconds, null: never
}

// tokenUnknown are the fields of api.Token that Synapse has not got.
var tokenUnknown = []string{"created_ms", "last_used_ms"}

func (s *synapse) token(w wireToken) api.Token {
	t := api.Token{
		ID: s.tokenID(w.Token), Start: tokenStart(w.Token), State: api.TokenValid,
		Uses: w.Uses, Pending: w.Pending, Completed: w.Completed, ExpiresMS: w.Expires, Unknown: tokenUnknown,
	}
	switch { // as Synapse decides (storage/databases/main/registration.py, registration_token_is_valid)
	case w.Expires > 0 && w.Expires < time.Now().UnixMilli():
		t.State = api.TokenExpired
	case w.Uses > 0 && w.Pending+w.Completed >= w.Uses:
		t.State = api.TokenUsedUp
	}
	return t
}

// tokenStart is what of a token is shown where it is not to be seen: two characters, where that gives little of it away.
func tokenStart(text api.Secret) string {
	if t := text.Reveal(); len(t) >= 8 {
		return t[:2]
	}
	return ""
}

// tokenID names a token without saying what it reads: its start, and a fingerprint under a key that only the gate has.
func (s *synapse) tokenID(text api.Secret) api.TokenID {
	key := s.settings.Secret
	if key.IsZero() {
		key = s.settings.Token
	}
	mac := hmac.New(sha256.New, []byte("registration token\x00"+key.Reveal()))
	mac.Write([]byte(text.Reveal()))
	return api.TokenID(tokenStart(text) + "~" + hex.EncodeToString(mac.Sum(nil)[:10]))
}

// tokens returns the registration tokens (GET /_synapse/admin/v1/registration_tokens), those that can be used first. One request, and
// one that asks what registration takes.
func (s *synapse) tokens(ctx context.Context, q api.TokenQuery) (api.TokenList, error) {
	found, err := s.readTokens(ctx)
	if err != nil {
		return api.TokenList{}, err
	}
	list := api.TokenList{Tokens: make([]api.Token, 0, len(found)), Demand: s.askDemand(ctx)}
	for _, w := range found {
		if t := s.token(w); q.ID == "" || t.ID == q.ID {
			list.Tokens = append(list.Tokens, t)
		}
	}
	slices.SortFunc(list.Tokens, func(a, b api.Token) int {
		return cmp.Or(cmp.Compare(ended(a), ended(b)), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

func ended(t api.Token) int {
	if t.State == api.TokenValid {
		return 0
	}
	return 1
}

func (s *synapse) readTokens(ctx context.Context) ([]wireToken, error) {
	var out struct {
		Tokens []wireToken `json:"registration_tokens"`
	}
	path := matrix.At("/_synapse/admin/v1/registration_tokens")
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out); err != nil {
		return nil, matrix.Problem(err)
	}
	return out.Tokens, nil
}

// findToken returns the token of an ID.
func (s *synapse) findToken(ctx context.Context, id api.TokenID) (wireToken, error) {
	found, err := s.readTokens(ctx)
	if err != nil {
		return wireToken{}, err
	}
	for _, w := range found {
		if s.tokenID(w.Token) == id {
			return w, nil
		}
	}
	return wireToken{}, noSuchToken()
}

func noSuchToken() *api.Problem { return api.NewProblem(api.StatusNotFound, "no_such_token") }

// showToken returns a token and what it reads.
func (s *synapse) showToken(ctx context.Context, req api.TokenRef) (api.TokenCard, error) {
	w, err := s.findToken(ctx, req.ID)
	if err != nil {
		return api.TokenCard{}, err
	}
	return s.tokenCard(ctx, w), nil
}

func (s *synapse) tokenCard(ctx context.Context, w wireToken) api.TokenCard {
	return api.TokenCard{Token: s.token(w), Text: w.Token, Homeserver: s.address(ctx), ClientURL: s.settings.ClientURL}
}

// createToken makes a token (POST /_synapse/admin/v1/registration_tokens/new). What it reads is made here where nobody chose it, so
// that it can be looked for if no answer comes.
func (s *synapse) createToken(ctx context.Context, req api.TokenCreate) (api.TokenCard, error) {
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
	body := map[string]any{"token": text, "uses_allowed": orNull(req.Uses), "expiry_time": orNull(expires)}
	var w wireToken
	_, err = s.keys.Do(ctx, matrix.Call{Method: http.MethodPost, Path: matrix.At("/_synapse/admin/v1/registration_tokens/new"), Body: body}, &w)
	if matrix.Unknown(err) && req.Token.IsZero() {
		// Nobody else has made the same one. One that was chosen may have been there before.
		fresh, cancel := s.fresh(ctx)
		defer cancel()
		if w, err = s.findToken(fresh, s.tokenID(text)); err != nil {
			return api.TokenCard{}, tokenUnknownOutcome()
		}
	}
	if err != nil {
		return api.TokenCard{}, tokenProblem(err, "expires")
	}
	return s.tokenCard(ctx, w), nil
}

// updateToken changes what is given (PUT /_synapse/admin/v1/registration_tokens/{token}), unless somebody else changed it meanwhile.
func (s *synapse) updateToken(ctx context.Context, req api.TokenUpdate) (api.Token, error) {
	now, err := s.findToken(ctx, req.ID)
	if err != nil {
		return api.Token{}, err
	}
	want, body := now, map[string]any{}
	if c := req.Uses; c != nil {
		if c.From != nil && *c.From != now.Uses && c.To != now.Uses {
			return api.Token{}, api.NewProblem(api.StatusConflict, "token_changed").At("uses.to")
		}
		want.Uses, body["uses_allowed"] = c.To, orNull(c.To)
	}
	if c := req.Expires; c != nil {
		if want.Expires, err = expiry(c.To, "expires.to"); err != nil {
			return api.Token{}, err
		}
		if c.From != nil && *c.From != api.ExpiryText(now.Expires) && want.Expires != now.Expires {
			return api.Token{}, api.NewProblem(api.StatusConflict, "token_changed").At("expires.to")
		}
		body["expiry_time"] = orNull(want.Expires)
	}
	if len(body) == 0 {
		return s.token(now), nil
	}
	call := matrix.Call{Method: http.MethodPut, Path: tokenPath(now.Token), Body: body}
	var after wireToken
	switch err := s.twice(ctx, call, &after); {
	case err != nil:
		return api.Token{}, tokenProblem(err, "expires.to")
	case after.Uses != want.Uses || after.Expires != want.Expires:
		return api.Token{}, api.NewProblem(api.StatusBadGateway, "did_not_stick")
	}
	return s.token(after), nil
}

// deleteToken ends a token (DELETE /_synapse/admin/v1/registration_tokens/{token}).
func (s *synapse) deleteToken(ctx context.Context, req api.TokenRef) (api.Token, error) {
	now, err := s.findToken(ctx, req.ID)
	if err != nil {
		return api.Token{}, err
	}
	call := matrix.Call{Method: http.MethodDelete, Path: tokenPath(now.Token)}
	if err := s.twice(ctx, call, nil); err != nil && !matrix.NotFound(err) { // it was there just now
		return api.Token{}, tokenProblem(err, "id")
	}
	return s.token(now), nil
}

func tokenPath(text api.Secret) matrix.Path {
	return matrix.At("/_synapse/admin/v1/registration_tokens/{}", text.Reveal())
}

// expiry is an expiry in unix milliseconds, 0 for never. Synapse refuses one that is over.
func expiry(text, field string) (int64, error) {
	at, err := api.Expiry(text)
	switch {
	case err != nil:
		return 0, api.NewProblem(api.StatusUnprocessable, "invalid_day").At(field)
	case at.IsZero():
		return 0, nil
	case at.Before(time.Now()):
		return 0, api.NewProblem(api.StatusUnprocessable, "day_over").At(field)
	}
	return at.UnixMilli(), nil
}

// orNull is what stands for no limit.
func orNull(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func tokenUnknownOutcome() *api.Problem {
	return api.NewProblem(api.StatusTimeout, "token_outcome_unknown")
}

// tokenProblem turns the error of a write into a problem. Synapse's own words repeat the token, so they are not passed on.
func tokenProblem(err error, expires string) *api.Problem {
	e, ok := matrix.As(err)
	switch {
	case matrix.Unknown(err):
		return tokenUnknownOutcome()
	case matrix.NotFound(err):
		return noSuchToken()
	case !ok || e.Kind != matrix.Refused:
		return matrix.Problem(err)
	case strings.Contains(e.Text, "already exists"):
		return api.NewProblem(api.StatusConflict, "token_taken").At("token")
	case strings.Contains(e.Text, "in the past"):
		return api.NewProblem(api.StatusUnprocessable, "day_over").At(expires)
	}
	p := matrix.Problem(err)
	switch p.Code {
	case "homeserver_error":
		return tokenUnknownOutcome()
	case "homeserver_refused":
		return api.NewProblem(p.Status, "token_refused", "errcode", e.Errcode)
	}
	return p
}
