// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"

	"gatehouse/app/api"
)

// Receive takes a file through the corridor (api.UploadImport): permission, intent, take, outcome. It lasts as long as the file is on its way, and has
// no request key: a file that is sent twice is there twice, and nothing is done with it. The error is a *api.Problem.
func (g *Gate) Receive(ctx context.Context, v Visit, u api.ImportUpload, take func() (api.Uploaded, error)) (api.Uploaded, error) {
	v.Operation, v.Kind = api.UploadImport.Info().Name, api.KindWrite
	done, err := g.receive(ctx, v, u, take)
	if err != nil {
		return api.Uploaded{}, g.told(ctx, v, err)
	}
	return done, nil
}

func (g *Gate) receive(ctx context.Context, v Visit, u api.ImportUpload, take func() (api.Uploaded, error)) (api.Uploaded, error) {
	var none api.Uploaded
	if _, err := g.admit(v); err != nil {
		return none, err
	}
	if err := g.permit(ctx, v, api.UploadImport, api.UploadImport.Info().Permission); err != nil {
		return none, err
	}
	if err := u.Validate(); err != nil {
		return none, err
	}
	result, err := g.record(ctx, v, u, func() (any, error) { return take() })
	if err != nil {
		return none, err
	}
	return result.(api.Uploaded), nil
}
