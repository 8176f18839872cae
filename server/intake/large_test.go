// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

// peak is the most memory that the heap takes while f runs, in bytes.
func peak(f func()) int64 {
	var most atomic.Int64
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), int64(m.HeapInuse+m.StackInuse)))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return most.Load()
}

// The largest file that is taken, on a homeserver with as many accounts: what it takes in memory does not grow with it.
func TestLargest(t *testing.T) {
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	gatetest.On(w.Stub, api.ListUsers, func(_ context.Context, q api.UserQuery) (api.UserPage, error) {
		from, _ := strconv.Atoi(q.Cursor)
		page := api.UserPage{}
		for i := from; i < from+q.Limit && i < rows; i++ { // every other row is of one of them
			page.Users = append(page.Users, api.User{ID: api.UserID(fmt.Sprintf("@person-%06d:example.org", 2*i)), DisplayName: fmt.Sprint("Person number ", i)})
		}
		if from+q.Limit < rows {
			page.Next = strconv.Itoa(from + q.Limit)
		}
		return page, nil
	})
	file, out := io.Pipe()
	go func() {
		fmt.Fprintln(out, "id,display_name,password,emails")
		for i := range rows {
			fmt.Fprintf(out, "person-%06d,Somebody called %d,the password of %d,p%d@school.example\n", i, i, i, i)
		}
		_ = out.Close()
	}()
	var job api.Job
	most := peak(func() {
		id, err := w.Take(p, "large.csv", file)
		if err != nil {
			t.Fatal(err)
		}
		job = gatetest.Must[api.Job](t, w, p, "imports.plan", api.ImportPlan{ID: id, Mode: api.ImportCreate, Columns: columns(api.FieldID, api.FieldDisplayName, api.FieldPassword, api.FieldEmails)})
		if _, err := w.Jobs.Work(t.Context(), job.ID); err != nil {
			t.Fatal(err)
		}
		job = gatetest.Must[api.Job](t, w, p, "jobs.get", api.JobRef{ID: job.ID})
	})
	if job.State != api.JobPlanned || job.Count.Waiting != rows/2 || job.Count.Failed != rows/2 {
		t.Errorf("%s %s: %+v", job.State, job.Code, job.Count)
	}
	t.Logf("%d MiB", most>>20)
	if most > 200<<20 {
		t.Errorf("%d MiB were taken", most>>20)
	}
}

// Passwords of a file are nowhere in clear: not in the store, the log, the audit log, or what is told of the job.
func TestPasswordsAreNowhere(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	const canary = "canary-7f3a-passphrase"
	// With and without names of columns: what is taken for one of them may be a password.
	for i, file := range []string{"user,password\nann1," + canary + "\n", "ann2;" + canary + "\nann3;" + canary + "\n"} {
		id, err := w.Take(p, "users.csv", strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		nowhere(t, w, canary)
		plan := api.ImportPlan{ID: id, Mode: api.ImportCreate, Format: api.FileFormat{Headless: i == 1}, Columns: columns(api.FieldID, api.FieldPassword)}
		job, items := planned(t, w, p, plan)
		nowhere(t, w, canary)
		if told := fmt.Sprintf("%+v %+v %+v", job, items, w.Log()); strings.Contains(told, canary) {
			t.Errorf("it is told: %s", told)
		}
		gatetest.Must[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID})
		worked(t, w, p, job.ID)
		nowhere(t, w, canary)
		var kept int
		if err := storetest.Raw(t, w.Source).QueryRow(`SELECT COUNT(*) FROM job_items WHERE secret IS NOT NULL`).Scan(&kept); err != nil || kept > 0 {
			t.Errorf("%d passwords of the file are kept when their accounts have them (%v)", kept, err)
		}
	}
	if calls := fmt.Sprint(w.Stub.Calls("users.create")); len(w.Stub.Calls("users.create")) != 3 {
		t.Errorf("the homeserver got %s", calls)
	}
}

// nowhere looks for a text in all that is kept, plain and as it is often written.
func nowhere(t *testing.T, w *gatetest.World, canary string) {
	t.Helper()
	stored := storetest.Stored(t, w.Source)
	if !strings.Contains(stored, "hs") {
		t.Error("what is stored could not be read")
	}
	for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte(canary))[:20], hex.EncodeToString([]byte(canary))} {
		if strings.Contains(stored, form) {
			t.Error("the store holds the password")
		}
	}
	if strings.Contains(w.Logs(), canary) {
		t.Error("the log holds the password")
	}
}

// columns chooses what the columns of a file are, from the first on.
func columns(fields ...string) (list []api.ColumnChoice) {
	for i, f := range fields {
		list = append(list, api.ColumnChoice{Column: i + 1, Field: f})
	}
	return list
}
