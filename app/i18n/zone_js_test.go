// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"math"
	"syscall/js"
	"testing"
	"time"
)

// The zone is set through Node's environment, which it looks at again whenever it is assigned.
func TestBrowserOffset(t *testing.T) {
	env := js.Global().Get("process").Get("env")
	before := env.Get("TZ")
	t.Cleanup(func() {
		if before.IsUndefined() {
			env.Delete("TZ")
		} else {
			env.Set("TZ", before)
		}
	})
	summer, winter := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		zone           string
		summer, winter int
	}{
		{"Europe/Berlin", 7200, 3600},
		{"America/St_Johns", -9000, -12600},
		{"UTC", 0, 0},
	} {
		env.Set("TZ", tt.zone)
		if s, w := BrowserOffset(summer), BrowserOffset(winter); s != tt.summer || w != tt.winter {
			t.Errorf("%s: %d, %d, want %d, %d", tt.zone, s, w, tt.summer, tt.winter)
		}
	}
	if got := BrowserOffset(time.Unix(math.MaxInt32*1e6, 0)); got != 0 {
		t.Errorf("an instant beyond JavaScript: %d", got)
	}
}
