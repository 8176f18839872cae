// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"gatehouse/tools/stage"
)

// A journey is what people wait for, under one condition.
type journey struct {
	Line  string
	CPU   float64 // times slower
	Warm  bool
	Form  times // the sign-in form is on screen
	Rows  times // 100 rows are on screen
	Click times // a click on a row is taken
	Taken times // the program has taken the page over
	// Program counts the clicks that the program took. All others were taken by the page before the program ran.
	Program int
}

func (j *journey) name() string {
	temperature := "cold"
	if j.Warm {
		temperature = "warm"
	}
	return fmt.Sprintf("%s, %g× CPU, %s", j.Line, j.CPU, temperature)
}

// A traveller measures journeys.
type traveller struct {
	browser *stage.Browser
	line    *line
	url     string         // of the panel, over the line
	cookies []*http.Cookie // that open it
	runs    int
	log     io.Writer
}

func (t *traveller) list() string { return t.url + "/" + stage.Name + "/accounts?limit=100" }

// journeys measures all conditions, one run of each after the other, so that what else the machine does falls on all of them.
func (t *traveller) journeys(ctx context.Context) ([]*journey, error) {
	var all []*journey
	for _, c := range []conditions{loopback, slowLine} {
		for _, cpu := range []float64{1, 4} {
			all = append(all, &journey{Line: c.name, CPU: cpu}, &journey{Line: c.name, CPU: cpu, Warm: true})
		}
	}
	for run := range t.runs {
		for i := 0; i < len(all); i += 2 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			fmt.Fprintf(t.log, "pages: run %d of %d, %s, %g× CPU\n", run+1, t.runs, all[i].Line, all[i].CPU)
			c := loopback
			if all[i].Line == slowLine.name {
				c = slowLine
			}
			for _, leg := range []func(conditions, *journey, *journey) error{t.signIn, t.arrive, t.click} {
				if err := leg(c, all[i], all[i+1]); err != nil {
					return nil, fmt.Errorf("%s: %w", all[i].name(), err)
				}
			}
		}
	}
	return all, nil
}

// signIn waits for the sign-in form, with an empty cache and again.
func (t *traveller) signIn(c conditions, cold, warm *journey) error {
	v, err := t.visitor(c, cold.CPU, nil)
	if err != nil {
		return err
	}
	defer v.tab.Close()
	for _, j := range []*journey{cold, warm} {
		marks, err := v.visit(t.url+"/sign-in", "form")
		if err != nil {
			return err
		}
		j.Form = append(j.Form, marks["form"].time())
	}
	return nil
}

// arrive waits for the rows and for the program, with an empty cache, and when all is in it.
func (t *traveller) arrive(c conditions, cold, warm *journey) error {
	v, err := t.visitor(c, cold.CPU, t.cookies)
	if err != nil {
		return err
	}
	defer v.tab.Close()
	if err := t.watch(v, cold); err != nil {
		return err
	}
	if err := t.warm(v, c, cold.CPU); err != nil {
		return err
	}
	return t.watch(v, warm)
}

func (t *traveller) watch(v *visitor, j *journey) error {
	marks, err := v.visit(t.list(), "rows", "program")
	if err != nil {
		return err
	}
	j.Rows = append(j.Rows, marks["rows"].time())
	j.Taken = append(j.Taken, marks["program"].time())
	return nil
}

// click clicks on the first row as soon as it is there, with an empty cache, and when all is in it.
func (t *traveller) click(c conditions, cold, warm *journey) error {
	v, err := t.visitor(c, cold.CPU, t.cookies)
	if err != nil {
		return err
	}
	defer v.tab.Close()
	if err := t.press(v, cold); err != nil {
		return err
	}
	if err := t.warm(v, c, cold.CPU); err != nil {
		return err
	}
	return t.press(v, warm)
}

func (t *traveller) press(v *visitor, j *journey) error {
	click, err := v.visitAndClick(t.list())
	if err != nil {
		return err
	}
	j.Click = append(j.Click, click.taken)
	if click.program {
		j.Program++
	}
	return nil
}

// visitor opens a tab over a line that nobody else uses.
func (t *traveller) visitor(c conditions, cpu float64, cookies []*http.Cookie) (*visitor, error) {
	t.line.become(c)
	v, err := newVisitor(t.browser, cookies)
	if err != nil {
		return nil, err
	}
	if err := v.slow(cpu); err != nil {
		v.tab.Close()
		return nil, err
	}
	return v, nil
}

// warm fills the caches, at full speed: of the files, of the service worker, and of the compiled program.
func (t *traveller) warm(v *visitor, c conditions, cpu float64) error {
	if err := v.slow(1); err != nil {
		return err
	}
	t.line.become(loopback)
	for range 2 {
		if _, err := v.visit(t.list(), "program"); err != nil {
			return err
		}
	}
	t.line.become(c)
	return v.slow(cpu)
}

// redraws measures how long the program takes to draw 100 other rows on a processor that is four times slower, and how long the browser
// alone takes for the same.
func (t *traveller) redraws(runs int) (program, browser times, err error) {
	// The head of the first column turns the order round.
	const link = "main thead th a[href]"
	if program, err = t.slowly(runs, (*visitor).redraw, link); err != nil {
		return nil, nil, err
	}
	browser, err = t.slowly(runs, (*visitor).replace, link)
	return program, browser, err
}

func (t *traveller) slowly(runs int, draw func(v *visitor, link string) (time.Duration, error), link string) (times, error) {
	v, err := t.visitor(loopback, 1, t.cookies)
	if err != nil {
		return nil, err
	}
	defer v.tab.Close()
	if _, err := v.visit(t.list(), "program"); err != nil {
		return nil, err
	}
	if err := v.slow(4); err != nil {
		return nil, err
	}
	var all times
	for range runs {
		took, err := draw(v, link)
		if err != nil {
			return nil, err
		}
		all = append(all, took)
	}
	return all, nil
}
