# mailwire: packet-level simulation of email. `make help` lists the targets.
SHELL := /bin/bash
CC ?= gcc
PREFIX ?= /usr/local
BUILD ?= build/release
CFLAGS ?= -O2 -g

PACKAGES = glib-2.0 libfyaml gmime-3.0 json-glib-1.0
PC_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PC_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpcap -lm
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wundef -Wpointer-arith -Wwrite-strings -Wvla
ifdef WERROR
WARNINGS += -Werror
endif
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. $(WARNINGS) $(CFLAGS) $(SANITIZE) $(PC_CFLAGS) -MMD -MP

# Every .c below these folders is part of the program; app/main.c alone holds main().
LIBRARY_SOURCES := $(sort $(wildcard sim/*.c stack/*.c stack/*/*.c protocols/*.c protocols/*/*.c views/*.c \
                     $(filter-out app/main.c,$(wildcard app/*.c))))
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libmailwire.a
PROGRAM := $(BUILD)/mailwire

# One Check binary per tests/<folder>/test_<module>.c; other .c in tests/ are shared helpers.
TEST_SOURCES := $(sort $(wildcard tests/*/test_*.c))
TEST_HELPERS := $(sort $(filter-out $(TEST_SOURCES) $(wildcard tests/fuzz/*.c),$(wildcard tests/*.c tests/*/*.c)))
TEST_HELPER_OBJECTS := $(TEST_HELPERS:%.c=$(BUILD)/%.o)
TESTS := $(TEST_SOURCES:%.c=$(BUILD)/%)

.PHONY: all tests
all: $(PROGRAM)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(LIBRARY): $(LIBRARY_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(PROGRAM): $(BUILD)/app/main.o $(LIBRARY)
	$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(PC_LIBS)

tests: $(TESTS)
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_HELPER_OBJECTS) $(LIBRARY)
	$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(CHECK_LIBS) $(PC_LIBS)

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
