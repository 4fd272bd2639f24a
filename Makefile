# qianfan_fdw: Baidu Qianfan model compression tasks as a foreign table
#
# make && make install && make installcheck	the ordinary PGXS way
# make check-unit	C unit programs (no server needed)
# make check-layers	no include points the wrong way
# make check-messages	each message is in Chinese; update-po adds what is new
# make coverage		which lines the tests run: figure, and pages in coverage/
# make indent		pg_bsd_indent over src/ and test/unit/
#
# CURL_PREFIX=/opt/curl, for any of these, takes another libcurl than the
# system's: headers in its include/, libraries in its lib/, together with those of
# the OpenSSL that it was built with.

MODULE_big = qianfan_fdw
EXTENSION = qianfan_fdw
DATA = qianfan_fdw--1.1.sql qianfan_fdw--1.0--1.1.sql qianfan_fdw--1.0.sql
PGFILEDESC = "qianfan_fdw - Baidu Qianfan model compression tasks as a foreign table"

# In the order a query travels.
OBJS = \
	src/qianfan_fdw.o \
	src/fdw/path.o \
	src/fdw/shape.o \
	src/fdw/join_clause.o \
	src/fdw/sort_key.o \
	src/fdw/order_plan.o \
	src/fdw/order_scan.o \
	src/fdw/order_check.o \
	src/fdw/plan.o \
	src/fdw/cost.o \
	src/fdw/columns.o \
	src/fdw/pushdown.o \
	src/fdw/keyset.o \
	src/fdw/plan_private.o \
	src/fdw/row_mark.o \
	src/fdw/scan.o \
	src/fdw/scan_key.o \
	src/fdw/scan_list.o \
	src/fdw/late.o \
	src/fdw/scan_state.o \
	src/fdw/row_store.o \
	src/fdw/reader.o \
	src/fdw/explain.o \
	src/fdw/ancestors.o \
	src/fdw/start.o \
	src/fdw/jit.o \
	src/fdw/async.o \
	src/fdw/analyze.o \
	src/fdw/modify_plan.o \
	src/fdw/modify.o \
	src/fdw/insert.o \
	src/fdw/change.o \
	src/fdw/returned.o \
	src/fdw/import.o \
	src/fdw/sqlfuncs.o \
	src/join/lookup_join_path.o \
	src/join/lookup_join_exec.o \
	src/copy/describe.o \
	src/copy/source.o \
	src/copy/target.o \
	src/copy/arguments.o \
	src/copy/sync.o \
	src/copy/sync_lock.o \
	src/copy/merge.o \
	src/copy/merge_sql.o \
	src/copy/stage.o \
	src/copy/mirror.o \
	src/copy/state_change.o \
	src/copy/wait.o \
	src/copy/poll.o \
	src/resource/registry.o \
	src/resource/envelope.o \
	src/resource/model_comp_task.o \
	src/api/check.o \
	src/api/probe.o \
	src/api/finding.o \
	src/api/fetch.o \
	src/api/lists.o \
	src/api/order.o \
	src/api/seen.o \
	src/api/queue.o \
	src/api/call.o \
	src/api/attempt.o \
	src/api/limit.o \
	src/api/retry.o \
	src/api/write.o \
	src/api/write_search.o \
	src/api/write_error.o \
	src/api/written.o \
	src/api/request.o \
	src/api/response.o \
	src/api/api_error.o \
	src/api/route.o \
	src/api/reuse.o \
	src/shared/area.o \
	src/shared/place.o \
	src/shared/line.o \
	src/shared/answers.o \
	src/shared/ring.o \
	src/shared/stat.o \
	src/shared/activity.o \
	src/shared/views.o \
	src/http/connection.o \
	src/http/transfer.o \
	src/http/body.o \
	src/http/failure.o \
	src/http/facts.o \
	src/http/tls.o \
	src/http/header.o \
	src/http/loop.o \
	src/http/descriptor.o \
	src/http/sign.o \
	src/data/json_parse.o \
	src/data/json.o \
	src/data/row.o \
	src/data/field.o \
	src/base/nls.o \
	src/base/text.o \
	src/base/mask.o \
	src/base/option.o \
	src/base/endpoint.o \
	src/base/credential.o \
	src/base/account.o \
	src/base/instant.o \
	src/base/guc.o

