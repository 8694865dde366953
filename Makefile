# mailwire: packet-level simulation of email. `make help` lists the targets.
SHELL := /bin/bash
CC ?= gcc
PREFIX ?= /usr/local
BUILD ?= build/release
CFLAGS ?= -O2 -g
# The make that builds for a target: on every core, unless the user chose a number with -j.
CORES := $(shell getconf _NPROCESSORS_ONLN)
SUBMAKE = $(MAKE) --no-print-directory -s $(if $(findstring -j,$(MAKEFLAGS)),,-j$(CORES))

PACKAGES = glib-2.0 libfyaml gmime-3.0 json-glib-1.0 openssl ncursesw zlib
PC_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PC_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpcap -lm
# Optional: without it `topology --svg` says what to install.
ifeq ($(shell pkg-config --exists libgvc && echo yes),yes)
GRAPHVIZ_CFLAGS := -DHAVE_GRAPHVIZ $(shell pkg-config --cflags libgvc)
PC_LIBS += $(shell pkg-config --libs libgvc)
endif
# Optional: without it `serve` says what to install.
SERVER = app/serve.c app/serve_guard.c app/serve_job.c app/serve_live.c
ifeq ($(shell pkg-config --exists libsoup-3.0 && echo yes),yes)
SOUP_CFLAGS := -DHAVE_SOUP $(shell pkg-config --cflags libsoup-3.0)
PC_LIBS += $(shell pkg-config --libs libsoup-3.0)
else
NO_SERVER = $(SERVER)
endif
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

