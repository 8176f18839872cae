// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/intake"
	"gatehouse/server/table"
	"gatehouse/web/languages"
)

type importCommand struct {
	File       string            `arg:"" help:"CSV or JSON Lines." type:"existingfile"`
	Homeserver string            `help:"Name of the homeserver in the configuration; not needed where there is only one." short:"s"`
	Look       bool              `help:"Only say what the file is: its columns and what they seem to mean. It is kept for a day, to be planned by its ID." xor:"do"`
	DryRun     bool              `help:"Only say what would be done with each row." xor:"do"`
	Watch      bool              `help:"Work the job off here, and say how it ends. Otherwise the running panel does it." xor:"do"`
	Handout    string            `help:"File to write the generated passwords to, once, as CSV; it must not be there yet. With --watch." type:"path"`
	Mode       string            `help:"What to do with accounts: create (only new ones), update (only those that are there) or both." enum:"create,update,both" default:"create"`
	Passwords  string            `help:"What a new account gets whose row has no password: random, passphrase, or refuse the row." enum:"random,passphrase,refuse" default:"random"`
	Length     int               `help:"Of generated passwords: characters or words."`
	Reset      bool              `help:"Give existing accounts the passwords of the file, too."`
	Clear      bool              `help:"An empty cell empties the field."`
	Stop       bool              `help:"Do nothing at all if a single row is refused."`
	Column     map[string]string `help:"What a column is, where its name does not say: --column='E-Mail privat=emails'. Nothing after = leaves it out."`
	Comma      string            `help:"What separates cells: , ; tab or |. Guessed unless told."`
	Encoding   string            `help:"utf-8, windows-1252 or utf-16. Guessed unless told."`
	Headless   bool              `help:"The first row is data already; columns are called 1, 2, 3."`
	Note       string            `help:"To be kept with the job."`
}

// Run imports accounts from a file.
func (c importCommand) Run(ctx context.Context, all *commands) (err error) {
	if c.Handout != "" && !c.Watch {
		return errors.New("--handout goes with --watch: passwords can be handed out when the job has ended")
	}
	way, err := openCorridor(ctx, all, c.Homeserver)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, way.close()) }()
	return told(importing{c, way}.run(ctx))
}

// importing is an import under way.
type importing struct {
	importCommand
	way *corridor
}

func (i importing) run(ctx context.Context) error {
	seen, err := i.send(ctx)
	if err != nil {
		return err
	}
	if i.Look {
		return printJSON(os.Stdout, seen)
	}
	plan, err := i.plan(seen)
	if err != nil {
		return err
	}
	job, err := do[api.Job](ctx, i.way, api.PlanImport, plan)
	if err != nil {
		return err
	}
	if job, err = i.until(ctx, job.ID, func(j api.Job) bool { return j.State != api.JobPlanning }); err != nil {
		return err
	}
	if i.DryRun || job.State == api.JobFailed {
		return i.tell(ctx, job)
	}
	if job, err = do[api.Job](ctx, i.way, api.StartJob, api.JobStart{ID: job.ID}); err != nil {
		return err
	}
	if !i.Watch {
		fmt.Printf("Job %s: %d rows are being done by the running panel, %d were refused, %d need nothing.\n", job.ID, job.Count.Waiting, job.Count.Failed, job.Count.Skipped)
		return nil
	}
	if job, err = i.until(ctx, job.ID, api.Job.Ended); err != nil {
		return err
	}
	if err := i.handOut(ctx, job); err != nil {
		return err
	}
	return i.tell(ctx, job)
}

// send stores the file, sealed, and looks at it.
func (i importing) send(ctx context.Context) (api.Import, error) {
	f, err := os.Open(i.File)
	if err != nil {
		return api.Import{}, err
	}
	defer f.Close()
	id, err := i.way.intake.Take(ctx, intake.Arrival{Person: i.way.person, Homeserver: i.way.homeserver, RequestID: gate.NewKey(), Name: i.File, Content: f})
	if err != nil {
		return api.Import{}, err
	}
	return do[api.Import](ctx, i.way, api.LookAtImport, api.ImportLook{ID: id, Format: i.format()})
}

func (i importing) format() api.FileFormat {
	return api.FileFormat{Encoding: i.Encoding, Comma: i.Comma, Headless: i.Headless}
}