# The control file is the one place that states the version.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" qianfan_fdw.control)

PG_CPPFLAGS = -I$(srcdir)/src -DQIANFAN_FDW_VERSION='"$(EXTVERSION)"'
# The compiler's own standard, which is C11 or later: PostgreSQL was built with
# it, and some versions' headers use the newest.
override PG_CFLAGS += -Wall -Wextra -Wno-unused-parameter \
	-Wno-sign-compare -Wno-missing-field-initializers
SHLIB_LINK = -lcurl -lcjson -lssl -lcrypto

# Not a "runpath", which libcurl's own libraries would not be looked for in.
ifdef CURL_PREFIX
PG_CPPFLAGS += -I$(CURL_PREFIX)/include
PG_LDFLAGS += -L$(CURL_PREFIX)/lib \
	-Wl,--disable-new-dtags,-rpath,$(CURL_PREFIX)/lib
endif

REGRESS = install setup options option_privileges import credentials \
	lookup_calls lookup_parameters lookup_types keys empty_keys rows columns columns_used system_columns values \
	not_found route errors readonly budget retry explain explain_subqueries list paging page_info details \
	limit late_details list_order list_order_checks joins append analyze costs lookup_join \
	lookup_join_plans row_marks kept_rows list_values lookup_forms lookup_limit two_steps cache insert change write_forms \
	copy copy_targets copy_errors copy_changes wait
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl test/soak/soak.pl

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Tests talk to a simulator that lives exactly as long as pg_regress does.
# PostgreSQL 15 puts an echo in front of the program's name.
REGRESS_PROGRAM = $(top_builddir)/src/test/regress/pg_regress
pg_regress_installcheck := $(subst $(REGRESS_PROGRAM),$(srcdir)/test/simulator/with-simulator --strict=on -- $(REGRESS_PROGRAM),$(pg_regress_installcheck))
REGRESS_OPTS += --encoding=UTF8
PROVE_FLAGS += -I $(srcdir)/test/lib

# Messages in other languages, for a server that was built with them.
LANGUAGES = $(notdir $(basename $(wildcard $(srcdir)/po/*.po)))
MESSAGES = '$(DESTDIR)$(localedir)/$*/LC_MESSAGES/qianfan_fdw-$(MAJORVERSION).mo'
EXTRA_CLEAN += $(LANGUAGES:%=po/%.mo)
ifeq ($(enable_nls),yes)
ifneq ($(shell command -v $(MSGFMT)),)
all: $(LANGUAGES:%=po/%.mo)
install: $(LANGUAGES:%=install-messages-%)
uninstall: $(LANGUAGES:%=uninstall-messages-%)
else
$(warning no msgfmt here (package "gettext"): messages will be in English only)
endif
endif

po/%.mo: $(srcdir)/po/%.po
	@$(MKDIR_P) po
	$(MSGFMT) -c -o $@ $<

.PHONY: $(LANGUAGES:%=install-messages-%) $(LANGUAGES:%=uninstall-messages-%)
$(LANGUAGES:%=install-messages-%): install-messages-%: po/%.mo
	$(MKDIR_P) '$(DESTDIR)$(localedir)/$*/LC_MESSAGES'
	$(INSTALL_DATA) $< $(MESSAGES)

$(LANGUAGES:%=uninstall-messages-%): uninstall-messages-%:
	rm -f $(MESSAGES)

# Debian's server is built without dependency tracking.
$(OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)

.PHONY: update-po check-messages check-unit check-layers check-symbols coverage indent check-indent
check-unit:
	$(MAKE) -C $(srcdir)/test/unit PG_CONFIG=$(PG_CONFIG) check

check-messages:
	$(srcdir)/test/check_messages.py

update-po:
	$(srcdir)/test/check_messages.py --update

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
