// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"
)

func ms(n ...float64) times {
	var t times
	for _, v := range n {
		t = append(t, time.Duration(v*float64(time.Millisecond)))
	}
	return t
}

func TestQuantiles(t *testing.T) {
	hundred := times{}
	for i := 100; i > 0; i-- {
		hundred = append(hundred, time.Duration(i)*time.Millisecond)
	}
	for _, test := range []struct {
		of          times
		median, p99 float64
	}{
		{nil, 0, 0},
		{ms(7), 7, 7},
		{ms(3, 1, 2), 2, 3},
		{ms(4, 1, 3, 2), 2.5, 4},
		{hundred, 50.5, 99},
		{append(hundred, ms(1000)...), 51, 100},
	} {
		if got, want := test.of.median(), ms(test.median)[0]; got != want {
			t.Errorf("median of %d: %v, want %v", len(test.of), got, want)
		}
		if got, want := test.of.quantile(0.99), ms(test.p99)[0]; got != want {
			t.Errorf("p99 of %d: %v, want %v", len(test.of), got, want)
		}
	}
}

func TestShown(t *testing.T) {
	for n, want := range map[float64]string{0.04: "0.0 ms", 4.26: "4.3 ms", 9.96: "10 ms", 180.4: "180 ms", 999.6: "1.00 s", 7824: "7.82 s", 12345: "12.3 s"} {
		if got := shown(ms(n)[0]); got != want {
			t.Errorf("%v ms is shown as %s, want %s", n, got, want)
		}
	}
}
