// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// wireRate is a rate limit of an account. Without one Synapse answers {}.
type wireRate struct {
	PerSecond optional[int] `json:"messages_per_second"`
	Burst     optional[int] `json:"burst_count"`
}

func rateCall(method string, id api.UserID, body any) matrix.Call {
	return matrix.Call{Method: method, Path: matrix.At("/_synapse/admin/v1/users/{}/override_ratelimit", string(id)), Body: body}
}

// getRateLimit tells an account's own limits (GET /_synapse/admin/v1/users/{id}/override_ratelimit, since 1.32).
func (s *synapse) getRateLimit(ctx context.Context, q api.UserRef) (api.RateLimit, error) {
	if err := s.local(ctx, q.ID); err != nil {
		return api.RateLimit{}, err
	}
	var w wireRate
	if _, err := s.keys.Do(ctx, rateCall(http.MethodGet, q.ID, nil), &w); err != nil {
		return api.RateLimit{}, about(q.ID, err)
	}
	return api.RateLimit{ID: q.ID, Own: w.PerSecond.sent || w.Burst.sent, MessagesPerSecond: w.PerSecond.value, Burst: w.Burst.value}, nil
}

// setRateLimit gives an account limits of its own (POST …/override_ratelimit). Both numbers are always sent: what is left out is 0, and
// a burst of 0 mutes.
func (s *synapse) setRateLimit(ctx context.Context, req api.RateLimitChange) (api.RateLimit, error) {
	want := api.RateLimit{ID: req.ID, Own: true, MessagesPerSecond: req.MessagesPerSecond, Burst: req.Burst}
	return s.changeRateLimit(ctx, want, rateCall(http.MethodPost, req.ID, map[string]any{"messages_per_second": req.MessagesPerSecond, "burst_count": req.Burst}))
}

// removeRateLimit has the homeserver's limits count again (DELETE …/override_ratelimit).
func (s *synapse) removeRateLimit(ctx context.Context, req api.UserRef) (api.RateLimit, error) {
	return s.changeRateLimit(ctx, api.RateLimit{ID: req.ID}, rateCall(http.MethodDelete, req.ID, map[string]any{}))
}

func (s *synapse) changeRateLimit(ctx context.Context, want api.RateLimit, call matrix.Call) (api.RateLimit, error) {
	if err := s.local(ctx, want.ID); err != nil {
		return api.RateLimit{}, err
	}
	_, err := s.keys.Do(ctx, call, nil)
	if err != nil && !matrix.Unknown(err) {
		return api.RateLimit{}, s.writeProblem(want.ID, err)
	}
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	now, readErr := s.getRateLimit(fresh, api.UserRef{ID: want.ID})
	switch {
	case readErr == nil && now == want:
		return now, nil
	case err != nil:
		return api.RateLimit{}, s.writeProblem(want.ID, err)
	case readErr != nil:
		return api.RateLimit{}, matrix.OutcomeUnknown(want.ID)
	}
	return api.RateLimit{}, api.NewProblem(api.StatusBadGateway, "did_not_stick")
}

func featureCall(method string, id api.UserID, body any) matrix.Call {
	return matrix.Call{Method: method, Path: matrix.At("/_synapse/admin/v1/experimental_features/{}", string(id)), Body: body}
}

// listFeatures tells which experimental features are on for an account (GET /_synapse/admin/v1/experimental_features/{id}, since 1.83).
// Synapse answers for accounts that do not exist as well, so it is looked at first.
func (s *synapse) listFeatures(ctx context.Context, q api.UserRef) (api.FeatureList, error) {
	if _, err := s.target(ctx, q.ID); err != nil {
		return api.FeatureList{}, err
	}
	return s.readFeatures(ctx, q.ID)
}

func (s *synapse) readFeatures(ctx context.Context, id api.UserID) (api.FeatureList, error) {
	var out struct {
		Features map[string]bool `json:"features"`
	}
	if _, err := s.keys.Do(ctx, featureCall(http.MethodGet, id, nil), &out); err != nil {
		return api.FeatureList{}, about(id, err)
	}
	list := api.FeatureList{ID: id, Features: []api.Feature{}}
	for _, name := range slices.Sorted(maps.Keys(out.Features)) {
		list.Features = append(list.Features, api.Feature{Name: name, On: out.Features[name]})
	}
	return list, nil
}

// setFeature switches an experimental feature (PUT /_synapse/admin/v1/experimental_features/{id}); the others stay as they are.
func (s *synapse) setFeature(ctx context.Context, req api.FeatureChange) (api.FeatureList, error) {
	have, err := s.listFeatures(ctx, api.UserRef{ID: req.ID}) // a PUT for nobody is an internal error
	if err != nil {
		return api.FeatureList{}, err
	}
	i := slices.IndexFunc(have.Features, func(f api.Feature) bool { return f.Name == req.Name })
	switch {
	case i < 0:
		return api.FeatureList{}, api.NewProblem(api.StatusNotFound, "no_such_feature").At("name")
	case have.Features[i].On == req.On:
		return have, nil
	}
	_, err = s.keys.Do(ctx, featureCall(http.MethodPut, req.ID, map[string]any{"features": map[string]bool{req.Name: req.On}}), nil)
	if err != nil && !matrix.Unknown(err) {
		return api.FeatureList{}, s.writeProblem(req.ID, err)
	}
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	after, readErr := s.readFeatures(fresh, req.ID)
	switch {
	case readErr == nil && slices.Contains(after.Features, api.Feature{Name: req.Name, On: req.On}):
		return after, nil
	case cmp.Or(err, readErr) != nil:
		return api.FeatureList{}, matrix.OutcomeUnknown(req.ID)
	}
	return api.FeatureList{}, api.NewProblem(api.StatusBadGateway, "did_not_stick")
}
