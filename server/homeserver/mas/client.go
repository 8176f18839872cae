// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"net/http"
	"sync"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

const (
	scopeAdmin = api.ScopeMAS
	// early is how long before its end a token is not used any more: longer than a call may wait for its turn.
	early = 30 * time.Second
	// revokeTime bounds the goodbye at the end of the program.
	revokeTime = 5 * time.Second
)

// client calls the admin API, with a token that it gets by client credentials (RFC 6749 section 4.4). It is safe for concurrent
// use.
type client struct {
	admin *matrix.Client
	oauth *matrix.Client
	basic matrix.Basic
	now   func() time.Time

	mu    sync.Mutex // held while a token is got: one at a time, because each leaves a session behind
	token api.Secret
	ends  time.Time
}

func newClient(settings homeserver.MAS, timeout time.Duration, options ...matrix.Option) *client {
	c := &client{
		admin: matrix.New(settings.AdminURL, timeout, options...),
		basic: matrix.Basic{Name: settings.ClientID, Password: settings.ClientSecret},
		now:   time.Now,
	}
	c.oauth = c.admin
	if settings.URL != "" {
		c.oauth = matrix.New(settings.URL, timeout, options...)
	}
	return c
}

// do sends a call to the admin API. A token that is refused is replaced once: a call that was refused did nothing. Errors are
// *matrix.Error or *api.Problem.
func (c *client) do(ctx context.Context, call matrix.Call, out any) (matrix.Answer, error) {
	for again := true; ; again = false {
		token, err := c.current(ctx)
		if err != nil {
			return matrix.Answer{}, err
		}
		call.Token = token
		answer, err := c.admin.Do(ctx, call, out)
		if !matrix.Is(err, http.StatusUnauthorized, "") || !again {
			return answer, err
		}
		c.forget(token)
	}
}

// current returns a token that is good for some time yet, and gets one where there is none (POST /oauth2/token). Without `scope`
// MAS answers with a token that can do nothing, so it is always sent.
func (c *client) current(ctx context.Context) (api.Secret, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.token.IsZero() && c.now().Before(c.ends) {
		return c.token, nil
	}
	old := c.token
	var granted struct {
		Token   api.Secret `json:"access_token"`
		Expires int64      `json:"expires_in"`
		Scope   string     `json:"scope"`
	}
	before := c.now()
	_, err := c.oauth.Do(ctx, matrix.Call{
		Method: http.MethodPost, Path: matrix.At("/oauth2/token"), Basic: c.basic,
		Form: map[string]api.Secret{"grant_type": api.NewSecret("client_credentials"), "scope": api.NewSecret(scopeAdmin)},
	}, &granted)
	if err != nil {
		return api.Secret{}, tokenProblem(err)
	}
	if granted.Token.IsZero() || granted.Scope != scopeAdmin {
		return api.Secret{}, api.NewProblem(api.StatusBadGateway, "mas_not_admin_client")
	}
	life := time.Duration(granted.Expires) * time.Second
	c.token, c.ends = granted.Token, before.Add(life-min(early, life/2))
	if !old.IsZero() {
		c.revoke(ctx, old) // what it was is over soon; its session would stay
	}
	return c.token, nil
}

// forget drops a token that MAS refuses.
func (c *client) forget(token api.Secret) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = api.Secret{}
	}
}

// revoke ends a token and the session that it left (POST /oauth2/revoke, RFC 7009). Whether it worked makes no difference to
// anything but MAS's list of sessions.
func (c *client) revoke(ctx context.Context, token api.Secret) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime)
	defer cancel()
	_, _ = c.oauth.Do(ctx, matrix.Call{
		Method: http.MethodPost, Path: matrix.At("/oauth2/revoke"), Basic: c.basic,
		Form: map[string]api.Secret{"token": token},
	}, nil)
}

// close ends the token.
func (c *client) close(ctx context.Context) {
	c.mu.Lock()
	token := c.token
	c.token = api.Secret{}
	c.mu.Unlock()
	if !token.IsZero() {
		c.revoke(ctx, token)
	}
}
