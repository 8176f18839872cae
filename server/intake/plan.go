// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver/password"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
	"gatehouse/server/table"
)

// rowsAtOnce is how many rows are compared before their items are written, and bytesAtOnce how much of them, about: a row can be long.
const (
	rowsAtOnce  = 200
	bytesAtOnce = 4 << 20
)

// rowsCompared is how many accounts are looked up at the same time.
const rowsCompared = 16

// planner plans jobs of files.
type planner struct{ desk *Desk }

// Plan implements jobs.Planner. The file is read in one go. Of one that is not to be done because rows were refused those alone are kept.
func (p planner) Plan(ctx context.Context, job store.Job, person gate.Person, add func(...jobs.Item) error) error {
	var plan api.ImportPlan
	if err := json.Unmarshal([]byte(job.Request), &plan); err != nil {
		return err
	}
	f, err := p.desk.open(ctx, job.Homeserver, job.Person, plan.ID)
	if err != nil {
		return err
	}
	server, ok := p.desk.gate.Homeserver(job.Homeserver)
	if !ok {
		return api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", job.Homeserver)
	}
	s := &survey{desk: p.desk, plan: plan, job: job, person: person, serverName: server.Settings.ServerName, lacks: server.Unavailable()}
	info, err := jobs.Look(ctx, p.desk.Jobs, job.Homeserver, api.ServerInfo, api.ServerQuery{})
	if err != nil {
		return err
	}
	maps.Copy(s.lacks, info.Unavailable) // the command line has not looked before
	if s.format, err = f.as(plan.Format); err != nil {
		return err
	}
	if s.reader, err = newReader(plan, s.format, s.serverName); err != nil {
		return err
	}
	if s.known, err = p.desk.learn(ctx, job.Homeserver, f.Lines); err != nil {
		return err
	}
	refused := 0
	err = s.rows(ctx, f, func(items ...jobs.Item) error {
		for _, i := range items {
			if i.State == store.ItemFailed {
				refused++
			}
		}
		return add(items...)
	})
	if err == nil && plan.Stop && refused > 0 {
		return api.NewProblem(api.StatusConflict, "import_stopped", "n", strconv.Itoa(refused))
	}
	return err
}

// Planned implements jobs.Planned: the file is not needed any more, nor where its plan was refused.
func (p planner) Planned(ctx context.Context, job store.Job) error {
	var plan api.ImportPlan
	if err := json.Unmarshal([]byte(job.Request), &plan); err != nil {
		return err
	}
	return p.desk.Store.DeleteUpload(ctx, plan.ID)
}

// A survey holds the rows of a file against the accounts that there are.
type survey struct {
	desk       *Desk
	plan       api.ImportPlan
	job        store.Job
	person     gate.Person
	serverName string
	lacks      map[string]string // what the homeserver has not, and why
	format     table.Format
	reader     reader
	known      *known
	blind      sync.Map // by what the homeserver cannot find accounts; many rows ask at once
}

// rows reads the file and adds what is to be done for each row, in their order.
func (s *survey) rows(ctx context.Context, f *file, add func(...jobs.Item) error) error {
	return inHeaps(table.NewReader(f, s.format), s.reader, newOnce(), func(wishes []Wish) error { return s.items(ctx, wishes, add) })
}

