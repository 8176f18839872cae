// SPDX-License-Identifier: Apache-2.0

package homeserver

import "time"

// Until looks after each of the pauses, until a look says that it is done or fails, and reports whether it was done. It is for what a
// homeserver does a little later than it answers, or may have done without an answer; the first pause is usually none.
func Until(pauses []time.Duration, look func() (done bool, err error)) (bool, error) {
	for _, pause := range pauses {
		time.Sleep(pause)
		if done, err := look(); done || err != nil {
			return done, err
		}
	}
	return false, nil
}
