// SPDX-License-Identifier: Apache-2.0

// Package promises checks that the tests which docs/promises.md names are there.
package promises