# gcc for x86 clears small structs with an instruction that takes long to start, unless it tunes for
# processors with long vectors; any processor runs what comes of it. Where the program is meant to be
# fast, it is optimized as a whole when it is linked; tests are linked from the same objects without.
cc-option = $(shell echo 'int x;' | $(CC) $(1) -Werror -x c -c -o /dev/null - 2>/dev/null && echo '$(1)')
TUNING := $(call cc-option,-mtune=icelake-server)
ifeq ($(SANITIZE)$(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
WHOLE := $(call cc-option,-flto=auto -ffat-lto-objects)
endif

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wundef -Wpointer-arith -Wwrite-strings -Wvla
ifdef WERROR
WARNINGS += -Werror
endif
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DDATADIR=\"$(PREFIX)/share/mailwire\" -I. $(WARNINGS) $(TUNING) $(WHOLE) $(CFLAGS) $(SANITIZE) $(PC_CFLAGS) -MMD -MP

# What only Linux has, and what stands in for it elsewhere.
SYSTEM ?= $(shell uname -s)
LINUX_ONLY = app/live.c app/live_pages.c app/live_device.c app/live_offload.c app/shell_namespace.c app/shell_keeper.c app/command_live.c \
             app/command_extcap.c app/command_shell.c tests/app/test_live_offload.c tests/fuzz/fuzz_offload.c
ifeq ($(SYSTEM),Linux)
LEFT_OUT = app/live_elsewhere.c
else
LEFT_OUT = $(LINUX_ONLY)
endif

# Every .c below these folders is part of the program; app/main.c alone holds main().
LIBRARY_SOURCES := $(sort $(wildcard sim/*.c stack/*.c stack/*/*.c protocols/*.c protocols/*/*.c views/*.c \
                     $(filter-out app/main.c $(LEFT_OUT) $(NO_SERVER),$(wildcard app/*.c))))
# The front end of the page, joined into one C source.
PAGE_BUNDLE := $(BUILD)/views/page_bundle
# The front end of the editor, file by file.
EDITOR_BUNDLE := $(BUILD)/app/editor_bundle
EDITOR_FILES := $(sort $(wildcard views/editor/*.*)) views/page/dom.js views/page/style.css
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o) $(PAGE_BUNDLE).o $(if $(NO_SERVER),,$(EDITOR_BUNDLE).o)
LIBRARY := $(BUILD)/libmailwire.a
PROGRAM := $(BUILD)/mailwire

$(BUILD)/app/picture.o: ALL_CFLAGS += $(GRAPHVIZ_CFLAGS)
$(SERVER:%.c=$(BUILD)/%.o) $(BUILD)/app/command_serve.o $(EDITOR_BUNDLE).o: ALL_CFLAGS += $(SOUP_CFLAGS)

# One Check binary per tests/<folder>/test_<module>.c; other .c in tests/ are shared helpers.
TEST_SOURCES := $(sort $(filter-out $(LEFT_OUT),$(wildcard tests/*/test_*.c)))
TEST_HELPERS := $(sort $(filter-out $(TEST_SOURCES) $(wildcard tests/fuzz/*.c),$(wildcard tests/*.c tests/*/*.c)))
TEST_HELPER_OBJECTS := $(TEST_HELPERS:%.c=$(BUILD)/%.o)
# An archive, so that a test links only the helpers it uses, and may stand in for what those need.
TEST_LIBRARY := $(BUILD)/tests/libtests.a
TESTS := $(TEST_SOURCES:%.c=$(BUILD)/%)
# Real programs on the simulated network; they skip what a machine cannot do.
INTEROP := $(sort $(wildcard ./tests/interop/test_*.py ./tests/page/test_*.sh))
# Begun first, so that no core is without work at the end.
LONGEST := ./tests/interop/test_tcp.py $(BUILD)/tests/app/test_verdict ./tests/page/test_page.sh

all: $(PROGRAM) ## builds the program
	@ln -sf $(PROGRAM) mailwire

# Where every frame passes, code that is larger and faster is worth it, unless the user has other
# flags. A frame goes through some forty functions, its explanation through as many: gcc joins them only
# if it is told to gain little by each, and lets the program grow, which is decided when it is linked.
ifeq ($(origin CFLAGS),file)
JOINING := $(call cc-option,--param=inline-min-speedup=5) \
           $(call cc-option,--param=max-inline-insns-auto=60) \
           $(call cc-option,--param=inline-unit-growth=200)
$(BUILD)/sim/%.o $(BUILD)/stack/%.o: CFLAGS := $(patsubst -O2,-O3,$(CFLAGS)) $(JOINING)
$(BUILD)/protocols/%.o $(BUILD)/views/%.o: CFLAGS := $(CFLAGS) $(JOINING)
endif
$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(PAGE_BUNDLE).c: tools/page_bundle.sh $(sort $(wildcard views/page/*.js views/page/*.css))
	@mkdir -p $(@D)
	tools/page_bundle.sh > $@.new
	@mv $@.new $@
$(PAGE_BUNDLE).o: $(PAGE_BUNDLE).c Makefile
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(EDITOR_BUNDLE).c: tools/editor_bundle.sh $(EDITOR_FILES)
	@mkdir -p $(@D)
	tools/editor_bundle.sh $(EDITOR_FILES) > $@.new
	@mv $@.new $@
$(EDITOR_BUNDLE).o: $(EDITOR_BUNDLE).c Makefile
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(LIBRARY): $(LIBRARY_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(PROGRAM): $(BUILD)/app/main.o $(LIBRARY)
	$(CC) $(TUNING) $(WHOLE) $(JOINING) $(CFLAGS) $(SANITIZE) -o $@ $^ $(PC_LIBS)

tests: $(TESTS) ## builds the tests
$(TEST_LIBRARY): $(TEST_HELPER_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_LIBRARY) $(LIBRARY)
	$(CC) $(CFLAGS) $(SANITIZE) $(WHOLE:-flto%=-fno-lto) -o $@ $^ $(CHECK_LIBS) $(PC_LIBS)

.PHONY: all tests help deps test demo bench install uninstall clean layers headers sizes format \
        format-check lint fuzz sanitized

# The commands of the README.

demo: deps ## installs what is missing, builds, runs the office scenario
	@+$(SUBMAKE) all
	$(PROGRAM) run scenarios/office.yaml --pcap office.pcapng
	@echo
	@echo "The trace is in office.pcapng. Open it with: wireshark office.pcapng"

test: deps-test ## installs what is missing, builds, runs every test
	@+$(SUBMAKE) all
	@+$(SUBMAKE) tests
	@+$(SUBMAKE) layers
	@MAILWIRE=$(PROGRAM) tests/run.sh $(LONGEST) $(filter-out $(LONGEST),$(TESTS) $(INTEROP))

deps: ## what building and running needs, by apt where that is missing
	@tools/deps.sh build
deps-test:
	@tools/deps.sh test
deps-check:
	@tools/deps.sh check
deps-bench:
	@tools/deps.sh bench

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

# Where Wireshark looks for programs that capture. Only folders that are there are linked into, unless
# the user names one: EXTCAPDIR=... What /usr/local holds is for the distribution's Wireshark too.
WIRESHARK_PREFIXES = $(PREFIX) $(filter-out $(PREFIX),$(if $(filter /usr/local,$(PREFIX)),/usr))
EXTCAPDIR ?= $(patsubst $(DESTDIR)%/,%,$(wildcard $(foreach prefix,$(WIRESHARK_PREFIXES),\
               $(addprefix $(DESTDIR)$(prefix)/,lib/wireshark/extcap/ lib64/wireshark/extcap/ lib/*/wireshark/extcap/))))

