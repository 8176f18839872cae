// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gatehouse/app/api"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

func newStore(t *testing.T) *store.Store {
	t.Helper()
	return storeAt(t, storetest.Source(t))
}

func storeAt(t *testing.T, source string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var signingKey = bytes.Repeat([]byte("k"), 32)

func newSessions(t *testing.T) (*Sessions, *stopwatch) {
	t.Helper()
	w := &stopwatch{limitsStart}
	return &Sessions{
		Store: newStore(t), Keys: map[string][]byte{"one": signingKey}, KeyID: "one", Audience: "https://gate.example",
		Idle: 15 * time.Minute, Absolute: 8 * time.Hour, Now: func() time.Time { return w.now },
	}, w
}

func open(t *testing.T, s *Sessions) string {
	t.Helper()
	token, end, err := s.Open(t.Context(), Person{ID: "@ann:hs", Name: "Ann", Role: api.Owner, Homeserver: "hs", Address: "192.0.2.1"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	if want := s.Now().Add(s.Absolute + afterlife); !end.Equal(want) {
		t.Errorf("ends at %v, want %v", end, want)
	}
	return token
}

func TestSessionIsItsPersons(t *testing.T) { storetest.Each(t, testSessionIsItsPersons) }

func testSessionIsItsPersons(t *testing.T) {
	t.Parallel()
	s, _ := newSessions(t)
	p, err := s.Person(t.Context(), open(t, s), true)
	if err != nil || p.ID != "@ann:hs" || p.Name != "Ann" || p.Role != api.Owner || p.Homeserver != "hs" || p.Session == "" {
		t.Errorf("%+v, %v", p, err)
	}
}

// The token is a name and nothing else: who the person is and what they may do stands in the store alone.
func TestTokenTellsNothing(t *testing.T) { storetest.Each(t, testTokenTellsNothing) }

func testTokenTellsNothing(t *testing.T) {
	t.Parallel()
	s, _ := newSessions(t)
	token := open(t, s)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatal(token)
	}
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil || len(claims.ID) < 32 {
		t.Fatalf("%+v, %v", claims, err)
	}
	for _, part := range parts[:2] {
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		text := strings.ReplaceAll(string(decoded), claims.ID, "") // random, so it may spell anything
		if err != nil || strings.Contains(text, "nn") || strings.Contains(text, "owner") {
			t.Errorf("%s, %v", text, err)
		}
	}
	// The store has neither the token nor the ID in it, so whoever reads it can sign in as nobody.
	stored := storetest.Stored(t, storetest.Given(t))
	if strings.Contains(stored, claims.ID) || strings.Contains(stored, token) || !strings.Contains(stored, store.SessionHash(claims.ID)) {
		t.Error("the store holds it, or its hash is not found either")
	}
}

// What somebody could make of a token, and that none of it opens a session.
func TestForgedTokens(t *testing.T) { storetest.Each(t, testForgedTokens) }

func testForgedTokens(t *testing.T) {
	t.Parallel()
	s, w := newSessions(t)
	token := open(t, s)
	var real jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &real); err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, kid any, key any, change func(*jwt.RegisteredClaims)) string {
		claims := real
		if change != nil {
			change(&claims)
		}
		made := jwt.NewWithClaims(method, claims)
		if kid != nil {
			made.Header["kid"] = kid
		}
		text, err := made.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if _, err := s.Person(t.Context(), sign(jwt.SigningMethodHS256, "one", signingKey, nil), true); err != nil {
		t.Fatalf("the test cannot make a right token: %v", err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(body, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"one","typ":"JWT"}`))
	s.Keys["empty"], s.Keys["short"] = nil, []byte("short")
	hour := func(n int) *jwt.NumericDate { return jwt.NewNumericDate(w.now.Add(time.Duration(n) * time.Hour)) }
	for name, forged := range map[string]string{
		"empty":               "",
		"no token":            "x",
		"three dots":          "...",
		"no signature":        head + "." + payload + ".",
		"no part":             head + "." + payload,
		"alg none":            none + "." + payload + ".",
		"alg none, signed":    none + "." + payload + "." + signature,
		"alg None":            base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"None","kid":"one"}`)) + "." + payload + ".",
		"library's none":      sign(jwt.SigningMethodNone, "one", jwt.UnsafeAllowNoneSignatureType, nil),
		"another key":         sign(jwt.SigningMethodHS256, "one", bytes.Repeat([]byte("x"), 32), nil),
		"unknown key id":      sign(jwt.SigningMethodHS256, "two", signingKey, nil),
		"no key id":           sign(jwt.SigningMethodHS256, nil, signingKey, nil),
		"key id of a number":  sign(jwt.SigningMethodHS256, 1, signingKey, nil),
		"empty key":           sign(jwt.SigningMethodHS256, "empty", []byte{}, nil),
		"short key":           sign(jwt.SigningMethodHS256, "short", []byte("short"), nil),
		"HS384":               sign(jwt.SigningMethodHS384, "one", signingKey, nil),
		"HS512":               sign(jwt.SigningMethodHS512, "one", signingKey, nil),
		"RS256":               sign(jwt.SigningMethodRS256, "one", rsaKey, nil),
		"no exp":              sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.ExpiresAt = nil }),
		"exp is over":         sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.ExpiresAt = hour(-1) }),
		"issued in future":    sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.IssuedAt = hour(1) }),
		"not yet":             sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.NotBefore = hour(1) }),
		"another audience":    sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.Audience = jwt.ClaimStrings{"https://evil.example"} }),
		"no audience":         sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.Audience = nil }),
		"another issuer":      sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.Issuer = "somebody" }),
		"no issuer":           sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.Issuer = "" }),
		"no session":          sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.ID = "" }),
		"another session":     sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.ID = strings.Repeat("A", 43) }),
		"a session's hash":    sign(jwt.SigningMethodHS256, "one", signingKey, func(c *jwt.RegisteredClaims) { c.ID = store.SessionHash(real.ID) }),
		"payload tampered":    head + "." + strings.Replace(payload, payload[10:11], string(payload[10]^1), 1) + "." + signature,
		"signature tampered":  head + "." + payload + "." + string(signature[0]^1) + signature[1:],
		"padded":              token + "=",
		"with white space":    " " + token,
		"twice":               token + "." + token,
		"trailing bits":       token[:len(token)-1] + string(token[len(token)-1]+1),
		"a very long one":     strings.Repeat("a", 100_000),
		"signature of itself": head + "." + payload + "." + payload,
	} {
		p, err := s.Person(t.Context(), forged, true)
		if p != nil || !errors.Is(err, ErrSignedOut) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if err := s.Close(t.Context(), forged); err != nil {
			t.Errorf("%s: closing it: %v", name, err)
		}
	}
	if _, err := s.Person(t.Context(), token, true); err != nil {
		t.Errorf("a forged token ended the real session: %v", err)
	}
}

