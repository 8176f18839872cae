// SPDX-License-Identifier: Apache-2.0

// Package stage puts the built program on a stage: in front of a real homeserver, with a browser before it. The benchmarks and the
// pictures of the documentation stand on it.
package stage
