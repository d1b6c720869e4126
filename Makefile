# Stafette. The targets a reader wants: make demo, make test, make lint, make install.
#
# Everything is built below $(BUILD), so several builds (gcc, clang, asan) stand side by side:
#   build/stafetted, build/stafettectl   the daemon and its control tool
#   build/libstafette.a                  all parts but the two mains; what the tests link
#   build/points/stafetted               the same daemon with test points (crash and disk-full tests)
#   build/tests/test_*                   one cmocka program for each tests/test_*.c
#
# Variables: CC (gcc or clang), WERROR=1, BUILD=dir, JOBS=n, YES=1 (install packages without asking),
# KEEP=1 (demo stays up), FUZZ_SECONDS=n, DIR=folder and ONLY=MH4,DO1 (scenarios), DESTDIR=, PREFIX=.

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD ?= build
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc)

# A make of our own build, using all cores unless the caller said -j himself.
BUILDING = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

LIBS := libmosquitto libcurl sqlite3 libconfig jansson libmicrohttpd libsodium libidn2 \
  gmime-3.0 libcrypto
TEST_LIBS := libical
PKG_CONFIG ?= pkg-config
MAIN_SOURCES := daemon/main.c daemon/ctl.c
SOURCES := $(filter-out $(MAIN_SOURCES),$(wildcard daemon/*.c adapters/*.c))
TEST_SOURCES := $(wildcard tests/test_*.c)
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)
TESTS := $(TEST_SOURCES:tests/%.c=$(BUILD)/tests/%) $(BUILD)/tests/expand_rules

OPT ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
WARN += $(if $(WERROR),-Werror)
HARDEN := -fstack-protector-strong -fPIE
HARDEN += $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
HARDEN_LINK := -pie -Wl,-z,relro,-z,now
SANITIZE_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
  -fno-omit-frame-pointer)
DEFINES := -D_GNU_SOURCE $(if $(POINTS),-DSTAFETTE_TEST_POINTS)

# Asked only when something is compiled, so that `make demo` can install pkg-config first.
LIB_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LIBS))
LIB_LINK = $(shell $(PKG_CONFIG) --libs $(LIBS)) -lpthread -lm
ALL_CFLAGS = -std=gnu17 $(OPT) $(WARN) $(DEFINES) $(HARDEN) $(SANITIZE_FLAGS) $(LIB_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(HARDEN_LINK) $(SANITIZE_FLAGS) $(LDFLAGS)

# What only the daemon of the crash and disk-full tests has: places where it ends itself, and a
# file layer below SQLite that runs full.
POINT_SOURCES := $(if $(POINTS),$(wildcard tests/testpoint.c tests/faultvfs.c))
POINT_OBJECTS := $(POINT_SOURCES:%.c=$(BUILD)/obj/%.o)

.PHONY: all programs points lib unit-programs deps-build demo test unit checks e2e scenarios lint \
  asan soak bench fuzz install clean format

all: deps-build
	+@$(BUILDING) programs

# The empty recipes keep make from saying that there is nothing to do.
programs: $(BUILD)/stafetted $(BUILD)/stafettectl
	@:
lib: $(BUILD)/libstafette.a
	@:
unit-programs: $(TESTS)
	@:

$(BUILD)/stafetted: $(BUILD)/obj/daemon/main.o $(POINT_OBJECTS) $(BUILD)/libstafette.a
	@echo "  link    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LINK)

$(BUILD)/stafettectl: $(BUILD)/obj/daemon/ctl.o $(BUILD)/libstafette.a
	@echo "  link    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LINK)

$(BUILD)/libstafette.a: $(OBJECTS)
	@echo "  archive $@"
	@rm -f $@.new && $(AR) rcs $@.new $^ && mv $@.new $@

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libstafette.a
	@mkdir -p $(@D)
	@echo "  link    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LINK) $(shell $(PKG_CONFIG) --libs $(TEST_LIBS)) -lcmocka

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  compile $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Objects are kept between runs although make sees them as intermediate.
.SECONDARY:

-include $(wildcard $(BUILD)/obj/*/*.d)

points:
	+@$(BUILDING) BUILD=$(BUILD)/points POINTS=1 programs

# ---- what a newcomer runs

deps-build:
	@contrib/install-deps build

demo:
	@contrib/install-deps build demo
	+@$(BUILDING) programs
	@KEEP=$(KEEP) STAFETTE_BUILD=$(BUILD) contrib/demo/run

test:
	@contrib/install-deps build demo test
	+@$(BUILDING) programs points unit-programs
	@STAFETTE_BUILD=$(BUILD) tests/run unit checks e2e scenarios

unit: unit-programs
	@STAFETTE_BUILD=$(BUILD) tests/run unit

checks: unit-programs
	@STAFETTE_BUILD=$(BUILD) tests/run checks

e2e: programs points $(BUILD)/tests/expand_rules
	@STAFETTE_BUILD=$(BUILD) tests/run e2e

# One line each on standard output, "ID<TAB>passed" or what differs; all else on standard error.
scenarios:
	@contrib/install-deps build demo test >&2
	+@$(BUILDING) programs points >&2
	@STAFETTE_BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/peers/scenario.py \
	  $(if $(DIR),--dir '$(DIR)') $(if $(ONLY),--only '$(ONLY)')

lint:
	@contrib/install-deps build lint
	@contrib/lint

# ---- longer runs

asan:
	@contrib/install-deps build demo test
	+@$(BUILDING) BUILD=build/asan OPT="-O1 -g" SANITIZE=address,undefined \
	  programs points unit-programs
	@STAFETTE_BUILD=build/asan STAFETTE_KILLS=10 tests/run unit crash

soak: programs points
	@contrib/install-deps build demo test
	@STAFETTE_BUILD=$(BUILD) tests/run soak

bench: programs
	@contrib/install-deps build demo test bench
	@STAFETTE_BUILD=$(BUILD) tests/bench/run

fuzz:
	@contrib/install-deps build fuzz
	+@$(BUILDING) BUILD=build/fuzz CC=clang OPT="-O1 -g" \
	  SANITIZE=fuzzer-no-link,address,undefined lib
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run

# ---- installing

SHARE = $(DESTDIR)$(PREFIX)/share

install: programs
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(SHARE)/stafette
	install -m 755 $(BUILD)/stafetted $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(BUILD)/stafettectl $(DESTDIR)$(PREFIX)/bin/
	install -d $(SHARE)/man/man8 $(SHARE)/man/man1 $(SHARE)/man/man5
	install -m 644 contrib/man/stafetted.8 $(SHARE)/man/man8/
	install -m 644 contrib/man/stafettectl.1 $(SHARE)/man/man1/
	install -m 644 contrib/man/stafette.conf.5 $(SHARE)/man/man5/
	install -d $(SHARE)/bash-completion/completions
	install -m 644 contrib/completions/stafettectl $(SHARE)/bash-completion/completions/
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	  $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
	sed 's|@PREFIX@|$(PREFIX)|g' contrib/systemd/stafetted.service \
	  > $(DESTDIR)$(PREFIX)/lib/systemd/system/stafetted.service
	install -m 644 contrib/systemd/stafette.sysusers \
	  $(DESTDIR)$(PREFIX)/lib/sysusers.d/stafette.conf
	install -m 644 contrib/systemd/stafette.tmpfiles \
	  $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/stafette.conf
	cp -R config contrib/schemas contrib/mosquitto contrib/asyncapi.yaml $(SHARE)/stafette/
	install -d $(SHARE)/doc/stafette
	install -m 644 README.md contrib/betrieb.md $(SHARE)/doc/stafette/
	chmod -R u=rwX,go=rX $(SHARE)/stafette
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/stafetted.service

# The unpacked test servers stay: they are downloads, not products.
clean:
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name peers -exec rm -rf {} +

format:
	clang-format -i $(wildcard daemon/*.[ch] adapters/*.[ch] tests/*.[ch] tests/*/*.[ch])
