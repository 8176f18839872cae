// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// check is the doctor's report: MAS first, whose admin API and client are proven, then Synapse's own checks with the personal session
// that comes of them. Where something is missing in MAS's configuration, the report has what to add.
func (a *adapter) check(ctx context.Context, q api.ServerQuery) (api.Report, error) {
	var mine []api.Check
	add := func(code, state string, params ...string) {
		c := api.Check{Code: code, State: state, Params: map[string]string{}}
		for i := 0; i+1 < len(params); i += 2 {
			c.Params[params[i]] = params[i+1]
		}
		mine = append(mine, c)
	}
	version, err := a.version(ctx)
	if err != nil {
		p := problem(err)
		params := []string{"url", a.mas.admin.Base(), "oauth", a.mas.oauth.Base(), "client", a.settings.MAS.ClientID}
		switch p.Code {
		case "mas_client_refused", "mas_not_admin_client", "mas_no_adminapi", "mas_no_oauth":
			add(p.Code, api.CheckFailed, params...)
		default:
			add("mas_failed", api.CheckFailed, append(params, "problem", p.Code)...)
		}
		server, infoErr := a.info(ctx, q)
		return api.Report{Server: server, Checks: mine}, infoErr
	}
	add("mas_admin_api", api.CheckPassed, "url", a.mas.admin.Base(), "version", version)
	a.checkSite(ctx, add)
	report, err := homeserver.Call(ctx, a.synapse, api.CheckServer, q)
	if err != nil {
		return api.Report{}, err
	}
	for _, c := range report.Checks {
		switch c.Code {
		case "mas", "secret_none", "secret_useless":
			continue // what Synapse alone would say; it is as it shall be
		case "service_account":
			c.Code = "mas_session"
		}
		mine = append(mine, c)
	}
	report.Checks = mine
	if report.Server, err = a.info(ctx, q); err != nil {
		return api.Report{}, err
	}
	return report, nil
}

// checkSite compares MAS's idea of the homeserver's name with ours, and tells whether administrators can sign in with a password.
func (a *adapter) checkSite(ctx context.Context, add func(code, state string, params ...string)) {
	site, err := a.siteConfig(ctx)
	switch {
	case err != nil:
		add("mas_failed", api.CheckFailed, "url", a.mas.admin.Base(), "problem", problem(err).Code)
		return
	case site.ServerName != a.settings.ServerName:
		add("mas_other_name", api.CheckFailed, "configured", a.settings.ServerName, "server", site.ServerName)
	}
	if !site.Passwords {
		add("mas_no_passwords", api.CheckWarning)
		return
	}
	_, err = a.mas.oauth.Do(ctx, get(matrix.At("/_matrix/client/v3/login")), nil)
	if absent(err) {
		_, err = a.keys.synapse.Do(ctx, get(matrix.At("/_matrix/client/v3/login")), nil)
	}
	if err != nil {
		add("mas_no_compat", api.CheckWarning)
		return
	}
	add("mas_sign_in", api.CheckPassed)
}