install: all ## into PREFIX (default /usr/local), DESTDIR is honoured
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/mailwire
	install -D -m 644 docs/mailwire.1 $(DESTDIR)$(PREFIX)/share/man/man1/mailwire.1
	install -D -m 644 app/mailwire.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mailwire
	mkdir -p $(DESTDIR)$(PREFIX)/share/mailwire
	cp -R scenarios $(DESTDIR)$(PREFIX)/share/mailwire/
	@set -e; for folder in $(EXTCAPDIR); do \
	    echo "ln -sf $(PREFIX)/bin/mailwire $(DESTDIR)$$folder/mailwire"; \
	    mkdir -p "$(DESTDIR)$$folder"; \
	    ln -sf "$(PREFIX)/bin/mailwire" "$(DESTDIR)$$folder/mailwire"; \
	done
	@[ -n "$(strip $(EXTCAPDIR))" ] || echo "No extcap folder of Wireshark below $(PREFIX): to capture from Wireshark," \
	    "mkdir -p ~/.local/lib/wireshark/extcap && ln -s $(PREFIX)/bin/mailwire ~/.local/lib/wireshark/extcap/"

uninstall: ## removes what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/mailwire $(DESTDIR)$(PREFIX)/share/man/man1/mailwire.1 \
	      $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mailwire
	rm -rf $(DESTDIR)$(PREFIX)/share/mailwire
	@for folder in $(EXTCAPDIR); do \
	    link="$(DESTDIR)$$folder/mailwire"; \
	    [ "$$(readlink "$$link")" != "$(PREFIX)/bin/mailwire" ] || { echo "rm $$link"; rm -f "$$link"; }; \
	done

clean: ## removes everything that was built
	rm -rf build mailwire

# Checks of the source itself.

layers: ## no include points up between layers
	@tools/layers.sh
headers: ## every header compiles on its own
	@tools/headers.sh $(CC) -std=gnu11 -D_GNU_SOURCE $(PC_CFLAGS) $(SOUP_CFLAGS)
sizes: ## the ten longest functions, for review
	@tools/sizes.sh
FORMATTED = $(shell find sim stack protocols views app tests bench -name '*.[ch]' | sort)
format: ## lays the source out
	@clang-format -i $(FORMATTED)
format-check: ## fails where clang-format would change something
	@clang-format --dry-run --Werror $(FORMATTED)
lint: deps-check ## clang-tidy and cppcheck, clean
	@printf '%s\n' $(LIBRARY_SOURCES) app/main.c | xargs -P $(CORES) -n 8 sh -c \
	    'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- -std=gnu11 -D_GNU_SOURCE \
	    -DDATADIR=\"\" -I. $(PC_CFLAGS) $(SOUP_CFLAGS) 2>/dev/null' sh
	@cppcheck -j $(CORES) --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
	    --suppressions-list=tools/cppcheck.txt -I. $(LIBRARY_SOURCES) app/main.c

