// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"net/url"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// A card is how the answer to a write that shows something once is asked for when its page comes again, by a reload, Back or Forward: the gate
// has it for a minute under the request key. It stands in the state of an entry of the history, from when the form is sent. What the answer shows
// is kept nowhere here.
type card struct{ operation, key string }

const (
	cardOperation = "operation"
	cardKey       = "key"
)

func (c card) state() any {
	if c.key == "" {
		return nil
	}
	return map[string]any{cardOperation: c.operation, cardKey: c.key}
}

// cardHere returns the card of the entry where the browser is.
func cardHere() card {
	state := field(history().Get("state"), stateCard)
	operation, key := field(state, cardOperation), field(state, cardKey)
	if !operation.Truthy() || !key.Truthy() {
		return card{}
	}
	return card{operation.String(), key.String()}
}

// cardAt returns the card that is to be shown at an address, where the browser is; asked says that a card is meant, though it may be unknown here.
func cardAt(u *url.URL) (c card, asked bool) {
	if u.String() == here() {
		c = cardHere()
	}
	return c, c.key != "" || route.HasCard(u)
}

// note has the entry where the browser is lead to a card; none takes it away.
func (s *Shell) note(c card) {
	s.card = c
	s.noteEntry(c)
}

// recall asks for the answer that the card at an address shows, and returns the screen of it and its address: until the answer has come for the first
// time, a card is at the address of its form.
func (s *Shell) recall(ctx context.Context, form screen.Screen, env ui.Env, u *url.URL, c card) (screen.Screen, *url.URL, error) {
	gone := api.NewProblem(api.StatusNotFound, "answer_gone")
	op, known := api.Find(c.operation)
	w, ok := form.(screen.Writer)
	if !known || !ok {
		return form, u, gone
	}
	result, err := s.means.Caller.At(env.Homeserver).Call(client.Again(ctx), op, nil, c.key)
	if err != nil {
		return form, u, err
	}
	next := w.After(c.operation, result)
	if next.Screen == nil {
		return form, u, gone
	}
	next.Screen.Use(env)
	if at, err := url.Parse(route.Card(u, next.Account)); err == nil {
		u = at
	}
	return next.Screen, u, nil
}

// sent is where the browser was when a form was sent. The person may be elsewhere when its answer comes.
type sent struct {
	entry   string
	address string
	card    card
}

// sends notes that a form is sent: a page that is loaded again meanwhile finds its answer.
func (s *Shell) sends(op api.Op, key string) sent {
	from := sent{entry: s.entry, address: here()}
	if op.Info().Reveals {
		from.card = card{op.Info().Name, key}
		s.note(from.card)
	}
	return from
}

// unsent notes that nothing comes of a form that was sent.
func (s *Shell) unsent(from sent) {
	if from.card.key != "" && s.entry == from.entry {
		s.note(card{})
	}
}

// lead puts a card into the history in the place of its form.
func (s *Shell) lead(from sent, account api.UserID) {
	address := from.address
	if u, err := url.Parse(address); err == nil {
		address = route.Card(u, account)
	}
	if s.entry == from.entry {
		s.replaceEntry(address)
	} else {
		s.pushEntry(address, false)
	}
	s.note(from.card)
}
