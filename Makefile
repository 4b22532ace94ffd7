# Wattyard. `make help` lists the targets. Everything is built under build/<variant>/.
#   make SAN=address,undefined test     a sanitizer build, in its own folder
#   make DEBUG=1                        -O0, and the core's invariants checked at every event

.DELETE_ON_ERROR:
.SECONDEXPANSION:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

VERSION := 0.1.0
RELEASED := 2026-11-21
PREFIX ?= /usr/local
DESTDIR ?=
SAN ?=
DEBUG ?=
JOBS ?= $(shell nproc)

comma := ,
VARIANT := $(if $(SAN),san-$(subst $(comma),-,$(SAN)),$(if $(DEBUG),debug,release))
B := build/$(VARIANT)

# --- The floors: a room may include itself and what is listed here. The first part of every
# --- #include names its room; `make lint` checks it, and this order is the link order too.
ROOMS := $(wildcard scheduler planner agent workloads topologies base)
MAY_INCLUDE_base :=
MAY_INCLUDE_topologies := base
MAY_INCLUDE_workloads := topologies base
MAY_INCLUDE_agent := base
MAY_INCLUDE_planner := workloads topologies base
MAY_INCLUDE_scheduler := planner agent/protocol workloads topologies base

# --- Tools and flags
CC := gcc
CLANG := clang
WARNINGS := -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow \
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wcast-qual -Wwrite-strings \
  -Wvla -Wundef -Wformat=2 -Wswitch-enum -Wnull-dereference
PACKAGES := libxml-2.0 jansson hwloc libzmq libprotobuf-c sqlite3
SYSTEM_CFLAGS = -isystem build/generated $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null))
LIBRARIES = -Wl,--as-needed $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lglpk -lm
OPTIMIZE := $(if $(DEBUG),-O0,$(if $(SAN),-O1,-O2)) -g
SANITIZE := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
CPPFLAGS := -I. -D_GNU_SOURCE -DWATTYARD_VERSION='"$(VERSION)"' -DWATTYARD_DATE='"$(RELEASED)"' $(if $(DEBUG),,$(if $(SAN),,-DNDEBUG))
CFLAGS := -std=c11 $(OPTIMIZE) $(SANITIZE) -fno-common -fstack-protector-strong $(WARNINGS)
LDFLAGS := $(SANITIZE)

# --- Debian packages, by what needs them
DEPS_BUILD := gcc make pkg-config libc6-dev libglpk-dev libxml2-dev libjansson-dev libjs-chart.js \
  libhwloc-dev libzmq3-dev libprotobuf-c-dev protobuf-c-compiler libsqlite3-dev
DEPS_TEST := $(DEPS_BUILD) check glpk-utils coinor-clp python3-minimal chromium
DEPS_BENCH := glpk-utils coinor-clp coinor-cbc
DEPS_LINT := $(DEPS_TEST) clang-format cppcheck mandoc
DEPS_FUZZ := $(DEPS_TEST) clang libclang-rt-14-dev
DEPS_ALL := $(sort $(DEPS_LINT) $(DEPS_BENCH) $(DEPS_FUZZ) valgrind)

