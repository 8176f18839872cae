// SPDX-License-Identifier: Apache-2.0

// Package matrix is the HTTP client that the adapters share. It sends what an adapter builds and nothing else, follows no
// redirect, bounds every answer in size and time, and tells apart the ways in which a call can fail.
package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/app/api"
)

// DefaultTimeout bounds a call where the configuration says nothing.
const DefaultTimeout = 15 * time.Second

// maxAnswer bounds an answer, in bytes: a page of 500 accounts is about 200 kB.
const maxAnswer = 8 << 20

// Client calls one homeserver. It is safe for concurrent use.
type Client struct {
	base    string
	timeout time.Duration
	http    *http.Client
}

// Option changes a Client as New makes it.
type Option func(*Client)

// WithTransport sends requests through another transport than the Client's own.
func WithTransport(t http.RoundTripper) Option {
	return func(c *Client) { c.http.Transport = t }
}

// New returns a client for the homeserver at base, an http or https address. Each call may take as long as timeout; zero
// means DefaultTimeout. Nothing is sent before the first call.
func New(base string, timeout time.Duration, options ...Option) *Client {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	c := &Client{
		base:    strings.TrimRight(base, "/"),
		timeout: timeout,
		http:    &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	for _, option := range options {
		option(c)
	}
	if c.http.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16
		c.http.Transport = t
	}
	return c
}

// Base returns the homeserver's address, without a slash at its end.
func (c *Client) Base() string { return c.base }

// Timeout returns how long a call may take.
func (c *Client) Timeout() time.Duration { return c.timeout }

// Close ends the connections that wait for another call.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call is one request.
type Call struct {
	Method string
	Path   Path
	Query  url.Values
	Token  api.Secret // sent as a bearer token
	Body   any        // sent as JSON, secrets in clear; nil sends no body
	// Form is sent as a form, in place of Body: the endpoints of OAuth take no JSON.
	Form map[string]api.Secret
	// Basic signs in with HTTP Basic authentication (RFC 7617), in place of Token.
	Basic Basic
	// ForwardedFor is the address of the person for whom the call is made, sent as X-Forwarded-For; "" sends none.
	ForwardedFor string
}

// Raw takes an answer that is no JSON as it comes.
type Raw struct {
	Type string // its Content-Type, without parameters
	Data []byte
	Max  int64 // bounds it, in bytes
}

// Basic is a name and a password. Nothing is escaped in them: Matrix Authentication Service decodes nothing.
type Basic struct {
	Name     string
	Password api.Secret
}

// Answer is what came back beside the body.
type Answer struct {
	Status  int
	Date    time.Time // the server's clock, in whole seconds; zero where it did not tell
	Server  string    // the Server header
	Latency time.Duration
}

// Do sends a call and decodes a 2xx answer's JSON into out, unless that is nil, or a *Raw, which takes it as it is. Everything else is an *Error. A GET that met
// a broken connection is sent once more; nothing else is ever repeated.
func (c *Client) Do(ctx context.Context, call Call, out any) (Answer, error) {
	answer, err := c.once(ctx, call, out)
	if call.Method == http.MethodGet && ctx.Err() == nil {
		// Where it took all its time to fail, trying again would only take as long once more.
		if e, ok := As(err); ok && (e.Kind == Down || e.Kind == Lost) && !errors.Is(err, context.DeadlineExceeded) {
			return c.once(ctx, call, out)
		}
	}
	return answer, err
}

func (c *Client) once(ctx context.Context, call Call, out any) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := c.request(ctx, call)
	if err != nil {
		return Answer{}, &Error{Kind: Unsent, cause: err}
	}
	start := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{}, failure(err, sent.Load())
	}
	defer resp.Body.Close()
	raw, isRaw := out.(*Raw)
	most := int64(maxAnswer)
	if isRaw && resp.StatusCode/100 == 2 {
		most = raw.Max
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	answer := Answer{Status: resp.StatusCode, Server: resp.Header.Get("Server"), Latency: time.Since(start)}
	if date, dateErr := http.ParseTime(resp.Header.Get("Date")); dateErr == nil {
		answer.Date = date
	}
	if err != nil {
		return answer, failure(err, true)
	}
	if int64(len(body)) > most {
		return answer, &Error{Kind: Odd, Status: resp.StatusCode, cause: errTooLong}
	}
	if e := decodeError(resp, body, call); e != nil {
		return answer, e
	}
	if out == nil {
		return answer, nil
	}
	if isRaw {
		raw.Type, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type")) // "" where it is none
		raw.Data = body
		return answer, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return answer, &Error{Kind: Odd, Status: resp.StatusCode, cause: errNotJSON}
	}
	return answer, nil
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	if call.Path.err != nil {
		return nil, call.Path.err
	}
	address := c.base + call.Path.escaped
	if len(call.Query) > 0 {
		address += "?" + call.Query.Encode()
	}
	var body io.Reader
	if call.Body != nil {
		data, err := api.EncodeWire(call.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	if call.Form != nil {
		values := url.Values{}
		for name, value := range call.Form {
			values.Set(name, value.Reveal())
		}
		body = strings.NewReader(values.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, address, body)
	if err != nil {
		return nil, errors.New("the homeserver's address is not one")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Gatehouse")
	switch {
	case call.Form != nil:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case body != nil:
		req.Header.Set("Content-Type", "application/json")
	}
	if !call.Token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+call.Token.Reveal())
	}
	if !call.Basic.Password.IsZero() {
		req.SetBasicAuth(call.Basic.Name, call.Basic.Password.Reveal())
	}
	if call.ForwardedFor != "" {
		req.Header.Set("X-Forwarded-For", call.ForwardedFor)
	}
	return req, nil
}
