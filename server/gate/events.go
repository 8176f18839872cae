// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
)

// How events are sent: what changed, at most so often; something, at least so often, so that nobody in between takes the line for dead; and what
// does not get through in time ends it.
const (
	eventEvery   = 500 * time.Millisecond
	eventSilence = 15 * time.Second
	eventTime    = 10 * time.Second
	maxListeners = 200
)

// events tells how far a job is, as server-sent events (HTML, section 9.2), until it goes on no more, the session ends, or nobody listens. Each
// is the job as jobs.get answers it. Listening is not activity.
func (w *Web) events(c echo.Context) error {
	select {
	case w.listeners <- struct{}{}:
		defer func() { <-w.listeners }()
	default:
		return api.NewProblem(api.StatusUnavailable, "too_many_listeners")
	}
	job, err := w.job(c)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx passes it on at once
	c.Response().WriteHeader(http.StatusOK)
	line := http.NewResponseController(c.Response())
	tick := time.NewTicker(eventEvery)
	defer tick.Stop()
	var last []byte
	spoke := time.Now()
	for {
		data, err := json.Marshal(unclocked(job))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, last) || time.Since(spoke) >= eventSilence {
			last, spoke = data, time.Now()
			_ = line.SetWriteDeadline(spoke.Add(eventTime)) // where there is none, the server's own holds
			if _, err := c.Response().Write(eventOf(job)); err != nil {
				return nil
			}
			if err := line.Flush(); err != nil {
				return nil
			}
		}
		if !job.Live() {
			return nil
		}
		select {
		case <-tick.C:
		case <-c.Request().Context().Done():
			return nil
		case <-w.closing:
			return nil
		}
		if job, err = w.job(c); err != nil {
			return nil // whoever asks again is told why
		}
	}
}

// unclocked is a job without what changes by itself.
func unclocked(j api.Job) api.Job {
	j.NowMS = 0
	return j
}

func eventOf(j api.Job) []byte {
	data, _ := json.Marshal(j) // as it did just before
	return append(append([]byte("data: "), data...), "\n\n"...)
}

// job asks for the job anew, as whoever the session is of by now.
func (w *Web) job(c echo.Context) (api.Job, error) {
	person, err := w.listening(c)
	if err != nil {
		return api.Job{}, err
	}
	result, err := w.Gate.Do(c.Request().Context(), Visit{
		Person: person, Homeserver: segment(c, "homeserver"), Operation: api.GetJob.Info().Name, Kind: api.KindRead, RequestID: RequestID(c),
		Decode: func(api.Op) (api.Request, error) { return api.JobRef{ID: segment(c, "id")}, nil },
	})
	if err != nil {
		return api.Job{}, err
	}
	return result.(api.Job), nil
}