# --- Sources: found, not listed
EMBEDDED := $(wildcard $(foreach r,$(ROOMS),$r/*.rng $r/pages/*.txt $r/*.html $r/*.js))
# A room's main.c is a program's, not part of its archive.
room_objects = $(patsubst %,$B/%.o,$(filter-out %/main.c %/shim_main.c,$(wildcard $1/*.c)) $(filter $1/%,$(EMBEDDED)) \
  $(if $(filter base,$1),base/chart.min.js) $(if $(filter agent,$1),agent/protocol.pb-c.c))
ARCHIVES := $(foreach r,$(ROOMS),$B/lib$r.a)
DAEMONS := $(patsubst %/main.c,$B/wattyard-%,$(wildcard agent/main.c scheduler/main.c))
SHIM := $B/wattyard-shim
PROGRAMS := $B/wattyard $(DAEMONS) $(SHIM)
TESTS := $(patsubst tests/%.c,$B/tests/%,$(filter-out tests/support/% tests/fuzz/% tests/bench/%,$(wildcard tests/*/test_*.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(patsubst tests/bench/%.c,$B/bench/%,$(wildcard tests/bench/bench_*.c))
SUPPORT := $B/libsupport.a
C_FILES := $(wildcard wattyard.c $(foreach r,$(ROOMS) tests/*,$r/*.[ch]))

.PHONY: all deps deps-test deps-bench deps-lint deps-fuzz demo test soak valgrind lint bench fuzz install clean help
.DEFAULT_GOAL := all

all: deps ## build the programs and their man pages
	@$(MAKE) --no-print-directory -j$(JOBS) programs man
.PHONY: programs man tests fuzzers
programs: $(PROGRAMS)

deps: ; @tests/tools/deps.sh $(DEPS_BUILD) ## install the Debian packages that a build needs
deps-test: ; @tests/tools/deps.sh $(DEPS_TEST)
deps-bench: deps-test ; @tests/tools/deps.sh $(DEPS_BENCH) || echo 'The bench goes on without them.'
deps-lint: ; @tests/tools/deps.sh $(DEPS_LINT)
deps-fuzz: ; @tests/tools/deps.sh $(DEPS_FUZZ)
deps-all: ; @tests/tools/deps.sh $(DEPS_ALL)

demo: all ## install, build, plan the flagship scenario, and run jobs on 144 hosts of this machine
	@tests/tools/demo.sh $B

test: deps-test ## build everything and run all tests (SAN=address,undefined: under sanitizers)
	@$(MAKE) --no-print-directory -j$(JOBS) programs man tests
	@tests/tools/run_tests.sh $B $(TESTS)

soak: deps-test ## the system tests in full: hundreds of jobs, hundreds of kills
	@$(MAKE) --no-print-directory -j$(JOBS) programs tests
	@WATTYARD_SOAK=1 tests/tools/run_tests.sh $B $(filter $B/tests/system/%,$(TESTS))

valgrind: deps-all ## the unit tests under valgrind
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@VALGRIND=1 tests/tools/run_tests.sh $B $(TESTS)

lint: export MAY_INCLUDE = $(foreach r,$(ROOMS),$r:$(subst $() ,$(comma),$(strip $(MAY_INCLUDE_$r))))
lint: export CC := $(CC)
lint: export CFLAGS := $(CFLAGS)
lint: export CPPFLAGS := $(CPPFLAGS) $(SYSTEM_CFLAGS)
lint: deps-lint ## format, floors, headers alone, function length, analyzers
	@$(MAKE) --no-print-directory -j$(JOBS) programs man
	@JOBS=$(JOBS) BUILD=$B tests/tools/lint.sh $(C_FILES)

bench: deps-bench ## measure, side by side with peers where they can run here
	@$(MAKE) --no-print-directory -j$(JOBS) programs $(BENCHES)
	@tests/tools/run_benches.sh $B $(BENCHES)

FUZZ_SECONDS ?= 60
fuzz: deps-fuzz ## libFuzzer on every parser, FUZZ_SECONDS each
	@$(MAKE) --no-print-directory -j$(JOBS) fuzzers
	@tests/tools/run_fuzzers.sh $(FUZZ_SECONDS) $(FUZZERS)

clean: ## remove build/
	rm -rf build

help: ## this list
	@awk -F'## ' '/^[a-z-]+:.*## /{split($$1, t, ":"); printf "  %-10s %s\n", t[1], $$2}' $(MAKEFILE_LIST)

# --- Rules
# Before the rules that wait for it. What includes it is made anew with it: -MMD leaves out what comes by -isystem.
GENERATED := build/generated/protocol.pb-c.h

define room_rule
$B/lib$1.a: $(call room_objects,$1) $1
	@rm -f $$@ && ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$r)))

$B/%.c.o: %.c Makefile $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CPPFLAGS) $(SYSTEM_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The messages, as C: made for all variants, compiled without our warnings.
$(GENERATED) build/generated/protocol.pb-c.c &: agent/protocol.proto
	@mkdir -p build/generated
	@protoc-c --proto_path=agent --c_out=build/generated $<
$B/agent/protocol.pb-c.c.o: build/generated/protocol.pb-c.c
	@mkdir -p $(@D)
	@$(CC) $(SYSTEM_CFLAGS) -Ibuild/generated $(filter-out -W%,$(CFLAGS)) -w -c -o $@ $<

# A file inside the program: embed_<name>, and embed_<name>_bytes its length (base/embed.h).
embed_name = embed_$(subst -,_,$(subst .,_,$(notdir $1)))
embed = printf '.section .rodata\n.global %s\n.global %s_bytes\n.balign 8\n%s_bytes: .quad 2f-1f\n%s: 1: .incbin "%s"\n2: .byte 0\n.section .note.GNU-stack,"",@progbits\n' \
  $2 $2 $2 $2 $1 | $(CC) -c -x assembler -o $@ -
$B/%.o: %
	@mkdir -p $(@D)
	@$(call embed,$<,$(call embed_name,$<))

# The chart library of HTML pages, as Debian ships it.
CHART_JS := /usr/share/javascript/chart.js/chart.min.js
$B/base/chart.min.js.o: $(CHART_JS)
	@mkdir -p $(@D)
	@$(call embed,$(CHART_JS),embed_chart_min_js)

$B/wattyard: $B/wattyard.c.o $(ARCHIVES)
	@$(CC) $(LDFLAGS) -o $@ $< $(ARCHIVES) $(LIBRARIES)
# Static (but for sanitizers): one starts with each task, and must start at once.
$(SHIM): $B/agent/shim_main.c.o $B/libagent.a $B/libbase.a
	@$(CC) $(LDFLAGS) $(if $(SAN),,-static) -o $@ $^ -lm
$(DAEMONS): $B/wattyard-%: $B/%/main.c.o $(ARCHIVES)
	@$(CC) $(LDFLAGS) -o $@ $< $(ARCHIVES) $(LIBRARIES)

# What tests share; an archive, so that each takes what it needs of it (a bench has its own main).
$(SUPPORT): $(patsubst %,$B/%.o,$(wildcard tests/support/*.c)) tests/support
	@rm -f $@ && ar rcs $@ $(filter %.o,$^)

tests: $(TESTS) $(patsubst fuzz_%,$B/fuzz/replay_%,$(FUZZERS))
$(TESTS): $B/%: $B/%.c.o $(SUPPORT) $(ARCHIVES)
	@$(CC) $(LDFLAGS) -o $@ $< $(SUPPORT) $(ARCHIVES) $(LIBRARIES) $(shell pkg-config --libs check 2>/dev/null)
# The library that stands in for NVIDIA's in tests.
$B/tests/agent/nvml_standin.so: tests/agent/nvml_standin.c
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(filter-out -fsanitize=%,$(CFLAGS)) -fPIC -shared -o $@ $<
$B/tests/agent/test_sensors $B/tests/agent/test_agent: | $B/tests/agent/nvml_standin.so
$B/tests/agent/test_agent: | $B/wattyard-agent $(SHIM)
$B/fuzz/replay_%: $B/tests/fuzz/fuzz_%.c.o $B/tests/fuzz/replay.c.o $(ARCHIVES)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBRARIES)
$B/bench/%: $B/tests/bench/%.c.o $(SUPPORT) $(ARCHIVES)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBRARIES) $(shell pkg-config --libs check 2>/dev/null)

# Fuzzers are built by clang, with assertions, in a folder of their own.
FUZZ_SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_OBJECTS := $(patsubst %,build/fuzz/%.o,$(filter-out %/main.c %/shim_main.c,$(wildcard $(foreach r,$(ROOMS),$r/*.c)))) \
  $B/agent/protocol.pb-c.c.o \
  $(patsubst %,$B/%.o,$(EMBEDDED) base/chart.min.js)
fuzzers: $(addprefix build/fuzz/,$(FUZZERS))
build/fuzz/%.c.o: %.c Makefile $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CLANG $<"
	@$(CLANG) -std=c11 -g -O1 $(FUZZ_SANITIZE) $(filter-out -DNDEBUG,$(CPPFLAGS)) $(SYSTEM_CFLAGS) -MMD -MP -c -o $@ $<
$(addprefix build/fuzz/,$(FUZZERS)): build/fuzz/%: build/fuzz/tests/fuzz/%.c.o $(FUZZ_OBJECTS)
	@$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBRARIES)

# --- Man pages: commands from their option tables, formats and models from their pages.
PAGES := $(wildcard $(foreach r,$(ROOMS),$r/pages/*.txt))
man: $B/man/.done
$B/man/.done: $B/wattyard $(DAEMONS) $(PAGES) base/page_to_man.awk
	@rm -rf $B/man && mkdir -p $B/man
	@for c in $$($B/wattyard help --names); do $B/wattyard help --man $$c > $B/man/wattyard-$$c.1 || exit 1; done
	@$B/wattyard help --man wattyard > $B/man/wattyard.1
	@for d in $(DAEMONS); do $$d --man > $B/man/$$(basename $$d).1 || exit 1; done
	@for p in $(PAGES); do n=$$(basename $$p .txt); awk -v name=wattyard-$$n -v version=$(VERSION) -v released=$(RELEASED) -f base/page_to_man.awk $$p > $B/man/wattyard-$$n.5 || exit 1; done
	@touch $@

install: all ## into DESTDIR/PREFIX: programs, data files, man pages, units, shell completion
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	for f in topologies/*.xml topologies/*.rng workloads/*.rng $(wildcard topologies/*/*.xml workloads/*/*.xml); do \
	  install -Dm644 $$f $(DESTDIR)$(PREFIX)/share/wattyard/$$f || exit 1; done
	install -m644 $B/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m644 $B/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	for u in $(wildcard */wattyard-*.service); do install -d $(DESTDIR)$(PREFIX)/lib/systemd/system && \
	  sed 's|@PREFIX@|$(PREFIX)|' $$u > $(DESTDIR)$(PREFIX)/lib/systemd/system/$$(basename $$u) || exit 1; done
	install -m644 base/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/wattyard

-include $(shell find $B build/fuzz -name '*.d' 2>/dev/null)
