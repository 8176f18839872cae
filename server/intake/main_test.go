// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	"go.uber.org/goleak"

	"gatehouse/server/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, func() error { return goleak.Find() }) }