// plan is what was asked for, with the columns as they were guessed and told.
func (i importing) plan(seen api.Import) (api.ImportPlan, error) {
	p := api.ImportPlan{
		ID: seen.ID, Format: i.format(), Mode: i.Mode, Passwords: i.Passwords, Length: i.Length, Reset: i.Reset, Clear: i.Clear, Stop: i.Stop, Note: i.Note,
	}
	named := map[string]bool{}
	for n, column := range seen.Columns {
		field, told := i.Column[column.Name]
		if !told && !taken(i.Column, column.Field) {
			field = column.Field
		}
		named[column.Name] = true
		p.Columns = append(p.Columns, api.ColumnChoice{Column: n + 1, Field: field})
	}
	for name := range i.Column {
		if !named[name] {
			return p, fmt.Errorf("the file has no column %q", name)
		}
	}
	p.Columns = slices.DeleteFunc(p.Columns, func(c api.ColumnChoice) bool { return c.Field == "" })
	return p, nil
}

// taken reports whether another column was told to be a field.
func taken(told map[string]string, field string) bool {
	for _, f := range told {
		if f == field {
			return true
		}
	}
	return false
}

// until works the job off here, or lets a running panel do it, until it is so.
func (i importing) until(ctx context.Context, id string, so func(api.Job) bool) (api.Job, error) {
	for {
		if _, err := i.way.jobs.Work(ctx, id); err != nil {
			return api.Job{}, err
		}
		job, err := do[api.Job](ctx, i.way, api.GetJob, api.JobRef{ID: id})
		if err != nil || so(job) {
			return job, err
		}
		if job.State == api.JobPaused || job.State == api.JobScheduled {
			return job, fmt.Errorf("the job %s is %s", id, job.State)
		}
		if err := homeserver.Pause(ctx, watchJobEvery); err != nil {
			return job, err
		}
	}
}

// tell writes what becomes, or became, of each row. Of a dry run nothing stays but its record.
func (i importing) tell(ctx context.Context, job api.Job) error {
	english := languages.Printer(languages.Default)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LINE\tACCOUNT\tSTATE\tWHAT")
	query := api.JobItemQuery{ID: job.ID, Limit: api.MaxPage}
	for {
		page, err := do[api.JobItemPage](ctx, i.way, api.ListJobItems, query)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			what := changes(item)
			if item.Code != "" {
				what = i18n.Bare(english.Problem(item.Code, item.Params))
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", item.Line, item.Target, item.State, what)
		}
		if query.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	n := job.Count
	fmt.Printf("Job %s is %s: %d waiting, %d done, %d skipped, %d failed, %d unknown.\n", job.ID, job.State, n.Waiting, n.Done, n.Skipped, n.Failed, n.Unknown)
	if job.Code != "" {
		fmt.Println(i18n.Bare(english.Problem(job.Code, job.Params)))
	}
	if i.DryRun && job.State == api.JobPlanned {
		if _, err := do[api.Job](ctx, i.way, api.CancelJob, api.JobRef{ID: job.ID}); err != nil {
			return err
		}
	}
	if n.Failed+n.Unknown > 0 || job.State == api.JobFailed {
		return errSilent // which rows were refused or failed was said
	}
	return nil
}

// changes writes what is done for a row.
func changes(i api.JobItem) string {
	list := []string{i.Action}
	for _, c := range i.Changes {
		if c.From == "" {
			list = append(list, fmt.Sprintf("%s=%q", c.Field, c.To))
			continue
		}
		list = append(list, fmt.Sprintf("%s=%q→%q", c.Field, c.From, c.To))
	}
	return strings.TrimSpace(strings.Join(list, " "))
}

// handOut writes the passwords that were made to a file that only its owner can read. They are wiped with it.
func (i importing) handOut(ctx context.Context, job api.Job) (err error) {
	if i.Handout == "" || job.Passwords == 0 {
		return nil
	}
	out, done, err := output(i.Handout) // before the passwords are taken: what cannot be written is not wiped
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done(err)) }()
	handout, err := do[api.JobHandout](ctx, i.way, api.JobPasswords, api.JobRef{ID: job.ID})
	if err != nil {
		return err
	}
	w, err := table.NewWriter(out, table.CSV, []string{"line", "id", "password", "state"})
	if err != nil {
		return err
	}
	for _, p := range handout.Passwords {
		if err := w.Write([]table.Value{table.Text(fmt.Sprint(p.Line)), table.Text(string(p.ID)), table.Text(p.Password.Reveal()), table.Text(p.State())}); err != nil {
			return err
		}
	}
	return w.Flush()
}
