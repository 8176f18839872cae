// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"

	"gatehouse/app/api"
)

// ProveDatabase reports why a connection string does not lead to a database of Dendrite that can be read. It reads only the names of
// tables and columns. Errors are *api.Problem.
func ProveDatabase(ctx context.Context, source api.Secret) error {
	d := openDatabase(source)
	defer d.close()
	return d.look(ctx, d.checkSchema)
}
