// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// reasonNoValidity says that accounts do not expire on this server (`account_validity` is not enabled).
const reasonNoValidity = "synapse_no_validity"

// withValidity is the condition of renewals. Only a write tells whether accounts expire, so it is known from the first try on.
func (s *synapse) withValidity() string {
	if s.facts.lacksValidity() {
		return reasonNoValidity
	}
	return ""
}

// renew says until when an account can be used (POST /_synapse/admin/v1/account_validity/validity).
func (s *synapse) renew(ctx context.Context, req api.UserRenewal) (api.Validity, error) {
	if _, err := s.target(ctx, req.ID); err != nil { // Synapse answers for accounts that do not exist as well
		return api.Validity{}, err
	}
	end, err := req.End()
	if err != nil {
		return api.Validity{}, api.NewProblem(api.StatusUnprocessable, "invalid_date").At("until")
	}
	if !end.IsZero() && end.Before(time.Now()) {
		return api.Validity{}, api.NewProblem(api.StatusUnprocessable, "date_past").At("until") // that would end it; there is a lock for that
	}
	if err := s.expects(ctx); err != nil {
		return api.Validity{}, err
	}
	body := map[string]any{"user_id": req.ID, "enable_renewal_emails": req.Mails == nil || *req.Mails}
	if !end.IsZero() {
		body["expiration_ts"] = end.UnixMilli()
	}
	var out validity
	if err := s.twice(ctx, validityCall(body), &out); err != nil {
		return api.Validity{}, s.writeProblem(req.ID, err)
	}
	return api.Validity{ID: req.ID, ExpiresMS: out.Expires}, nil
}

// expects finds out whether accounts expire here at all. Where they do not, Synapse takes a date, says 200 and keeps nothing; without a date
// it fails with 500. So it is asked about the account "", which there is not, without a date: that changes nothing.
func (s *synapse) expects(ctx context.Context) error {
	_, err := s.keys.Do(ctx, validityCall(map[string]any{"user_id": ""}), &validity{})
	e, ok := matrix.As(err)
	if ok && e.Kind == matrix.Refused && e.Status == http.StatusInternalServerError && !e.Foreign() {
		s.facts.lackValidity()
		return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", reasonNoValidity)
	}
	if err != nil && (!ok || e.Kind != matrix.Refused || e.Foreign()) {
		return matrix.Problem(err)
	}
	return nil // a module that has taken the endpoint over may refuse that account
}

type validity struct {
	Expires int64 `json:"expiration_ts"`
}

func validityCall(body map[string]any) matrix.Call {
	return matrix.Call{Method: http.MethodPost, Path: matrix.At("/_synapse/admin/v1/account_validity/validity"), Body: body}
}
