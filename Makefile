# An index of commands. The work is done by Go programs under tools/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup build test test-mas unit unit-postgres e2e e2e-postgres demo bench screenshots css generate lint clean

# Packages at a time, and the longest time that one package's tests may take.
GOTEST := go test -p 2 -timeout 20m
# The race detector comes with checks of pointers that cost SQLite, which is C in the form of Go, a third of its time.
RACE := -race -gcflags=modernc.org/sqlite/lib=-d=checkptr=0
# End-to-end tests wait more than they compute: half of two cores' time was idle with two at once. They build the program that they
# drive with the race detector; their own steps do without.
E2E := go test -timeout 55m -parallel 4 -count=1 ./e2e

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what tests and the demo need (browser, Synapse, Dendrite, PostgreSQL)
	@go run ./tools/setup

build: ## write bin/gatehouse: one program with everything in it
	@go run ./tools/build

test: setup build lint unit e2e ## everything: set-up, build, unit tests with -race, end-to-end tests

test-mas: ## the MAS adapter and its panel on a real MAS: MAS_HOME=folder with mas-cli and share/
	@test -n "$(MAS_HOME)" || { echo "make test-mas MAS_HOME=folder: as a release of Matrix Authentication Service unpacks (mas-cli, share/)"; exit 1; }
	@go run ./tools/setup -only compiler,chromium,npm,axe,postgres,python,synapse
	@MAS_HOME="$(abspath $(MAS_HOME))" $(GOTEST) $(RACE) -count=1 -run 'MAS' ./server/homeserver/mas ./e2e

unit: ## unit tests with the race detector
	@packages=$$(go list ./... | grep -v '^gatehouse/e2e$$'); $(GOTEST) $(RACE) $$packages
	@# What only a browser runs, under Node.
	@folders=$$(find app wasm -name '*_js_test.go' -printf './%h\n' | sort -u); \
	PATH="$$PATH:$$(go env GOROOT)/lib/wasm" GOOS=js GOARCH=wasm $(GOTEST) $$folders

unit-postgres: ## the unit tests of what has a store, with every store on PostgreSQL, which unit has for some tests only
	@GATEHOUSE_TEST_STORE=postgres $(GOTEST) $(RACE) -count=1 ./server/...

e2e: ## end-to-end tests in a real browser against real homeservers
	@$(E2E)

e2e-postgres: ## the same with every gate's store on PostgreSQL, which e2e has for some tests only
	@GATEHOUSE_E2E_STORE=postgres $(E2E)

demo: ## a homeserver with 200 accounts and the panel in front of it (HOMESERVER=synapse or dendrite)
	@go build -o .cache/demo-command ./tools/demo
	@exec .cache/demo-command $(if $(HOMESERVER),-homeserver $(HOMESERVER))

bench: build ## measure sizes and times, write docs/BENCHMARKS.md
	@go run ./tools/bench

screenshots: build ## draw the pictures of the README
	@go run ./tools/screenshots

css: ## make the style sheet and the icons again, from web/ and its npm packages
	@go run ./tools/css
	@go run ./tools/css icons

generate: ## write generated files again
	@go generate ./...

lint: ## formatting and go vet
	@files=$$(find . -name '.[a-z]*' -prune -o -name node_modules -prune -o -name '*.go' -print0 | xargs -0 gofmt -l); if [ -n "$$files" ]; then echo "gofmt would change:" $$files; exit 1; fi
	@go vet ./...
	@GOOS=js GOARCH=wasm go vet ./app/...

clean: ## remove what was built; homeservers and demo data under .cache stay
	rm -rf bin
	find web/dist -type f ! -name .keep -delete
