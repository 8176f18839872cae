// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"gatehouse/tools/stage"
)

// An apiClient calls the gate as a signed-in person.
type apiClient struct {
	base    string // where it listens
	origin  string // public_url
	cookies []*http.Cookie
}

func (c apiClient) read(ctx context.Context, path string, out any) error {
	return c.send(ctx, http.MethodGet, "/api/"+stage.Name+"/"+path, "", nil, out)
}

func (c apiClient) write(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.send(ctx, http.MethodPost, "/api/"+stage.Name+"/"+operation, "application/json", body, out)
}

// upload sends a file as the form of imports does, and returns its ID.
func (c apiClient) upload(ctx context.Context, name, text string) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = io.WriteString(part, text)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return "", err
	}
	var to redirect
	err = c.send(ctx, http.MethodPost, "/import/"+stage.Name, form.FormDataContentType(), body.Bytes(), &to)
	return to.query.Get("id"), err
}

// A redirect is where an answer leads.
type redirect struct{ query url.Values }

// send sends one request. An out that is not nil is filled from the answer, or from where it leads.
func (c apiClient) send(ctx context.Context, method, path, kind string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Origin", c.origin)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Idempotency-Key", rand.Text())
	}
	for _, cookie := range c.cookies {
		req.AddCookie(cookie)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // which follows no redirect
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if to, ok := out.(*redirect); ok && resp.StatusCode == http.StatusSeeOther {
		where, err := resp.Location()
		if err != nil {
			return err
		}
		to.query = where.Query()
		return nil
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: the panel answered %s\n%.2000s", method, path, resp.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
