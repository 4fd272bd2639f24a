# qianfan_fdw: Baidu Qianfan model compression tasks as a foreign table
#
# make && make install && make installcheck	the ordinary PGXS way
# make check-unit	C unit programs (no server needed)
# make check-layers	no include points the wrong way
# make coverage		which lines the tests run: figure, and pages in coverage/
# make indent		pg_bsd_indent over src/ and test/unit/

MODULE_big = qianfan_fdw
EXTENSION = qianfan_fdw
DATA = qianfan_fdw--1.0.sql
PGFILEDESC = "qianfan_fdw - Baidu Qianfan model compression tasks as a foreign table"

# In the order a query travels.
OBJS = \
	src/qianfan_fdw.o \
	src/fdw/plan.o \
	src/fdw/cost.o \
	src/fdw/pushdown.o \
	src/fdw/keyset.o \
	src/fdw/plan_private.o \
	src/fdw/scan.o \
	src/fdw/explain.o \
	src/fdw/async.o \
	src/fdw/analyze.o \
	src/fdw/modify.o \
	src/fdw/import.o \
	src/fdw/sqlfuncs.o \
	src/join/lookup_join_path.o \
	src/join/lookup_join_exec.o \
	src/resource/registry.o \
	src/resource/model_comp_task.o \
	src/api/fetch.o \
	src/api/seen.o \
	src/api/request.o \
	src/api/response.o \
	src/api/api_error.o \
	src/http/pool.o \
	src/http/call.o \
	src/http/descriptor.o \
	src/http/retry.o \
	src/http/sign.o \
	src/data/json.o \
	src/data/row.o \
	src/base/text.o \
	src/base/mask.o \
	src/base/option.o \
	src/base/endpoint.o \
	src/base/credential.o \
	src/base/guc.o

# The control file is the one place that states the version.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" qianfan_fdw.control)

PG_CPPFLAGS = -I$(srcdir)/src -DQIANFAN_FDW_VERSION='"$(EXTVERSION)"'
# The compiler's own standard, which is C11 or later: PostgreSQL was built with
# it, and some versions' headers use the newest.
override PG_CFLAGS += -Wall -Wextra -Wno-unused-parameter \
	-Wno-sign-compare -Wno-missing-field-initializers
SHLIB_LINK = -lcurl -lcjson -lssl -lcrypto

REGRESS = install setup options option_privileges import credentials \
	lookup_calls lookup_parameters lookup_types rows columns values \
	not_found errors readonly budget retry explain list paging details \
	limit joins append analyze costs lookup_join lookup_join_plans
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl test/soak/soak.pl

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Tests talk to a simulator that lives exactly as long as pg_regress does.
# PostgreSQL 15 puts an echo in front of the program's name.
REGRESS_PROGRAM = $(top_builddir)/src/test/regress/pg_regress
pg_regress_installcheck := $(subst $(REGRESS_PROGRAM),$(srcdir)/test/simulator/with-simulator -- $(REGRESS_PROGRAM),$(pg_regress_installcheck))
REGRESS_OPTS += --encoding=UTF8
PROVE_FLAGS += -I $(srcdir)/test/lib

# Debian's server is built without dependency tracking.
$(OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)

.PHONY: check-unit check-layers check-symbols coverage indent check-indent
check-unit:
	$(MAKE) -C $(srcdir)/test/unit PG_CONFIG=$(PG_CONFIG) check

check-layers:
	$(srcdir)/test/check_layers.sh

# On a copy, with a server of its own, so nothing here is built or installed.
coverage:
	PG_CONFIG=$(PG_CONFIG) $(srcdir)/script/test --only coverage --html coverage

check-symbols: all
	$(srcdir)/test/check_symbols.sh $(shlib)

# The version of the package pg-bsd-indent, if there is one: what PostgreSQL 16
# and later bring along indents initializers of several lines another way.
PG_BSD_INDENT = $(firstword $(wildcard /usr/bin/pg_bsd_indent) pg_bsd_indent)
INDENT = $(PG_BSD_INDENT) -bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 \
	-nfc1 -i4 -l79 -lp -lpl -nip -npro -sac -tpg -ts4 -Utypedefs.list
# pgindent, too, takes this out of what the program makes of return types.
UNPAD = sed -E 's/^(((static|extern|const) )*[A-Za-z_][A-Za-z0-9_]*)[[:space:]]+\*$$/\1 */'
INDENT_FILES = $(wildcard src/*.[ch] src/*/*.[ch] test/unit/*.[ch])

indent:
	@for f in $(INDENT_FILES); do \
		$(INDENT) < $$f | $(UNPAD) > $$f.indented && \
		cmp -s $$f $$f.indented || cp $$f.indented $$f; rm -f $$f.indented; done

check-indent:
	@for f in $(INDENT_FILES); do \
		$(INDENT) < $$f | $(UNPAD) | diff -u $$f - || bad=1; done; test -z "$$bad"
