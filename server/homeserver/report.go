// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"strconv"
	"time"

	"gatehouse/app/api"
)

// Line is one line of a doctor's report; params are names and values by turns.
func Line(state, code string, params ...string) api.Check {
	c := api.Check{Code: code, State: state}
	for i := 0; i+1 < len(params); i += 2 {
		if c.Params == nil {
			c.Params = map[string]string{}
		}
		c.Params[params[i]] = params[i+1]
	}
	return c
}

// FailedLine is a line about something that should work, with the code of the problem that it met.
func FailedLine(code string, p *api.Problem) api.Check {
	return Line(api.CheckFailed, code+"_failed", "problem", p.Code)
}

// MaxSkew is how far the clocks may be apart before it is said: sessions and creation times are compared.
const MaxSkew = 30 * time.Second

// ClockLine compares a homeserver's clock, as an answer told it in whole seconds, with ours. The zero time is one that was not told.
func ClockLine(theirs, ours time.Time) api.Check {
	if theirs.IsZero() {
		return Line(api.CheckWarning, "clock_unknown")
	}
	skew := ours.Sub(theirs).Truncate(time.Second)
	seconds := int64(skew.Abs() / time.Second)
	switch {
	case skew.Abs() <= MaxSkew:
		return Line(api.CheckPassed, "clock", "seconds", strconv.FormatInt(seconds+1, 10)) // less than that
	case skew > 0:
		return Line(api.CheckWarning, "clock_ahead", "seconds", strconv.FormatInt(seconds, 10))
	}
	return Line(api.CheckWarning, "clock_behind", "seconds", strconv.FormatInt(seconds, 10))
}
