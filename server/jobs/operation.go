// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/password"
	"gatehouse/server/store"
)

// operationPlanner plans jobs that do one operation to many accounts.
type operationPlanner struct{ e *Engine }

// lookedAtOnce is how many accounts are looked at before their items are written.
const lookedAtOnce = 100

// Plan implements Planner.
func (p *operationPlanner) Plan(ctx context.Context, job store.Job, person gate.Person, add func(...Item) error) error {
	t, err := newTemplate(decode[api.JobPlan](job.Request))
	if err != nil {
		return err
	}
	server, ok := p.e.gate.Homeserver(job.Homeserver)
	if !ok {
		return api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", job.Homeserver)
	}
	one := &planning{e: p.e, job: job, person: person, server: server, template: t}
	switch {
	case t.plan.File.ID != "":
		return p.e.files.Accounts(ctx, job, t.plan.File, func(rows []Row) error { return one.all(ctx, rows, add) })
	case !t.plan.All:
		return one.all(ctx, named(t.plan.IDs), add)
	}
	query := t.plan.Filter
	query.Limit = api.MaxPage
	query.Sort, query.Descending = "", false // by ID nobody changes places meanwhile, and a list that can be whole is
	// Lists move while they are read: what comes between pushes accounts of one page onto the next.
	seen := map[api.UserID]bool{}
	partly := "" // why the list is not whole
	for {
		page, err := looked(ctx, p.e.throttle(job.Homeserver), server, api.ListUsers, query)
		if err != nil {
			return err
		}
		page.Users = slices.DeleteFunc(page.Users, func(u api.User) bool {
			twice := seen[u.ID]
			seen[u.ID] = true
			return twice
		})
		if len(page.Limits) > 0 {
			partly = page.Limits[0]
		}
		rows := make([]Row, len(page.Users))
		for i, u := range page.Users {
			u.Unknown = append(u.Unknown, page.Unknown...)
			rows[i].User = u
		}
		if err := one.all(ctx, rows, add); err != nil {
			return err
		}
		switch page.Next {
		case "":
			return p.tell(ctx, job, partly)
		case query.Cursor: // or it would be read for ever
			return api.NewProblem(api.StatusBadGateway, "homeserver_unknown_answer")
		}
		query.Cursor = page.Next
	}
}

// tell writes down why a list that a plan was made of is not whole, where it is not: the job is about less than was asked for.
func (p *operationPlanner) tell(ctx context.Context, job store.Job, partly string) error {
	if partly == "" && job.Code == "" {
		return nil
	}
	_, err := p.e.Store.ChangeJob(ctx, job.ID, []string{store.JobPlanning}, func(j *store.Job) error {
		j.Code, j.Params = "", ""
		if partly != "" {
			j.Code, j.Params = "job_list_partial", encode(map[string]string{"reason": partly})
		}
		return nil
	})
	return err
}

type planning struct {
	e        *Engine
	job      store.Job
	person   gate.Person
	server   *gate.Homeserver
	template template
}

