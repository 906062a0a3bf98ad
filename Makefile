# The few commands of Waihu. `make help` lists them.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
DEV := build/dev
RELEASE := build/release

.PHONY: help run demo cluster test console tsan chaos apifuzz build bench fuzz coverage format check generated planted setup clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: setup build ## install what is missing, build, play the demo and stay up until Ctrl-C
	@scripts/demo --stay

demo: setup build ## the same without staying; exit 0 when every check holds
	@scripts/demo

cluster: setup build ## three nodes behind haproxy on this machine, with a campaign over them; stays up
	@scripts/cluster $(CLUSTER)

setup: ## install the Debian packages that are missing
	@scripts/setup

build: ## release build in build/release
	@cmake --preset release
	@cmake --build $(RELEASE) -j $(JOBS)

test: setup ## sanitized build, format check, every test
	@cmake --preset dev
	@cmake --build $(DEV) -j $(JOBS)
	@scripts/check-format
	@TMPDIR=$$(scripts/test_folder) ctest --test-dir $(DEV) --output-on-failure -j $$(( $(JOBS) * 5 )) # most of the long tests mostly wait

console: setup build ## every flow of the console in a browser (CONSOLE="leads widget" for some; WAIHU_SCREENSHOTS=1 for pictures)
	@WAIHU_BIN=$(CURDIR)/$(RELEASE)/bin python3 tests/console/console.py $(CONSOLE)

tsan: setup ## races between threads, in everything that does not link CAF (whose headers and library do not agree with it)
	@cmake --preset tsan
	@cmake --build --preset tsan -j $(JOBS)
	@TMPDIR=$$(scripts/test_folder) TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan_suppressions.txt second_deadlock_stack=1" \
	  setarch -R ctest --test-dir build/tsan --output-on-failure -j $$(( $(JOBS) * 2 )) \
	  -R '^(http_(unit_|edge_|admin_)?tests|persistence_tests.*|telemetry_tests|provider_(http|outboundbot|openai)_tests|simulator_tests)$$'

chaos: setup ## the whole fault proof, about 55 min (CHAOS="--mode cluster --seed 7" to replay; docs/proof.md)
	@cmake --preset dev
	@cmake --build $(DEV) -j $(JOBS) --target waihud waihuctl waihu-sim
	@WAIHU_BIN=$(CURDIR)/$(DEV)/bin python3 tests/chaos/run.py $(CHAOS)

apifuzz: setup ## 20,000 requests made from the API's description to a daemon (APIFUZZ="--seed 7")
	@cmake --preset dev
	@cmake --build $(DEV) -j $(JOBS) --target waihud waihu-sim
	@ctest --test-dir $(DEV) -R '^openapi_packages$$' --output-on-failure
	@WAIHU_BIN=$(CURDIR)/$(DEV)/bin python3 tests/openapi/fuzz.py $(APIFUZZ)

bench: setup ## benchmarks in a release build
	@cmake --preset release -B build/bench -DWAIHU_BENCH=ON
	@cmake --build build/bench -j $(JOBS)
	@if [[ -x bench/run ]]; then bench/run build/bench; else echo "bench: there are no benchmarks yet" >&2; exit 1; fi

fuzz: ## fuzz every parser of outside bytes, FUZZ_SECONDS each (default 60)
	@scripts/setup fuzz
	@cmake --preset fuzz
	@cmake --build build/fuzz -j $(JOBS) --target fuzz_targets
	@scripts/fuzz $(TARGETS)

coverage: ## run every test with gcov, print lines and branches by folder
	@scripts/setup coverage
	@cmake --preset coverage
	@cmake --build build/coverage -j $(JOBS)
	@scripts/coverage build/coverage

format: ## apply clang-format
	@scripts/check-format --fix

check: ## format check, clang-tidy on changed files (ALL=1: on all), layering
	@scripts/check-format
	@[[ -e $(DEV)/compile_commands.json ]] || cmake --preset dev
	@scripts/check-tidy $(DEV) $(if $(ALL),--all)
	@python3 tests/layering/check_layering.py .

planted: ## plant each bug of tests/planted into a copy; the named test must catch it
	@[[ -e $(DEV)/compile_commands.json ]] || cmake --preset dev
	@scripts/planted --build $(DEV) --jobs $(JOBS)

generated: build ## write config/waihu.example.toml and docs/configuration.md again
	@$(RELEASE)/bin/waihuctl config example >config/waihu.example.toml
	@$(RELEASE)/bin/waihuctl config reference >docs/configuration.md

clean: ## remove builds and the demo's state
	@if [[ -d .run/postgres ]]; then scripts/private_postgres stop "$(CURDIR)/.run/postgres" || true; fi
	@rm -rf build .run
