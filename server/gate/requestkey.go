// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
)

// AnswerLife is how long the answer to a write stays in memory, for the second of two clicks. It may hold a password, so it is short.
const AnswerLife = 60 * time.Second

// requestKeys makes sure that a form or a client's write, however often it arrives, and at however many gates on one store, is done once.
// The store remembers for 15 minutes that it was done; the answer itself is only in the memory of the gate that did it, for AnswerLife.
type requestKeys struct {
	store       *store.Store
	now         func() time.Time
	fingerprint func([]byte) string // keyed, because a request may hold a password

	mu   sync.Mutex
	live map[string]*answer
}

type answer struct {
	request store.Request
	done    chan struct{}
	result  any
	err     error
}

func newRequestKeys(s *store.Store, now func() time.Time, fingerprint func([]byte) string) *requestKeys {
	return &requestKeys{store: s, now: now, fingerprint: fingerprint, live: map[string]*answer{}}
}

// ValidKey reports whether a text can be a request key: what NewKey makes, or what another client makes like it.
func ValidKey(key string) bool {
	return len(key) >= 16 && len(key) <= 64 &&
		strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// notBegun is why a deed was not begun, where that may be otherwise the next time. Its request key is forgotten, so that
// the same form or call may be sent again.
type notBegun struct{ error }

// Unwrap gives errors.Is and errors.As the reason.
func (n notBegun) Unwrap() error { return n.error }

// once runs the deed for the first arrival of a request key. Later arrivals wait for its answer and get the same; those that come when
// the answer is forgotten learn that it was done. The same key with another request is refused.
func (k *requestKeys) once(ctx context.Context, v Visit, req api.Request, deed func() (any, error)) (any, error) {
	if !ValidKey(v.Key) {
		return nil, api.NewProblem(api.StatusBadRequest, "request_key_missing")
	}
	body, err := api.EncodeWire(req)
	if err != nil {
		return nil, err
	}
	request := store.Request{
		Session: v.Person.Session, Key: v.Key, Operation: v.Operation, Homeserver: v.Homeserver,
		BodyHash: k.fingerprint(body), At: k.now(),
	}
	name := request.Session + "\x00" + request.Key

	k.mu.Lock()
	if a, ok := k.live[name]; ok {
		k.mu.Unlock()
		if !a.request.SameWrite(request) {
			return nil, api.NewProblem(api.StatusConflict, "key_reused")
		}
		return a.wait(ctx)
	}
	a := &answer{request: request, done: make(chan struct{}), err: errors.New("the deed did not end")}
	k.live[name] = a
	k.mu.Unlock()

	forget := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.live, name)
	}
	done := false
	defer func() {
		close(a.done) // also after a panic: whoever waits gets the error above
		if done {
			time.AfterFunc(AnswerLife, forget)
		} else {
			forget() // what is known of this key is in the store
		}
	}()
	a.result, done, a.err = k.first(ctx, v, request, deed)
	return a.result, a.err
}

func (a *answer) wait(ctx context.Context) (any, error) {
	select {
	case <-a.done:
		return a.result, a.err
	case <-ctx.Done():
		return nil, api.NewProblem(api.StatusTimeout, "outcome_unknown")
	}
}

// again returns the answer to an earlier arrival of a request key, as once does for a second one, without the request: a page that is loaded again
// has it no more, because it may hold a password. Nothing is begun.
func (k *requestKeys) again(ctx context.Context, v Visit) (any, error) {
	if !ValidKey(v.Key) {
		return nil, api.NewProblem(api.StatusBadRequest, "request_key_missing")
	}
	same := func(r store.Request) bool { return r.Operation == v.Operation && r.Homeserver == v.Homeserver }
	k.mu.Lock()
	a, ok := k.live[v.Person.Session+"\x00"+v.Key]
	k.mu.Unlock()
	if ok && same(a.request) {
		return a.wait(ctx)
	}
	for {
		row, err := k.store.Request(ctx, v.Person.Session, v.Key)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, api.NewProblem(api.StatusNotFound, "answer_gone")
		case err != nil:
			return nil, api.NewProblem(api.StatusUnavailable, "store_unavailable")
		case !same(row):
			return nil, api.NewProblem(api.StatusConflict, "key_reused")
		}
		if elsewhere, err := k.elsewhere(ctx, row); err != nil || !elsewhere || homeserver.Pause(ctx, elsewhereEvery) != nil {
			return nil, earlier(row)
		}
	}
}

// earlier is what is told of a write that arrived before, where its answer is not in memory.
func earlier(row store.Request) error {
	switch {
	case row.State != store.RequestDone:
		return api.NewProblem(api.StatusConflict, "outcome_unknown") // a gate was stopped in the middle of it, or takes very long
	case row.Code != "":
		return api.NewProblem(row.Status, row.Code)
	}
	return alreadyDone(row.Operation)
}

// first asks the store whether this is the first arrival, and if so runs the deed. It reports whether the answer is that of the deed.
func (k *requestKeys) first(ctx context.Context, v Visit, request store.Request, deed func() (any, error)) (result any, done bool, err error) {
	row, first, err := k.arrive(ctx, request)
	switch {
	case err != nil:
		return nil, false, api.NewProblem(api.StatusUnavailable, "store_unavailable")
	case !first && !row.SameWrite(request):
		return nil, false, api.NewProblem(api.StatusConflict, "key_reused")
	case !first:
		return nil, false, earlier(row)
	}
	result, err = deed()
	if not, ok := errors.AsType[notBegun](err); ok {
		_ = k.store.CancelRequest(ctx, request.Session, request.Key) // where this fails, the key is spent
		return nil, false, not.error
	}
	status, code := 200, ""
	if p, ok := errors.AsType[*api.Problem](err); ok {
		status, code = p.Status, p.Code
	} else if err != nil {
		status, code = api.StatusInternal, "internal"
	}
	// What was done stays done when this fails; a third arrival then hears that the outcome is unknown.
	_ = k.store.FinishRequest(ctx, request.Session, request.Key, status, code, "")
	return result, true, err
}

// elsewhereEvery is how often the gate looks whether another one has ended what it does.
const elsewhereEvery = 250 * time.Millisecond

// arrive notes the arrival of a request. Where another gate is at the same one, it waits for that one's end, as long as it lives.
func (k *requestKeys) arrive(ctx context.Context, request store.Request) (row store.Request, first bool, err error) {
	for {
		row, first, err = k.store.BeginRequest(ctx, request)
		if err != nil || first || !row.SameWrite(request) {
			return row, first, err
		}
		if elsewhere, err := k.elsewhere(ctx, row); err != nil || !elsewhere {
			return row, false, err
		}
		if homeserver.Pause(ctx, elsewhereEvery) != nil {
			return row, false, nil
		}
	}
}

// elsewhere reports whether another gate, which lives, is at a request.
func (k *requestKeys) elsewhere(ctx context.Context, row store.Request) (bool, error) {
	if row.State == store.RequestDone || row.Replica == k.store.Replica() {
		return false, nil
	}
	return k.store.Lives(ctx, row.Replica)
}

// alreadyDone says that a write was done before and its answer is gone.
func alreadyDone(operation string) error {
	if strings.HasPrefix(operation, "tokens.") {
		return api.NewProblem(api.StatusConflict, "already_done_token")
	}
	if op, ok := api.Find(operation); ok && op.Info().Reveals {
		return api.NewProblem(api.StatusConflict, "already_done_secret")
	}
	return api.NewProblem(api.StatusConflict, "already_done")
}