// items compares some rows, several at once where accounts have to be looked up.
func (s *survey) items(ctx context.Context, wishes []Wish, add func(...jobs.Item) error) error {
	items := make([]jobs.Item, len(wishes))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(rowsCompared)
	for i, w := range wishes {
		group.Go(func() (err error) {
			items[i], err = s.item(within, w)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	s.known.owners.compared(len(wishes))
	return add(items...)
}

// item is what is to be done for a row. The error is why nothing can be planned now; what is wrong with the row alone is in the item.
func (s *survey) item(ctx context.Context, w Wish) (jobs.Item, error) {
	item := jobs.Item{Line: int64(w.Line), Target: w.ID, Changes: w.given(), Row: w.Kept}
	d, u, err := s.deed(ctx, w, &item)
	if err == nil {
		err = s.check(ctx, d, u)
	}
	var p *api.Problem
	switch {
	case errors.As(err, &p) && p.Status != api.StatusUnavailable && !p.KeyDead():
		item.State, item.Problem, item.Password, item.Generated = store.ItemFailed, field(p), api.Secret{}, false
		return item, nil
	case err != nil:
		return item, err
	case len(d.calls) == 0:
		item.State, item.Problem, item.Changes = store.ItemSkipped, api.NewProblem(api.StatusConflict, "import_same"), nil
		return item, nil
	}
	item.Changes = d.changes
	item.Steps, err = d.steps()
	return item, err
}

// deed decides what a row comes to: to make an account, to change one, or neither.
func (s *survey) deed(ctx context.Context, w Wish, item *jobs.Item) (deed, api.User, error) {
	if w.Problem != nil {
		return deed{}, api.User{}, w.Problem
	}
	var compared []string
	if s.plan.Mode != api.ImportCreate {
		compared = w.compared()
	}
	u, there, err := s.known.find(ctx, w.ID, compared)
	switch {
	case err != nil:
		return deed{}, u, err
	case there && s.plan.Mode == api.ImportCreate:
		return deed{}, u, api.NewProblem(api.StatusConflict, "import_exists")
	case !there && s.plan.Mode == api.ImportUpdate:
		return deed{}, u, api.NewProblem(api.StatusNotFound, "not_found", "id", string(w.ID))
	case there && untold(w, u) != "":
		return deed{}, u, api.NewProblem(api.StatusUnprocessable, "import_untold", "field", untold(w, u))
	case w.Guest != nil && *w.Guest != u.Guest:
		return deed{}, u, api.NewProblem(api.StatusUnprocessable, "import_guest")
	case !there:
		if err := s.password(&w, item); err != nil {
			return deed{}, u, err
		}
		return creation(w, item.Password), api.User{ID: w.ID}, nil
	}
	d := update(w, u, s.plan.Reset)
	if u.Deactivated && (len(d.calls) > 0 || w.Deactivated != nil && !*w.Deactivated) {
		return deed{}, u, api.NewProblem(api.StatusConflict, "deactivated_account")
	}
	if s.plan.Reset {
		item.Password = w.Password
	}
	return d, u, nil
}

// password is that of a new account: the row's own, or one that is made, if that was chosen. It is never empty.
func (s *survey) password(w *Wish, item *jobs.Item) (err error) {
	item.Password = w.Password
	if !w.Password.IsZero() {
		return nil
	}
	switch s.plan.Passwords {
	case api.PasswordPassphrase:
		item.Password, err = password.Passphrase(s.plan.Length)
	case api.PasswordRandom:
		item.Password, err = password.Random(s.plan.Length)
	default:
		return api.NewProblem(api.StatusUnprocessable, "import_no_password")
	}
	item.Generated = true
	return err
}

// once finds what stands in a file twice: accounts, addresses, identities. It remembers the lines.
type once struct{ seen map[string]int }

func newOnce() *once { return &once{map[string]int{}} }

func (o *once) check(w *Wish) {
	if w.Problem != nil {
		return
	}
	o.one(w, api.FieldID, "", string(w.ID))
	for _, a := range or(w.Emails) {
		o.one(w, api.FieldEmails, "email:", a)
	}
	for _, a := range or(w.Phones) {
		o.one(w, api.FieldPhones, "msisdn:", a)
	}
	for _, e := range or(w.SSO) {
		o.one(w, api.FieldSSO, "sso:", e.AuthProvider+"\x00"+e.ExternalID)
	}
}

func (o *once) one(w *Wish, field, kind, value string) {
	if line, twice := o.seen[kind+value]; twice && w.Problem == nil {
		w.Problem = api.NewProblem(api.StatusConflict, "import_twice", "field", field, "line", strconv.Itoa(line))
	} else if !twice {
		o.seen[kind+value] = w.Line
	}
}
