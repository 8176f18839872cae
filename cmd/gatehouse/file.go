// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/intake"
	"gatehouse/server/table"
	"gatehouse/web/languages"
)

// fileFlags are what commands have alike that make a job of a file.
type fileFlags struct {
	File       string `arg:"" help:"CSV or JSON Lines; - is standard input." type:"existingfile"`
	Homeserver string `help:"Name of the homeserver in the configuration; not needed where there is only one." short:"s"`
	DryRun     bool   `help:"Only say what would be done with each row." xor:"do"`
	Watch      bool   `help:"Work the job off here, and say how it ends. Otherwise the running panel does it." xor:"do"`
	Handout    string `help:"File to write the generated passwords to, once, as CSV; it must not be there yet. With --watch." type:"path"`
	Comma      string `help:"What separates cells: any one character but quotation marks, or the word tab. Guessed unless told."`
	Encoding   string `help:"utf-8, windows-1252 or utf-16. Guessed unless told."`
	Headless   bool   `help:"The first row is data already; columns are called 1, 2, 3."`
	Note       string `help:"To be kept with the job."`
	Confirm    int64  `help:"To how many accounts what cannot be undone is done (they are deactivated, erased…), as --dry-run says. Without it, or with another number, such a job is not started."`
}

func (f fileFlags) format() api.FileFormat {
	return api.FileFormat{Encoding: f.Encoding, Comma: f.Comma, Headless: f.Headless}
}

// with opens the corridor for a file.
func (f fileFlags) with(ctx context.Context, all *commands, work func(filing) error) (err error) {
	if f.Handout != "" && !f.Watch {
		return errors.New("--handout goes with --watch: passwords can be handed out when the job has ended")
	}
	if err := f.writable(); err != nil {
		return err
	}
	way, err := openCorridor(ctx, all, f.Homeserver)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, way.close()) }()
	return plain(work(filing{f, way}))
}

// writable asks before anything is done whether the passwords will have a file to go to.
func (f fileFlags) writable() error {
	if f.Handout == "" {
		return nil
	}
	_, done, err := output(f.Handout)
	if err != nil {
		return err
	}
	return done(errSilent) // which takes it away again
}

// open opens the file, and says what it is called.
func (f fileFlags) open() (content io.ReadCloser, name string, err error) {
	if f.File == "-" {
		return io.NopCloser(os.Stdin), "stdin", nil
	}
	content, err = os.Open(f.File)
	return content, f.File, err
}

// filing is a job of a file under way.
type filing struct {
	flags fileFlags
	way   *corridor
}

// planned sends the file and has plan make a job of it. Of a file of which none is made nothing is kept.
func (f filing) planned(ctx context.Context, plan func(api.Import) (api.Job, error)) (api.Job, error) {
	seen, err := f.send(ctx)
	if err != nil {
		return api.Job{}, err
	}
	job, err := plan(seen)
	if err != nil {
		f.drop(ctx, seen.ID)
	}
	return job, err
}

// drop deletes a file that was sent. Where that fails, it is deleted within a day.
func (f filing) drop(ctx context.Context, id string) {
	if _, err := do[api.Abandoned](context.WithoutCancel(ctx), f.way, api.AbandonImport, api.ImportRef{ID: id}); err != nil {
		fmt.Fprintf(os.Stderr, "The file is kept, sealed, for a day: %s.\n", err)
	}
}

// send stores the file, sealed, and looks at it.
func (f filing) send(ctx context.Context) (api.Import, error) {
	content, name, err := f.flags.open()
	if err != nil {
		return api.Import{}, err
	}
	defer content.Close()
	id, err := f.way.intake.Take(ctx, intake.Arrival{Person: f.way.person, Homeserver: f.way.homeserver, RequestID: gate.NewKey(), Name: name, Content: content})
	if err != nil {
		return api.Import{}, err
	}
	seen, err := do[api.Import](ctx, f.way, api.LookAtImport, api.ImportLook{ID: id, Format: f.flags.format()})
	if err != nil {
		f.drop(ctx, id)
	}
	return seen, err
}

// carryOut plans a job, starts it unless that was all that was asked for, and says what becomes of each row.
func (f filing) carryOut(ctx context.Context, job api.Job) error {
	err := f.follow(ctx, job)
	if err != nil && !errors.Is(err, errSilent) {
		f.leave(context.WithoutCancel(ctx), job.ID)
	}
	return err
}

