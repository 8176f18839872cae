// SPDX-License-Identifier: Apache-2.0

// Package arrows checks that imports point one way.
package arrows
