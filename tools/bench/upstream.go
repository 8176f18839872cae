// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
)

// An upstream stands where the gate expects the homeserver. First it passes everything on and remembers it, so that what the gate asks
// for can be asked directly; then it answers from memory, at once, so that what is measured is the gate and not how much a homeserver
// can take.
type upstream struct {
	URL    string
	target string
	server *http.Server

	mu      sync.Mutex
	answers map[string]answer
	asked   []string // paths with queries of GET requests, in order
	token   string   // what the gate shows
	replay  bool
	unknown []string // what was asked and is not remembered
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// newUpstream listens on a free port, in front of a homeserver.
func newUpstream(target string) (*upstream, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &upstream{URL: "http://" + l.Addr().String(), target: target, answers: map[string]answer{}}
	u.server = &http.Server{Handler: u}
	go u.server.Serve(l) // ends with close
	return u, nil
}

func (u *upstream) close() error { return u.server.Close() }

// ServeHTTP passes a request on, or answers it from memory.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Method + " " + r.URL.RequestURI()
	u.mu.Lock()
	known, ok := u.answers[key]
	replay := u.replay
	if replay && !ok {
		u.unknown = append(u.unknown, key)
	}
	u.mu.Unlock()
	if !replay {
		var err error
		if known, err = u.pass(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		u.remember(key, r, known)
	} else if !ok {
		http.NotFound(w, r)
		return
	}
	maps.Copy(w.Header(), known.header)
	w.WriteHeader(known.status)
	w.Write(known.body)
}

func (u *upstream) pass(r *http.Request) (answer, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(r.Context(), r.Method, u.target+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for _, name := range []string{"Authorization", "Content-Type", "Accept", "X-Forwarded-For"} {
		if v := r.Header.Get(name); v != "" {
			req.Header.Set(name, v)
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	header := http.Header{}
	for _, name := range []string{"Content-Type", "Server", "Date"} {
		if v := resp.Header.Get(name); v != "" {
			header.Set(name, v)
		}
	}
	return answer{resp.StatusCode, header, out}, err
}

func (u *upstream) remember(key string, r *http.Request, a answer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answers[key] = a
	if r.Method == http.MethodGet {
		u.asked = append(u.asked, r.URL.RequestURI())
		if t := r.Header.Get("Authorization"); t != "" {
			u.token = t
		}
	}
}

// listen forgets what was asked so far; its result tells what is asked from now on, and with which Authorization.
func (u *upstream) listen() (heard func() (paths []string, token string)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked = nil
	return func() ([]string, string) {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.asked, u.token
	}
}

// fromMemory has it answer by itself from now on; its result tells what it could not answer.
func (u *upstream) fromMemory() (missed func() []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.replay = true
	return func() []string {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.unknown
	}
}
