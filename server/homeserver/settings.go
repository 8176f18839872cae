// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse/app/api"
)

// Settings is what an adapter knows of its homeserver from the configuration.
type Settings struct {
	Name           string // in the configuration and in addresses
	URL            string // base address of the client-server and admin APIs
	ServerName     string // what stands after the colon of its accounts; "" until found out
	Secret         api.Secret
	Registrations  Turns // with the secret
	Token          api.Secret
	ClientURL      string // the web client of hand-out cards
	Hide           []string
	Terms          []Term   // that people accept who make an account of their own
	UserTypes      []string // that a Synapse's configuration adds
	Database       api.Secret
	DatabaseWrites bool
	ForwardedFor   bool // send the person's address as X-Forwarded-For when signing in
	Timeout        time.Duration
	MAS            MAS
}

// Turns bounds how fast something is done, over all gates together: it takes the next turn and returns how long it is until then. Where that
// is longer than there is time, it takes none, and the error is context.DeadlineExceeded. Nil is no bound.
type Turns func(context.Context) (wait time.Duration, err error)

// Term is a policy of a homeserver: what it is called, and where it can be read.
type Term struct{ Name, URL string }

// MAS is how a Synapse's Matrix Authentication Service is reached. The zero value means that there is none.
type MAS struct {
	AdminURL     string // base address of the admin API
	URL          string // base address of the OAuth endpoints; "" where that is AdminURL
	ClientID     string
	ClientSecret api.Secret
}

// Enabled reports whether there is one.
func (m MAS) Enabled() bool { return m.AdminURL != "" }

// Hidden reports whether a localpart matches a pattern of accounts to hide; `*` stands for any characters, all else for itself.
func (s Settings) Hidden(localpart string) bool {
	return slices.ContainsFunc(s.Hide, func(pattern string) bool { return match(pattern, localpart) })
}

func match(pattern, text string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, head)
	if !ok || !star {
		return ok && text == ""
	}
	for i := 0; i <= len(text); i++ {
		if match(rest, text[i:]) {
			return true
		}
	}
	return false
}

// Keeper is the gate's memory as adapters use it. The store implements it; tests have one of their own.
type Keeper interface {
	// ServiceAccount returns the service account that the gate made on a homeserver, ErrNone where it made
	// none yet. Its Token is zero where that was sealed with a key that the gate has not got any more.
	ServiceAccount(ctx context.Context, homeserver string) (ServiceAccount, error)
	// ReplaceServiceAccount keeps another one in place of the account named old ("" for none) and reports false where somebody
	// else replaced it first.
	ReplaceServiceAccount(ctx context.Context, homeserver string, old api.UserID, now ServiceAccount) (bool, error)
	// BeginServiceAccount notes an account that is about to be registered. Where the gate does not live to hear the answer, it ends the
	// account later. It fails with ErrBegun while another gate on the same store is registering one.
	BeginServiceAccount(ctx context.Context, homeserver string, id api.UserID) error
	// ForgetServiceAccount takes back BeginServiceAccount: the homeserver said that there is no such account.
	ForgetServiceAccount(ctx context.Context, homeserver string, id api.UserID) error
	// RetireServiceAccount notes an account that was registered, or may have been, and is not used, so that the gate ends it.
	RetireServiceAccount(ctx context.Context, homeserver string, id api.UserID) error
	// NoteAccount remembers an account that Gatehouse made.
	NoteAccount(ctx context.Context, homeserver string, id api.UserID) error
	// MadeAccounts returns the accounts that Gatehouse made, by localpart.
	MadeAccounts(ctx context.Context, homeserver string) ([]MadeAccount, error)
	// SetStep remembers how far a deed in several steps got; "" forgets it.
	SetStep(ctx context.Context, homeserver string, id api.UserID, step string) error
	// Step returns it.
	Step(ctx context.Context, homeserver string, id api.UserID) (string, error)
	// NoteBegun remembers an account whose making was begun, with what of it is left; one of which nothing is left is forgotten.
	NoteBegun(ctx context.Context, homeserver string, b Begun) error
	// Begun returns it, ErrNone where there is none.
	Begun(ctx context.Context, homeserver string, id api.UserID) (Begun, error)
}

// Begun is an account whose making the gate began, on a homeserver that takes several calls for it.
type Begun struct {
	ID api.UserID
	// Account is the homeserver's own name of it, so that another account that has come to its ID is not taken for it; "" before the homeserver
	// has told it.
	Account string
	At      time.Time // when it was noted; Keeper.NoteBegun sets it
	api.Begun
}

// begunWithin is how far the clocks of gate and homeserver may be apart, and how long the call that makes an account may take, together.
const begunWithin = 2 * time.Minute

// Is reports whether an account of that ID is the one that was begun. Of one whose name was not told, when it was made decides: its ID was free just
// before.
func (b Begun) Is(account string, created time.Time) bool {
	if b.Account != "" {
		return b.Account == account
	}
	return created.Sub(b.At).Abs() < begunWithin
}

// ServiceAccount is the account that the gate acts as, made with the shared secret.
type ServiceAccount struct {
	ID    api.UserID
	Token api.Secret
	// Reason is why it took the place of the one before, "" for the first one.
	Reason Reason
}

// Reason is why a service account is there in place of another one.
type Reason string

// The reasons.
const (
	ReasonSealed  Reason = "sealed"  // the key that its token was sealed with is gone
	ReasonRefused Reason = "refused" // the homeserver refused its token
	ReasonUnused  Reason = "unused"  // none: it was registered, and another one is used
	ReasonBegun   Reason = "begun"   // none yet: it is being registered, or the gate was stopped while it was
)

// ServicePrefix is what the names of the gate's own accounts begin with; ServiceTail random characters follow.
const (
	ServicePrefix = "gatehouse-"
	ServiceTail   = 10
)

// MadeAccount is an account that Gatehouse made.
type MadeAccount struct {
	ID      api.UserID
	Created time.Time
}

// ErrNone is returned where there is nothing to return.
var ErrNone = errors.New("there is none")

// ErrBegun is returned to who would begin what somebody else has begun.
var ErrBegun = errors.New("another gate has begun it")

type keyOfRequest struct{}

// WithRequestKey tells an adapter the key of the write that it is called for, for homeservers that know such keys too.
func WithRequestKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOfRequest{}, key)
}

// RequestKey returns the key of the write that ctx is of, or "".
func RequestKey(ctx context.Context) string {
	key, _ := ctx.Value(keyOfRequest{}).(string)
	return key
}

type paced struct{}

// WithPace tells an adapter that the call is one of a job, which has a pace of its own: it waits for no Turns.
func WithPace(ctx context.Context) context.Context { return context.WithValue(ctx, paced{}, true) }

// HasPace reports whether the call that ctx is of is one of a job.
func HasPace(ctx context.Context) bool { return ctx.Value(paced{}) != nil }
