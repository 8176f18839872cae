// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"testing"
	"time"
)

func TestClockLine(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 500e6, time.UTC)
	for _, test := range []struct {
		date          time.Time
		code, seconds string
	}{
		{now.Truncate(time.Second), "clock", "1"},
		{now.Add(-30 * time.Second).Truncate(time.Second), "clock", "31"},
		{now.Add(-time.Minute), "clock_ahead", "60"},
		{now.Add(time.Hour), "clock_behind", "3600"},
		{time.Time{}, "clock_unknown", ""},
	} {
		c := ClockLine(test.date, now)
		if c.Code != test.code || c.Params["seconds"] != test.seconds {
			t.Errorf("%v is %+v", test.date, c)
		}
	}
}