// all plans what is to be done to accounts, some at a time, in their order.
func (p *planning) all(ctx context.Context, rows []Row, add func(...Item) error) error {
	for len(rows) > 0 {
		n := min(len(rows), lookedAtOnce)
		items := make([]Item, n)
		group, within := errgroup.WithContext(ctx)
		for i, row := range rows[:n] {
			group.Go(func() (err error) {
				if row.Problem != nil {
					items[i] = Item{Target: row.User.ID, State: store.ItemFailed, Problem: row.Problem}
				} else {
					items[i], err = p.item(within, row.User)
				}
				items[i].Line, items[i].Row = row.Line, row.Kept
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		if err := add(items...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// item plans what is to be done to one account. The error is why nothing can be planned now; what is wrong with this account is in the item.
func (p *planning) item(ctx context.Context, u api.User) (Item, error) {
	info := p.template.op.Info()
	// Lists do not tell differences of so many accounts as they do of one.
	if !u.Knows(unseen) || info.Shows != "" && !u.Knows(info.Shows) || !u.Knows("admin") || p.template.op == api.Op(api.RepairUser) {
		seen, err := looked(ctx, p.e.throttle(p.job.Homeserver), p.server, api.GetUser, api.UserRef{ID: u.ID})
		if problem, ok := errors.AsType[*api.Problem](err); ok && !problem.KeyDead() {
			return Item{Target: u.ID, State: store.ItemFailed, Problem: problem}, nil
		}
		if err != nil {
			return Item{}, err
		}
		u = seen
	}
	if done, tells := info.Seen(u); done && tells {
		return Item{Target: u.ID, State: store.ItemSkipped, Problem: api.NewProblem(api.StatusConflict, "item_already_"+already(info))}, nil
	}
	req, err := p.template.request(u.ID)
	if code := needless(req, u); err == nil && code != "" {
		return Item{Target: u.ID, State: store.ItemSkipped, Problem: api.NewProblem(api.StatusConflict, code)}, nil
	}
	if err == nil {
		err = p.e.gate.Preview(ctx, gate.Visit{Person: &p.person, Homeserver: p.job.Homeserver, Operation: info.Name}, req, u)
	}
	if problem, ok := errors.AsType[*api.Problem](err); ok && !problem.KeyDead() {
		return Item{Target: u.ID, State: store.ItemFailed, Problem: problem}, nil
	}
	if err != nil {
		return Item{}, err
	}
	item := Item{Target: u.ID, Changes: changes(info, req, u), Steps: []Step{{Operation: info.Name}}}
	if p.template.choice.Mode != "" {
		item.Generated = true
		if item.Password, err = password.Make(p.template.choice); err != nil {
			return Item{}, err
		}
	}
	return item, nil
}

// already names the state that needs nothing more to be done.
func already(info api.Info) string {
	if info.ShowsAs {
		return info.Shows
	}
	return "not_" + info.Shows
}

// needless says why a request changes nothing of an account as it is, where it does not, and the operation does not say so itself (api.Shows).
func needless(req api.Request, u api.User) (code string) {
	switch r := req.(type) {
	case api.UserUpdate:
		same := func(field string, as bool) bool { return as && u.Knows(field) }
		switch {
		case r.Threepids != nil || r.ExternalIDs != nil:
		case r.DisplayName != nil && !same("display_name", r.DisplayName.To == u.DisplayName):
		case r.AvatarURL != nil && !same("avatar_url", r.AvatarURL.To == u.AvatarURL):
		case r.Admin != nil && !same("admin", r.Admin.To == u.Admin):
		case r.UserType != nil && !same("user_type", r.UserType.To == u.UserType):
		default:
			return "item_already_so"
		}
	case api.UserRepair:
		if !slices.Contains(u.Drift, r.Drift) {
			return "item_no_drift"
		}
	}
	return ""
}

// changes says what a request does to an account, as far as accounts show it. Where the homeserver cannot tell how a flag is it is not said from what.
func changes(info api.Info, req api.Request, u api.User) []api.JobChange {
	flag := func(field string, is, to bool) api.JobChange {
		c := api.JobChange{Field: field, To: strconv.FormatBool(to)}
		if u.Knows(field) {
			c.From = strconv.FormatBool(is)
		}
		return c
	}
	if info.Shows != "" {
		return []api.JobChange{flag(info.Shows, !info.ShowsAs, info.ShowsAs)}
	}
	update, ok := req.(api.UserUpdate)
	if !ok {
		return nil
	}
	var list []api.JobChange
	if update.DisplayName != nil {
		list = append(list, api.JobChange{Field: "display_name", From: u.DisplayName, To: update.DisplayName.To})
	}
	if update.AvatarURL != nil {
		list = append(list, api.JobChange{Field: "avatar_url", From: string(u.AvatarURL), To: string(update.AvatarURL.To)})
	}
	if update.Admin != nil {
		list = append(list, flag("admin", u.Admin, update.Admin.To))
	}
	if update.UserType != nil {
		list = append(list, api.JobChange{Field: "user_type", From: u.UserType, To: update.UserType.To})
	}
	return list
}

// looked asks the homeserver at the pace of its jobs. Where it is away or asks to wait, it is asked again until it answers; what it answers
// with an error of its own, a few times.
func looked[Req api.Request, Res any](ctx context.Context, t *throttle, at *gate.Homeserver, op *api.Operation[Req, Res], req Req) (Res, error) {
	for tries := 1; ; {
		var none Res
		if err := t.begin(ctx); err != nil {
			return none, err
		}
		begun := now()
		res, err := homeserver.Call(ctx, at.Adapter, op, req)
		at.Heard(ctx, res, err, now())
		how, wait := endingOf(err)
		t.end(op.Info().Name, since(begun), how, wait)
		if how == went || ctx.Err() != nil {
			return res, err
		}
		if problem, ok := errors.AsType[*api.Problem](err); how == broken && !(ok && problem.Passing()) {
			if tries++; tries > maxAttempts {
				return res, err
			}
		}
	}
}

// Look asks a homeserver at the pace of its jobs, as planners have to. Where it is away or asks to wait, it is asked again until it answers.
func Look[Req api.Request, Res any](ctx context.Context, e *Engine, name string, op *api.Operation[Req, Res], req Req) (Res, error) {
	server, ok := e.gate.Homeserver(name)
	if !ok {
		var none Res
		return none, api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", name)
	}
	return looked(ctx, e.throttle(name), server, op, req)
}

// A template is what is asked of each account of a job.
type template struct {
	plan   api.JobPlan
	op     api.Op
	values url.Values
	// choice is how passwords are made, where the operation sets one.
	choice api.PasswordChoice
}

// newTemplate takes a plan apart and refuses what cannot be done to many accounts. The error is a *api.Problem.
func newTemplate(plan api.JobPlan) (template, error) {
	op, ok := api.Find(plan.Operation)
	if !ok || !op.Info().Many {
		return template{}, api.NewProblem(api.StatusUnprocessable, "not_for_many", "operation", plan.Operation).At("operation")
	}
	t := template{plan: plan, op: op, values: url.Values{}}
	secrets := api.SecretPaths(op)
	for i, f := range plan.With {
		switch {
		case secrets[f.Name] && f.Value != "":
			return t, api.NewProblem(api.StatusUnprocessable, "secret_for_many").At(field(i))
		case f.Name == "id" || f.Name == "ids" || strings.HasPrefix(f.Name, "ids.") || f.Name == "confirm" || f.Name == "confirm_id":
			return t, api.NewProblem(api.StatusUnprocessable, "unknown_field", "field", f.Name).At(field(i))
		}
		t.values.Add(f.Name, f.Value)
	}
	if mode := t.values.Get("password.mode"); mode != "" && mode != api.PasswordNone {
		if mode == api.PasswordTyped || op.Info().Name == api.ReactivateUser.Info().Name {
			return t, api.NewProblem(api.StatusUnprocessable, "secret_for_many").At("with")
		}
		t.choice.Mode = mode
	}
	return t, nil
}

func field(i int) string { return "with." + strconv.Itoa(i) + ".value" }

// request is what is asked of one account, without a password. It is validated.
func (t template) request(id api.UserID) (api.Request, error) {
	values := url.Values{}
	for name, list := range t.values {
		values[name] = list
	}
	values.Set("id", string(id))
	if t.asksTwice() {
		values.Set("confirm_id", string(id))
	}
	req, err := t.op.DecodeForm(values)
	if err != nil {
		return nil, err
	}
	return req, req.Validate()
}

// placed is what is wrong with a request, at the fields of the plan that it came from.
func (t template) placed(err error) error {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	out := *p
	out.Fields = slices.Clone(p.Fields)
	for i, f := range out.Fields {
		at := slices.IndexFunc(t.plan.With, func(w api.JobField) bool { return w.Name == f.Field })
		if at >= 0 {
			out.Fields[i].Field = field(at)
		}
	}
	return &out
}

// asksTwice reports whether the request names its account a second time, so that nobody does it by mistake. Of a job the number of its
// accounts is asked for instead.
func (t template) asksTwice() bool {
	req, _ := t.op.Types()
	for i := range reflect.TypeOf(req).NumField() {
		if name, _, _ := strings.Cut(reflect.TypeOf(req).Field(i).Tag.Get("json"), ","); name == "confirm_id" {
			return true
		}
	}
	return false
}
