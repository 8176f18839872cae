// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakemas"
)

const (
	benchAccounts = 250_000
	benchDiffer   = 250 // one in a thousand is locked at Synapse alone
)

// multitude is a MAS and its Synapse with very many accounts, which it makes up as they are asked for; what else is asked the fakes answer.
type multitude struct {
	fake  *fakemas.Server
	asked atomic.Int64
}

func multitudeName(i int) string { return fmt.Sprintf("person%06d", i) }

func multitudeNumber(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, "person")
	i, err := strconv.Atoi(digits)
	return i, ok && err == nil
}

func (m *multitude) user(i int) map[string]any {
	return resourceOf("user", fmt.Sprintf("01J%023d", i), map[string]any{
		"username": multitudeName(i), "created_at": "2026-01-02T03:04:05.123456Z", "locked_at": nil, "deactivated_at": nil, "admin": i < 20, "legacy_guest": false,
	})
}

func resourceOf(kind, id string, attributes map[string]any) map[string]any {
	self := "/api/admin/v1/users/" + id
	return map[string]any{"type": kind, "id": id, "attributes": attributes, "links": map[string]any{"self": self}, "meta": map[string]any{"page": map[string]any{"cursor": id}}}
}

func (m *multitude) account(i int) map[string]any {
	return map[string]any{
		"name": "@" + multitudeName(i) + ":localhost", "user_type": nil, "is_guest": false, "admin": i < 20, "deactivated": false, "shadow_banned": false, "displayname": "Person " + strconv.Itoa(i),
		"avatar_url": nil, "erased": false, "last_seen_ts": 1790000000000, "locked": i%(benchAccounts/benchDiffer) == 0, "creation_ts": 1780000000000, "approved": true, "appservice_id": nil, "threepids": []any{}, "external_ids": []any{},
	}
}

func (m *multitude) mas(w http.ResponseWriter, r *http.Request) {
	m.asked.Add(1)
	q := r.URL.Query()
	name, one := strings.CutPrefix(r.URL.Path, "/api/admin/v1/users/by-username/")
	switch i, ok := multitudeNumber(name); {
	case one && ok:
		write(w, map[string]any{"data": m.user(i)})
	case r.Method == http.MethodGet && r.URL.Path == "/api/admin/v1/users" && q.Get("filter[status]") != "locked":
		size, _ := strconv.Atoi(q.Get("page[first]"))
		total, from := benchAccounts, 0
		if q.Get("filter[admin]") == "true" {
			total = 20
		}
		if after := q.Get("page[after]"); after != "" {
			from, _ = strconv.Atoi(strings.TrimPrefix(after, "01J"))
			from++
		}
		data, links := []any{}, map[string]any{}
		for i := from; i < min(from+size, total); i++ {
			data = append(data, m.user(i))
		}
		if from+size < total {
			links["next"] = "there is more"
		}
		write(w, map[string]any{"meta": map[string]any{"count": total}, "data": data, "links": links})
	default:
		m.fake.ServeHTTP(w, r)
	}
}

func (m *multitude) synapse(w http.ResponseWriter, r *http.Request) {
	m.asked.Add(1)
	name, one := strings.CutPrefix(r.URL.Path, "/_synapse/admin/v2/users/@")
	switch i, ok := multitudeNumber(strings.TrimSuffix(name, ":localhost")); {
	case one && ok:
		write(w, m.account(i))
	case strings.HasSuffix(r.URL.Path, "/users"):
		from, _ := strconv.Atoi(r.URL.Query().Get("from"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		rows := []any{}
		for i := from; i < min(from+limit, benchAccounts); i++ {
			rows = append(rows, m.account(i))
		}
		out := map[string]any{"users": rows, "total": benchAccounts}
		if from+limit < benchAccounts {
			out["next_token"] = strconv.Itoa(from + limit)
		}
		write(w, out)
	default:
		m.fake.Synapse.ServeHTTP(w, r)
	}
}

func write(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // whoever asked has gone
}

// live is what objects took that were alive at the last collection of garbage, in bytes.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// peak watches live, and tells the most that it was.
func peak() (stop func() uint64) {
	end, most := make(chan struct{}), make(chan uint64)
	go func() {
		m := uint64(0)
		for {
			m = max(m, live())
			select {
			case <-end:
				most <- m
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(end); return <-most }
}

// BenchmarkCompare is the list of a server with as many accounts as are compared at all: the first page, which does not wait, a page while both sides are
// compared, the comparison, and the list of what differs. The servers are in the same process.
func BenchmarkCompare(b *testing.B) {
	for b.Loop() {
		m := &multitude{fake: fakemas.New(b, fakemas.Options{})}
		mas, synapse := httptest.NewServer(http.HandlerFunc(m.mas)), httptest.NewServer(http.HandlerFunc(m.synapse))
		a := build(homeserver.Settings{
			Name: "main", URL: synapse.URL, ServerName: "localhost", Timeout: 20 * time.Second,
			MAS: homeserver.MAS{AdminURL: mas.URL, ClientID: fakemas.ClientID, ClientSecret: api.NewSecret(fakemas.ClientSecret)},
		}, &memory{})
		runtime.GC()
		before, watch, begin := live(), peak(), time.Now()
		page := func(name string, q api.UserQuery) api.UserPage {
			asked, begin := m.asked.Load(), time.Now()
			p, err := a.list(b.Context(), q)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(time.Since(begin).Milliseconds()), name+"-ms")
			if name != "during" { // its own cannot be told from the comparison's
				b.ReportMetric(float64(m.asked.Load()-asked), name+"-requests")
			}
			return p
		}
		first := page("first", api.UserQuery{})
		if len(first.Users) == 0 || len(first.Limits) == 0 {
			b.Fatalf("%d accounts, limits %v", len(first.Users), first.Limits)
		}
		page("during", api.UserQuery{Cursor: first.Next})
		a.comparison.work.Wait()
		b.ReportMetric(time.Since(begin).Seconds(), "compared-s")
		b.ReportMetric(float64(m.asked.Load()), "requests")
		b.ReportMetric(float64(watch()-before)/(1<<20), "peak-MiB")
		if p := page("differ", api.UserQuery{Drift: api.Only}); *p.Total != benchDiffer {
			b.Fatalf("%d differ", *p.Total)
		}
		a.comparison.close()
		mas.Close()
		synapse.Close()
	}
}