// When the key is changed, sessions signed with the one before go on; when that is taken away, they end.
func TestKeyRotation(t *testing.T) { storetest.Each(t, testKeyRotation) }

func testKeyRotation(t *testing.T) {
	t.Parallel()
	s, _ := newSessions(t)
	old := open(t, s)
	s.Keys, s.KeyID = map[string][]byte{"one": signingKey, "two": bytes.Repeat([]byte("n"), 32)}, "two"
	now := open(t, s)
	for name, token := range map[string]string{"old": old, "new": now} {
		if _, err := s.Person(t.Context(), token, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	delete(s.Keys, "one")
	if _, err := s.Person(t.Context(), old, true); !errors.Is(err, ErrSignedOut) {
		t.Errorf("old: %v", err)
	}
	if _, err := s.Person(t.Context(), now, true); err != nil {
		t.Errorf("new: %v", err)
	}
}

// How sessions end, and what is told: an idle one is known as its person's, one that was signed out is nobody's.
func TestSessionsEnd(t *testing.T) { storetest.Each(t, testSessionsEnd) }

func testSessionsEnd(t *testing.T) {
	t.Parallel()
	s, w := newSessions(t)
	start := w.now
	for name, c := range map[string]struct {
		active bool
		steps  []time.Duration
		want   error
	}{
		"just used":             {true, []time.Duration{15*time.Minute - time.Second}, nil},
		"idle":                  {true, []time.Duration{15 * time.Minute}, ErrExpired},
		"kept alive":            {true, []time.Duration{14 * time.Minute, 14 * time.Minute, 14 * time.Minute}, nil},
		"polling is no use":     {false, []time.Duration{14 * time.Minute, 2 * time.Minute}, ErrExpired},
		"use after polling":     {false, []time.Duration{14 * time.Minute}, nil},
		"absolute end":          {true, steps(10*time.Minute, 48), ErrExpired},
		"after absolute end":    {true, steps(10*time.Minute, 50), ErrExpired},
		"the token's own end":   {true, steps(10*time.Minute, 55), ErrSignedOut},
		"before absolute end":   {true, steps(10*time.Minute, 47), nil},
		"the clock goes back":   {true, []time.Duration{-4 * time.Second}, nil},
		"much later and polled": {false, []time.Duration{24 * time.Hour}, ErrSignedOut},
	} {
		w.now = start
		token := open(t, s)
		var p *Person
		var err error
		for _, d := range c.steps {
			w.now = w.now.Add(d)
			p, err = s.Person(t.Context(), token, c.active)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if (p == nil) != errors.Is(c.want, ErrSignedOut) {
			t.Errorf("%s: the person is %+v", name, p)
		}
	}
	w.now = start
	token := open(t, s)
	if err := s.Close(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Person(t.Context(), token, true); p != nil || !errors.Is(err, ErrSignedOut) {
		t.Errorf("signed out: %+v, %v", p, err)
	}
	w.now = w.now.Add(20 * time.Minute)
	if p, err := s.Person(t.Context(), token, true); p != nil || !errors.Is(err, ErrSignedOut) {
		t.Errorf("signed out and idle: %+v, %v", p, err)
	}
}

func steps(d time.Duration, n int) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = d
	}
	return list
}

// A session that cannot be looked up is not one that is over: the person is not asked to sign in again for nothing.
func TestStoreFails(t *testing.T) { storetest.Each(t, testStoreFails) }

func testStoreFails(t *testing.T) {
	t.Parallel()
	s, _ := newSessions(t)
	token := open(t, s)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Person(t.Context(), token, true); err == nil || errors.Is(err, ErrSignedOut) || errors.Is(err, ErrExpired) {
		t.Errorf("%v", err)
	}
	if err := s.Close(t.Context(), token); err == nil {
		t.Error("closed without a store")
	}
	if _, _, err := s.Open(t.Context(), Person{}, ""); err == nil {
		t.Error("opened without a store")
	}
}
