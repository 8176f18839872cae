// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver/password"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
	"gatehouse/server/table"
)

// rowsAtOnce is how many rows are compared before their items are written.
const rowsAtOnce = 200

// planner plans jobs of files.
type planner struct{ desk *Desk }

// Plan implements jobs.Planner. The file is read in one go, and twice where nothing shall be done if a single row is refused.
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
	if s.format, err = f.as(plan.Format); err != nil {
		return err
	}
	if s.reader, err = newReader(plan, s.format, s.serverName); err != nil {
		return err
	}
	if s.known, err = p.desk.learn(ctx, job.Homeserver, f.Lines); err != nil {
		return err
	}
	if plan.Stop {
		refused, err := s.refused(ctx, f, add)
		if err != nil || refused > 0 {
			return errors.Join(err, stopped(refused))
		}
	}
	return s.rows(ctx, f, add)
}

func stopped(refused int) error {
	if refused == 0 {
		return nil
	}
	return api.NewProblem(api.StatusConflict, "import_stopped", "n", strconv.Itoa(refused))
}

// Planned implements jobs.Planned: the file is not needed any more.
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
}

// refused looks for rows that are refused, and adds those alone.
func (s *survey) refused(ctx context.Context, f *file, add func(...jobs.Item) error) (n int, err error) {
	err = s.rows(ctx, f, func(items ...jobs.Item) error {
		for _, i := range items {
			if i.State == store.ItemFailed {
				n++
				if err := add(i); err != nil {
					return err
				}
			}
		}
		return nil
	})
	f.rewind()
	return n, err
}

// rows reads the file and adds what is to be done for each row, in their order.
func (s *survey) rows(ctx context.Context, f *file, add func(...jobs.Item) error) error {
	f.rewind()
	r := table.NewReader(f, s.format)
	once := newOnce()
	wishes := make([]Wish, 0, rowsAtOnce)
	for {
		row, err := r.Next()
		if err != nil && err != io.EOF {
			return err
		}
		if err == nil {
			w := s.reader.wish(row)
			once.check(&w)
			if wishes = append(wishes, w); len(wishes) < rowsAtOnce {
				continue
			}
		}
		if err := s.items(ctx, wishes, add); err != nil {
			return err
		}
		wishes = wishes[:0]
		if err == io.EOF {
			return nil
		}
	}
}

// items compares some rows, several at once where accounts have to be looked up.
func (s *survey) items(ctx context.Context, wishes []Wish, add func(...jobs.Item) error) error {
	items := make([]jobs.Item, len(wishes))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i, w := range wishes {
		group.Go(func() (err error) {
			items[i], err = s.item(within, w)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return add(items...)
}

// item is what is to be done for a row. The error is why nothing can be planned now; what is wrong with the row alone is in the item.
func (s *survey) item(ctx context.Context, w Wish) (jobs.Item, error) {
	item := jobs.Item{Line: int64(w.Line), Target: w.ID, Changes: w.given()}
	d, u, err := s.deed(ctx, w, &item)
	if err == nil {
		err = s.check(ctx, d, u)
	}
	var p *api.Problem
	switch {
	case errors.As(err, &p) && p.Status != api.StatusUnavailable:
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

// field names the first field that is wrong in a request as people know it from their file.
func field(p *api.Problem) *api.Problem {
	if len(p.Fields) == 0 {
		return p
	}
	f := p.Fields[0]
	return api.NewProblem(p.Status, "import_field", "field", f.Field, "code", f.Code)
}

// deed decides what a row comes to: to make an account, to change one, or neither.
func (s *survey) deed(ctx context.Context, w Wish, item *jobs.Item) (deed, api.User, error) {
	if w.Problem != nil {
		return deed{}, api.User{}, w.Problem
	}
	whole := w.Emails != nil || w.Phones != nil || w.SSO != nil
	u, there, err := s.known.find(ctx, w.ID, whole && s.plan.Mode != api.ImportCreate)
	switch {
	case err != nil:
		return deed{}, u, err
	case there && s.plan.Mode == api.ImportCreate:
		return deed{}, u, api.NewProblem(api.StatusConflict, "import_exists")
	case !there && s.plan.Mode == api.ImportUpdate:
		return deed{}, u, api.NewProblem(api.StatusNotFound, "not_found", "id", string(w.ID))
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

// check asks whether all of it will be let through: by what the requests say of themselves, by permission, by what the homeserver can do, and by
// the guard.
func (s *survey) check(ctx context.Context, d deed, u api.User) error {
	for _, c := range d.calls {
		if err := c.req.Validate(); err != nil {
			return err
		}
		if err := s.lacking(c.req); err != nil {
			return err
		}
		err := s.desk.gate.Preview(ctx, gate.Visit{Person: &s.person, Homeserver: s.job.Homeserver, Operation: c.op.Info().Name}, c.req, u)
		if err != nil {
			return err
		}
	}
	return nil
}

// lacking refuses what the homeserver has not got for new accounts.
func (s *survey) lacking(req api.Request) error {
	c, ok := req.(api.UserCreate)
	if !ok {
		return nil
	}
	for field, asked := range map[string]bool{
		"user_type": c.UserType != "", "avatar_url": c.AvatarURL != "", "threepids": len(c.Threepids) > 0, "external_ids": len(c.ExternalIDs) > 0, "admin": c.Admin,
	} {
		if why := s.lacks[api.CreateUser.Info().Name+"."+field]; asked && why != "" {
			return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why)
		}
	}
	return nil
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
