// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"syscall/js"
	"time"
)

// BrowserOffset returns the seconds that the browser's clock is ahead of UTC at an instant, with the daylight saving time
// of that instant. An instant that JavaScript cannot express (more than 275,000 years away) has the offset 0.
func BrowserOffset(t time.Time) int {
	minutes := js.Global().Get("Date").New(float64(t.UnixMilli())).Call("getTimezoneOffset").Float()
	if minutes != minutes { // NaN
		return 0
	}
	return int(-minutes * 60)
}
