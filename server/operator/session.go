// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gatehouse/app/api"
	"gatehouse/server/store"
)

// Sessions opens and ends the sessions of people. The token that the browser keeps is a JWT that names a session record; what the
// session may do is in the record alone, so that ending it works at once.
type Sessions struct {
	Store    *store.Store
	Keys     map[string][]byte // signing keys by key id
	KeyID    string            // of the one that signs
	Audience string            // the panel's public address
	Idle     time.Duration     // a session without activity ends after this
	Absolute time.Duration     // any session ends after this
	Now      func() time.Time
	// Still tells whether somebody may yet what they could when they signed in; nil: nobody is asked. A session whose person may
	// not is ended. It is asked for a session that was quiet for a minute, so at most once a minute for one in use.
	Still func(context.Context, Person) bool
}

// The errors of Sessions.Person.
var (
	ErrSignedOut = errors.New("nobody is signed in")
	ErrExpired   = errors.New("the session has ended")
)

const (
	issuer = "gatehouse"
	// afterlife is how long a token outlives its session. It opens nothing then, but tells whose session it was, so that what the person
	// had typed can be kept for them.
	afterlife = time.Hour
	// askEvery is how long the answer of Still holds. It is not longer than the store's own raster of activity, or a session in use
	// would never be quiet for that long.
	askEvery = time.Minute
)

// Open makes a session and returns the token for the cookie, and until when the browser shall keep it.
func (s *Sessions) Open(ctx context.Context, p Person, userAgent string) (token string, keep time.Time, err error) {
	now := s.Now()
	end := now.Add(s.Absolute)
	id, err := s.Store.CreateSession(ctx, store.Session{
		Person: p.ID, DisplayName: p.Name, Role: string(p.Role), Homeserver: p.Homeserver,
		Created: now, AbsoluteEnd: end, Address: p.Address, UserAgent: userAgent,
	})
	if err != nil {
		return "", time.Time{}, err
	}
	keep = end.Add(afterlife)
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		ID: id, Issuer: issuer, Audience: jwt.ClaimStrings{s.Audience},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(keep),
	})
	t.Header["kid"] = s.KeyID
	token, err = t.SignedString(s.Keys[s.KeyID])
	return token, keep, err
}

// Person returns whose token it is. With active the call counts as activity; what a page asks for by itself does not. The error is
// ErrSignedOut, or ErrExpired together with the person whose session it was, or one of the store.
func (s *Sessions) Person(ctx context.Context, token string, active bool) (*Person, error) {
	id, err := s.id(token)
	if err != nil {
		return nil, ErrSignedOut
	}
	record, err := s.Store.Session(ctx, id, s.Now(), s.Idle)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrSignedOut
	case errors.Is(err, store.ErrExpired):
		p := person(record)
		if !record.Ended.IsZero() {
			return nil, ErrSignedOut
		}
		return &p, ErrExpired
	case err != nil:
		return nil, err
	}
	p := person(record)
	if s.Still != nil && s.Now().Sub(record.LastActive) >= askEvery && !s.Still(ctx, p) {
		if err := s.Store.EndSession(ctx, id, s.Now()); err != nil {
			return nil, err
		}
		return nil, ErrSignedOut
	}
	if active {
		if err := s.Store.TouchSession(ctx, record, s.Now()); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// Close ends the session of a token on the server. A token that is no good any more ends nothing.
func (s *Sessions) Close(ctx context.Context, token string) error {
	id, err := s.id(token)
	if err != nil {
		return nil
	}
	return s.Store.EndSession(ctx, id, s.Now())
}

func person(r store.Session) Person {
	return Person{ID: r.Person, Name: r.DisplayName, Role: api.Role(r.Role), Homeserver: r.Homeserver, Session: r.Hash}
}

// id checks a token and returns the session that it names. Nothing of a token is believed before its signature.
func (s *Sessions) id(token string) (string, error) {
	var claims jwt.RegisteredClaims
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithIssuer(issuer), jwt.WithAudience(s.Audience), jwt.WithStrictDecoding(), jwt.WithLeeway(5*time.Second), jwt.WithTimeFunc(s.Now),
	)
	_, err := parser.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		key, ok := s.Keys[kid]
		if !ok || len(key) < 32 {
			return nil, fmt.Errorf("no key %q", kid)
		}
		return key, nil
	})
	if err != nil || claims.ID == "" {
		return "", ErrSignedOut
	}
	return claims.ID, nil
}
