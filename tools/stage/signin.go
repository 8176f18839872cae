// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// SignIn signs a person in, as the page's form does, and returns the cookies that open the panel.
func (p *Panel) SignIn(ctx context.Context, name, password string) ([]*http.Cookie, error) {
	form := url.Values{"homeserver": {Name}, "name": {name}, "password": {password}, "next": {"/"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.Listen+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.URL)
	resp, err := http.DefaultTransport.RoundTrip(req) // which follows no redirect
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) == 0 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4000))
		return nil, fmt.Errorf("sign in as %s: the panel answered %s\n%s", name, resp.Status, body)
	}
	return resp.Cookies(), nil
}