// leave ends a job that was never started, and says how to go on with one that was.
func (f filing) leave(ctx context.Context, id string) {
	job, err := do[api.Job](ctx, f.way, api.GetJob, api.JobRef{ID: id})
	if err == nil && (job.State == api.JobPlanning || job.State == api.JobPlanned) {
		if job, err = do[api.Job](ctx, f.way, api.CancelJob, api.JobRef{ID: id}); err == nil {
			fmt.Fprintf(os.Stderr, "The job %s was not started, and is cancelled.\n", id)
			return
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "The job is %s.\n", id)
		return
	}
	fmt.Fprintf(os.Stderr, "The job %s is %s.", id, job.State)
	if job.Live() {
		fmt.Fprintf(os.Stderr, " Where the panel runs, it goes on with it; to follow it: gatehouse job watch %s", id)
	}
	fmt.Fprintln(os.Stderr)
	if f.flags.Handout != "" || job.Passwords > 0 {
		fmt.Fprintf(os.Stderr, "The passwords that it made are kept, sealed: gatehouse job handout %s FILE\n", id)
	}
}

func (f filing) follow(ctx context.Context, job api.Job) error {
	job, err := f.until(ctx, job.ID, func(j api.Job) bool { return j.State != api.JobPlanning })
	if err != nil {
		return err
	}
	if f.flags.DryRun || job.State == api.JobFailed {
		return f.tell(ctx, job)
	}
	if job, err = do[api.Job](ctx, f.way, api.StartJob, api.JobStart{ID: job.ID, Confirm: f.flags.Confirm}); err != nil {
		return err
	}
	if !f.flags.Watch {
		return f.leaveToPanel(ctx, job)
	}
	if job, err = f.until(ctx, job.ID, api.Job.Ended); err != nil {
		return err
	}
	handed := f.handOut(ctx, job)
	if err := f.tell(ctx, job); handed == nil {
		return err
	}
	return handed // what became of the rows was said
}

// leaveToPanel says what is done without this command, and which rows were refused.
func (f filing) leaveToPanel(ctx context.Context, job api.Job) error {
	doing := "are being done by the running panel"
	if others, err := f.way.store.Others(ctx); err == nil && !others {
		doing = "wait for the panel, which does not run"
	}
	n := job.Count
	fmt.Printf("Job %s: %d rows %s, %d were refused, %d need nothing.\n", job.ID, n.Waiting+n.Running, doing, n.Failed, n.Skipped)
	if n.Failed == 0 {
		return nil
	}
	if err := f.rows(ctx, api.JobItemQuery{ID: job.ID, State: "failed"}); err != nil {
		return err
	}
	return errSilent
}

// until works the job off here, or lets a running panel do it, until it is so.
func (f filing) until(ctx context.Context, id string, so func(api.Job) bool) (api.Job, error) {
	watched, stop := context.WithCancel(ctx)
	var around sync.WaitGroup
	around.Go(func() {
		for last := ""; homeserver.Pause(watched, watchJobEvery) == nil; {
			last = f.waits(watched, id, last)
		}
	})
	defer around.Wait()
	defer stop()
	for {
		if _, err := f.way.jobs.Work(ctx, id); err != nil {
			return api.Job{}, err
		}
		job, err := do[api.Job](ctx, f.way, api.GetJob, api.JobRef{ID: id})
		if err != nil || so(job) {
			return job, err
		}
		if job.State == api.JobPaused || job.State == api.JobScheduled {
			err := fmt.Errorf("the job %s is %s", id, job.State)
			if job.Code != "" {
				err = fmt.Errorf("%w: %s", err, because(job))
			}
			return job, err
		}
		if err := homeserver.Pause(ctx, watchJobEvery); err != nil {
			return job, err
		}
	}
}

// because says what a job waits for, or why it is paused.
func because(job api.Job) string {
	return printable(i18n.Bare(languages.Printer(languages.Default).Problem(job.Code, job.Params)))
}

// waits says once what a job waits for, where that is another thing than the last one.
func (f filing) waits(ctx context.Context, id, last string) string {
	job, err := do[api.Job](ctx, f.way, api.GetJob, api.JobRef{ID: id})
	if err != nil || !job.Live() || job.Code == last {
		return last
	}
	if job.Code != "" {
		fmt.Fprintln(os.Stderr, because(job))
	}
	return job.Code
}

