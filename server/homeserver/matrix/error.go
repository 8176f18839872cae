// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Kind says how a call failed.
type Kind int

// The kinds of failure.
const (
	Refused  Kind = iota // the server answered with an error
	Unsent               // nothing could be built to send
	Down                 // no connection: nothing was sent
	Lost                 // the connection broke after something was sent
	TimedOut             // no answer in time, after something was sent
	Odd                  // an answer that is none of a homeserver: a redirect, a page, one without end
)

var (
	errTooLong  = errors.New("the answer is too long")
	errNotJSON  = errors.New("the answer is not the JSON that it should be")
	errRedirect = errors.New("the answer sends to another address")
)

// Error is a call that failed. It holds no secret: neither the body nor the headers of the request, and of the answer only
// what the server calls its error, without the request's secrets.
type Error struct {
	Kind       Kind
	Status     int    // of the answer, 0 where there was none
	Errcode    string // M_FORBIDDEN and so on; "" where the answer has none
	Text       string // the server's own words, at most 300 characters, without control characters
	RetryAfter time.Duration
	SoftLogout bool
	// Stages are the ways to go on that the answer offers, each a list of stages (specification, "User-Interactive Authentication API").
	Stages [][]string
	// Location is where a redirect pointed.
	Location string
	cause    error
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.cause != nil && e.Status != 0:
		return fmt.Sprintf("homeserver answered %d: %v", e.Status, e.cause)
	case e.cause != nil:
		return fmt.Sprintf("homeserver not reached: %v", e.cause)
	default:
		return strings.TrimSpace(fmt.Sprintf("homeserver answered %d %s %s", e.Status, e.Errcode, e.Text))
	}
}

// Unwrap returns what the failure came from.
func (e *Error) Unwrap() error { return e.cause }

// As returns the *Error in err.
func As(err error) (*Error, bool) { return errors.AsType[*Error](err) }

// Is reports whether err is an answer with that status and, unless it is "", that errcode.
func Is(err error, status int, errcode string) bool {
	e, ok := As(err)
	return ok && e.Kind == Refused && e.Status == status && (errcode == "" || e.Errcode == errcode)
}

// Unrecognized reports whether the server has no such endpoint: it is too old, or its configuration leaves it out
// (404 or 405 M_UNRECOGNIZED). A 404 of a proxy is something else.
func Unrecognized(err error) bool {
	return Is(err, http.StatusNotFound, "M_UNRECOGNIZED") || Is(err, http.StatusMethodNotAllowed, "M_UNRECOGNIZED")
}

// NotFound reports whether the server has the endpoint but not the thing that was asked for.
func NotFound(err error) bool {
	e, ok := As(err)
	return ok && e.Kind == Refused && e.Status == http.StatusNotFound && !e.Foreign() && !Unrecognized(err)
}

// Unaskable reports whether the call could not be built: a value of its path is one that proxies would rewrite.
func Unaskable(err error) bool {
	e, ok := As(err)
	return ok && e.Kind == Unsent
}

// Foreign reports whether somebody other than the homeserver answered: an error without the JSON of one. Usually that is a
// reverse proxy.
func (e *Error) Foreign() bool { return e.Kind == Refused && e.Errcode == "" && e.Text == "" }

// TokenDead reports whether the token of the call is not good for anything any more (401 M_UNKNOWN_TOKEN and its like). A
// 401 that asks for another step of a sign-in is none of these.
func TokenDead(err error) bool {
	return Is(err, http.StatusUnauthorized, "M_UNKNOWN_TOKEN") || Is(err, http.StatusUnauthorized, "M_MISSING_TOKEN") ||
		Is(err, http.StatusUnauthorized, "M_USER_LOCKED") || Is(err, http.StatusForbidden, "ORG_MATRIX_EXPIRED_ACCOUNT")
}

// NotAdmin reports whether the token is good but not an administrator's. Both servers use the errcode M_FORBIDDEN for more
// than that, so their words decide.
func NotAdmin(err error) bool {
	e, ok := As(err)
	return ok && Is(err, http.StatusForbidden, "M_FORBIDDEN") &&
		(strings.Contains(e.Text, "server admin") || strings.Contains(e.Text, "admin users"))
}

// Unknown reports whether the call may have been done all the same: something was sent, and no homeserver said that it
// failed.
func Unknown(err error) bool {
	e, ok := As(err)
	if !ok {
		return false
	}
	switch e.Kind {
	case Lost, TimedOut:
		return true
	case Odd:
		return e.Status < 300
	case Refused:
		return e.Foreign() && e.Status >= 500
	}
	return false
}

// failure sorts an error of the transport. The URL that net/http puts into its errors is left out.
func failure(err error, sent bool) *Error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	kind := Down
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		kind = TimedOut
		if !sent {
			kind = Down
		}
	case sent:
		kind = Lost
	}
	return &Error{Kind: kind, cause: err}
}

// decodeError returns nil for a success. Of an error it takes what it can: `errcode` and `error` as the specification has
// them, `message` and `Err` as Dendrite has them at times, `errors` as Matrix Authentication Service's admin API has them. An errcode in a 200 is an error too; Dendrite does that.
func decodeError(resp *http.Response, body []byte, call Call) *Error {
	if resp.StatusCode/100 == 2 && !bytes.Contains(body, []byte(`"errcode"`)) {
		return nil // without a look at what may be long
	}
	e := &Error{Kind: Refused, Status: resp.StatusCode}
	var fields map[string]json.RawMessage
	isObject := json.Unmarshal(body, &fields) == nil
	e.Errcode = clean(text(fields["errcode"]), 100)
	if resp.StatusCode/100 == 2 && e.Errcode == "" {
		return nil
	}
	if resp.StatusCode/100 == 3 {
		return &Error{Kind: Odd, Status: resp.StatusCode, Location: clean(resp.Header.Get("Location"), 300), cause: errRedirect}
	}
	if isObject {
		for _, name := range []string{"error", "message", "Err"} {
			if e.Text = clean(hide(text(fields[name]), call), maxText); e.Text != "" {
				break
			}
		}
		if e.Text == "" {
			e.Text = clean(hide(titles(fields["errors"]), call), maxText)
		}
		_ = json.Unmarshal(fields["soft_logout"], &e.SoftLogout)
		e.Stages = stages(fields["flows"])
	}
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), fields["retry_after_ms"])
	return e
}

func stages(raw json.RawMessage) [][]string {
	var flows []struct {
		Stages []string `json:"stages"`
	}
	_ = json.Unmarshal(raw, &flows) // most errors have none
	var list [][]string
	for _, f := range flows {
		list = append(list, f.Stages)
	}
	return list
}

// titles joins the titles of a list of errors; each further one is the cause of the one before.
func titles(raw json.RawMessage) string {
	var list []struct {
		Title string `json:"title"`
	}
	_ = json.Unmarshal(raw, &list)
	parts := make([]string, 0, len(list))
	for _, e := range list {
		parts = append(parts, e.Title)
	}
	return strings.Join(parts, ": ")
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

// retryAfter reads when to come back: the header in seconds (RFC 9110 section 10.2.3; its date form is not used by
// homeservers), else the field in milliseconds.
func retryAfter(header string, field json.RawMessage) time.Duration {
	const most = 24 * time.Hour
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, most)
	}
	var ms float64
	if json.Unmarshal(field, &ms) == nil && ms > 0 {
		return time.Duration(min(ms, float64(most/time.Millisecond))) * time.Millisecond
	}
	return 0
}