# Benchmarks: ratios against other programs measured in the same run, never part of the tests.
BENCH_PROGRAMS := $(patsubst bench/%.c,build/bench/bench/%,$(filter-out bench/bench.c,$(wildcard bench/*.c)))
build/bench/bench/%: build/bench/bench/%.o build/bench/bench/bench.o build/bench/libmailwire.a
	$(CC) $(TUNING) $(WHOLE) $(JOINING) $(CFLAGS) -o $@ $^ $(PC_LIBS)
build/bench/ns3/%: bench/ns3/%.cc
	@mkdir -p $(@D)
	g++ -std=c++17 -O2 -o $@ $< -lns3-applications -lns3-csma -lns3-point-to-point -lns3-internet \
	    -lns3-traffic-control -lns3-bridge -lns3-network -lns3-stats -lns3-core
ifeq ($(BUILD),build/bench)
bench-programs: $(BENCH_PROGRAMS) build/bench/mailwire
endif
bench: deps-bench ## speed and memory, as ratios against ns-3 and against the machine's limits
	@+$(SUBMAKE) BUILD=build/bench bench-programs
	@+$(SUBMAKE) build/bench/ns3/bulk build/bench/ns3/many
	@bench/run.sh

# What judges bytes by tshark, what runs the same scenarios once more (test_scenarios runs them all), what
# runs in a browser, and what is about speed says nothing new under the sanitizers, and takes long.
UNSANITIZED = tests/app/test_verdict.c tests/app/test_determinism.c tests/app/test_claims.c tests/app/test_explain_agrees.c \
    ./tests/interop/test_tcp.py ./tests/interop/test_narrate.py ./tests/interop/test_quiz.py ./tests/interop/test_serve.py \
    ./tests/page/test_page.sh ./tests/page/test_editor.sh

# The same tests under AddressSanitizer and UndefinedBehaviorSanitizer, and from the same objects, where clang
# made them, fuzz targets. gcc's sanitizers make it warn of conversions that are none: no errors there.
ifneq ($(findstring clang,$(CC)),)
FUZZABLE = ,fuzzer-no-link
else
UNERRING = WERROR=
endif
SANITIZED = build/sanitized-$(CC)
SANITIZING = BUILD=$(SANITIZED) $(UNERRING) CFLAGS="-O1 -g -fno-omit-frame-pointer" \
    SANITIZE="-fsanitize=address,undefined$(FUZZABLE) -fno-sanitize-recover=undefined"
sanitized: ## the tests under the sanitizers, but for those that judge bytes by tshark and speed
	@+$(SUBMAKE) $(SANITIZING) all tests
	@MAILWIRE=$(SANITIZED)/mailwire CK_TIMEOUT_MULTIPLIER=4 LSAN_OPTIONS=suppressions=$(CURDIR)/tests/leaks.supp:print_suppressions=0 \
	    tests/run.sh $(patsubst %.c,$(SANITIZED)/%,$(filter-out $(UNSANITIZED),$(TEST_SOURCES))) \
	    $(filter-out $(UNSANITIZED),$(INTEROP))

# One libFuzzer program per tests/fuzz/fuzz_<name>.c, each for FUZZ_SECONDS, one for each core at a time.
FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIBRARY)
	$(CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(PC_LIBS)
fuzzers: $(FUZZERS:%=$(BUILD)/tests/fuzz/%)
fuzz: deps-check ## every fuzz target for FUZZ_SECONDS each
ifeq ($(findstring clang,$(CC)),)
	@+$(MAKE) --no-print-directory CC=clang fuzz
else
	@+$(SUBMAKE) $(SANITIZING) fuzzers
	@printf '%s\n' $(FUZZERS) | BUILD=$(SANITIZED) xargs -P $(CORES) -I{} tests/fuzz/run.sh {} $(FUZZ_SECONDS)
endif

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