// tell writes what becomes, or became, of each row. Of a dry run nothing stays but its record.
func (f filing) tell(ctx context.Context, job api.Job) error {
	if err := f.rows(ctx, api.JobItemQuery{ID: job.ID}); err != nil {
		return err
	}
	n := job.Count
	fmt.Printf("Job %s is %s: %d waiting, %d done, %d skipped, %d failed, %d unknown.\n", job.ID, job.State, n.Waiting, n.Done, n.Skipped, n.Failed, n.Unknown)
	if job.Code != "" {
		fmt.Println(because(job))
	}
	f.foretell(job)
	if f.flags.DryRun && job.State == api.JobPlanned {
		if _, err := do[api.Job](ctx, f.way, api.CancelJob, api.JobRef{ID: job.ID}); err != nil {
			return err
		}
	}
	if n.Failed+n.Unknown > 0 || job.State == api.JobFailed {
		return errSilent // which rows were refused or failed was said
	}
	return nil
}

// foretell writes what a plan comes to, and what it takes to start it.
func (f filing) foretell(job api.Job) {
	if job.State != api.JobPlanned {
		return
	}
	p := job.Plan
	if job.Kind == api.JobImport {
		fmt.Printf("Accounts to create: %d, to change: %d, to leave alone: %d, to refuse: %d; to deactivate, of these: %d.\n", p.Create, p.Change, p.Leave, p.Refuse, p.Destroy)
	}
	if job.Confirm > 0 {
		fmt.Printf("This cannot be undone for %d of them. To start it, add --confirm %d.\n", job.Confirm, job.Confirm)
	}
}

// rows writes what becomes, or became, of some rows.
func (f filing) rows(ctx context.Context, query api.JobItemQuery) error {
	english := languages.Printer(languages.Default)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LINE\tACCOUNT\tSTATE\tWHAT")
	query.Limit = api.MaxPage
	for {
		page, err := do[api.JobItemPage](ctx, f.way, api.ListJobItems, query)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			what := changes(item)
			if item.Code != "" {
				what = i18n.Bare(english.Problem(item.Code, item.Params)) + steps(item)
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", item.Line, printable(string(item.Target)), item.State, printable(what))
		}
		if query.Cursor = page.Next; page.Next == "" {
			return w.Flush()
		}
	}
}

// printable is a text of a file as a terminal may be given it: it moves no cursor, and ends no line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// steps writes what was done and what was not of a row of several steps that stopped at one of them.
func steps(i api.JobItem) (text string) {
	for _, s := range []struct {
		word  string
		names []string
	}{{"Done", i.Did}, {"Stopped at", strings.Fields(i.At)}, {"Not done", i.Undone}} {
		if len(s.names) > 0 {
			text += " " + s.word + ": " + strings.Join(s.names, ", ") + "."
		}
	}
	return text
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

// handOut writes the passwords that were made to a file that only its owner can read.
func (f filing) handOut(ctx context.Context, job api.Job) error {
	if f.flags.Handout == "" || job.Passwords == 0 {
		return nil
	}
	out, done, err := output(f.flags.Handout)
	if err != nil {
		return err
	}
	return f.handTo(ctx, job.ID, out, done)
}

// handTo writes the passwords of a job, part by part, and has them wiped once done says that they are kept: what cannot be written is not wiped.
func (f filing) handTo(ctx context.Context, job string, out io.Writer, done func(error) error) error {
	told, err := f.passwords(ctx, job, out)
	if err = errors.Join(err, done(err)); err != nil {
		return err
	}
	if _, err := do[api.Job](context.WithoutCancel(ctx), f.way, api.WipeJob, api.JobWipe{ID: job, Told: told}); err != nil {
		fmt.Fprintf(os.Stderr, "The passwords are written, and are still kept, sealed, with the job %s: %s.\n", job, err)
	}
	return nil
}

// passwords writes the passwords of a job, and returns how many there are.
func (f filing) passwords(ctx context.Context, job string, out io.Writer) (told int64, err error) {
	w, err := table.NewWriter(out, table.CSV, []string{"line", "id", "password", "state"})
	if err != nil {
		return 0, err
	}
	part := func(number int64) (api.JobHandout, error) {
		handout, err := do[api.JobHandout](ctx, f.way, api.JobCards, api.JobPartRef{ID: job, Part: number})
		for _, p := range handout.Passwords {
			row := []table.Value{table.Text(fmt.Sprint(p.Line)), table.Text(string(p.ID)), {Text: p.Password.Reveal(), Exact: true, There: true}, table.Text(p.State())}
			if err := w.Write(row); err != nil {
				return handout, err
			}
			told++
		}
		return handout, err
	}
	first, err := part(0)
	for _, p := range first.Parts {
		if err == nil && p.Part != first.Part {
			_, err = part(p.Part)
		}
	}
	return told, errors.Join(err, w.Flush())
}
