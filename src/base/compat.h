/*
 * compat.h
 *	  The only file that looks at PG_VERSION_NUM and LIBCURL_VERSION_NUM.
 *
 * Each difference is hidden behind one function with one signature, so that
 * no other file needs an #if.
 *
 * src/base/compat.h
 */
#ifndef QF_BASE_COMPAT_H
#define QF_BASE_COMPAT_H

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "parser/parse_relation.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/date.h"
#include "utils/guc_tables.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#if PG_VERSION_NUM < 150000
#error "qianfan_fdw needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#include "nodes/miscnodes.h"
#endif

/* PostgreSQL 18 can show name and version of a loaded module. */
#ifdef PG_MODULE_MAGIC_EXT
#define QF_MODULE_MAGIC(module_name, module_version) \
	PG_MODULE_MAGIC_EXT(.name = module_name, .version = module_version)
#else
#define QF_MODULE_MAGIC(module_name, module_version) PG_MODULE_MAGIC
#endif

/*
 * A path that scans the table "rel".  PostgreSQL 17 added the list of
 * clauses a pushed-down join has used up, 18 the count of disabled nodes.
 */
static inline ForeignPath *
qf_compat_foreign_path(PlannerInfo *root, RelOptInfo *rel, double rows,
					   Cost startup_cost, Cost total_cost,
					   List *pathkeys, Relids required_outer,
					   List *fdw_private)
{
#if PG_VERSION_NUM >= 180000
	return create_foreignscan_path(root, rel, NULL, rows, 0,
								   startup_cost, total_cost, pathkeys,
								   required_outer, NULL, NIL, fdw_private);
#elif PG_VERSION_NUM >= 170000
	return create_foreignscan_path(root, rel, NULL, rows,
								   startup_cost, total_cost, pathkeys,
								   required_outer, NULL, NIL, fdw_private);
#else
	return create_foreignscan_path(root, rel, NULL, rows,
								   startup_cost, total_cost, pathkeys,
								   required_outer, NULL, fdw_private);
#endif
}

/* PostgreSQL 18 dropped the last parameter of ExecutorRun(). */
#if PG_VERSION_NUM >= 180000
#define QF_COMPAT_EXECUTOR_RUN_PARAMETERS \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define QF_COMPAT_EXECUTOR_RUN_ARGUMENTS queryDesc, direction, count
#else
#define QF_COMPAT_EXECUTOR_RUN_PARAMETERS \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count, \
	bool execute_once
#define QF_COMPAT_EXECUTOR_RUN_ARGUMENTS \
	queryDesc, direction, count, execute_once
#endif

/*
 * What it costs to sort, the input's cost included.  enable_sort is about Sort
 * nodes; PostgreSQL 18 returns a count for it, earlier ones a cost.
 */
static inline void
qf_compat_cost_sort(PlannerInfo *root, List *pathkeys, Cost input_cost,
					double tuples, int width, Cost *startup, Cost *total)
{
	bool		saved = enable_sort;
	Path		path = {0};

	enable_sort = true;
#if PG_VERSION_NUM >= 180000
	cost_sort(&path, root, pathkeys, 0, input_cost, tuples, width, 0.0,
			  work_mem, -1.0);
#else
	cost_sort(&path, root, pathkeys, input_cost, tuples, width, 0.0,
			  work_mem, -1.0);
#endif
	enable_sort = saved;
	*startup = path.startup_cost;
	*total = path.total_cost;
}

/*
 * The first member of an equivalence class that is over these relations alone
 * and fits, or NULL.  PostgreSQL 18 keeps members of partitions apart.
 */
static inline EquivalenceMember *
qf_compat_find_member(EquivalenceClass *ec, Relids relids,
					  bool (*fits) (const EquivalenceMember *, void *),
					  void *arg)
{
	EquivalenceMember *em;

#if PG_VERSION_NUM >= 180000
	EquivalenceMemberIterator iterator;

	setup_eclass_member_iterator(&iterator, ec, relids);
	while ((em = eclass_member_iterator_next(&iterator)) != NULL)
	{
#else
	ListCell   *lc;

	foreach(lc, ec->ec_members)
	{
		em = lfirst_node(EquivalenceMember, lc);
#endif
		if (bms_equal(em->em_relids, relids) && fits(em, arg))
			return em;
	}
	return NULL;
}

/*
 * The operator that sorts values of a type as a pathkey says; InvalidOid if
 * there is none.  PostgreSQL 18 no longer speaks of B-tree strategies.
 */
static inline Oid
qf_compat_sort_operator(const PathKey *pathkey, Oid type)
{
#if PG_VERSION_NUM >= 180000
	return get_opfamily_member_for_cmptype(pathkey->pk_opfamily, type, type,
										   pathkey->pk_cmptype);
#else
	return get_opfamily_member(pathkey->pk_opfamily, type, type,
							   pathkey->pk_strategy);
#endif
}

/* Does a pathkey go from great to small? */
static inline bool
qf_compat_pathkey_falls(const PathKey *pathkey)
{
#if PG_VERSION_NUM >= 180000
	return pathkey->pk_cmptype == COMPARE_GT;
#else
	return pathkey->pk_strategy == BTGreaterStrategyNumber;
#endif
}

/* The pathkey that ASC or DESC without more makes of an equivalence class. */
static inline PathKey *
qf_compat_pathkey(PlannerInfo *root, EquivalenceClass *ec, Oid opfamily,
				  bool falling)
{
#if PG_VERSION_NUM >= 180000
	return make_canonical_pathkey(root, ec, opfamily,
								  falling ? COMPARE_GT : COMPARE_LT, falling);
#else
	return make_canonical_pathkey(root, ec, opfamily,
								  falling ? BTGreaterStrategyNumber :
								  BTLessStrategyNumber, falling);
#endif
}

/*
 * The pathkeys of what is sorted by an expression, whether somebody asks for
 * them or not.  PostgreSQL 16 tells in Vars which join may make them null.
 */
static inline List *
qf_compat_expression_pathkey(PlannerInfo *root, Expr *expr, Oid operator,
							 Relids relids)
{
#if PG_VERSION_NUM >= 160000
	return build_expression_pathkey(root, expr, operator, relids, true);
#else
	return build_expression_pathkey(root, expr, NULL, operator, relids, true);
#endif
}

/*
 * The cheapest path that returns each row of "rel" that a semi-join may match
 * once, or NULL.  PostgreSQL 19 hands over a relation that is unique already.
 */
static inline Path *
qf_compat_unique_path(PlannerInfo *root, RelOptInfo *rel,
					  SpecialJoinInfo *sjinfo)
{
#if PG_VERSION_NUM >= 190000
	return rel->cheapest_total_path;
#else
	return (Path *) create_unique_path(root, rel, rel->cheapest_total_path,
									   sjinfo);
#endif
}

/* PostgreSQL 19 also joins relations that it has aggregated already. */
static inline bool
qf_compat_is_grouped(const RelOptInfo *rel)
{
#if PG_VERSION_NUM >= 190000
	return IS_GROUPED_REL(rel);
#else
	return false;
#endif
}

/* Elements an array expression is expected to have. */
static inline double
qf_compat_array_length(PlannerInfo *root, Node *array)
{
#if PG_VERSION_NUM >= 170000
	return estimate_array_length(root, array);
#else
	return estimate_array_length(array);
#endif
}

/*
 * The role whose privileges and user mapping a scan uses: the view's owner or
 * the caller.  PostgreSQL 16 moved it from the range table to the plan node.
 */
static inline Oid
qf_compat_checked_user(ForeignScan *plan, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	return OidIsValid(plan->checkAsUser) ? plan->checkAsUser : GetUserId();
#else
	RangeTblEntry *rte = exec_rt_fetch(plan->scan.scanrelid, estate);

	return OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
#endif
}

/* PostgreSQL 18 can leave room for its caller in front of the tuple. */
static inline MinimalTuple
qf_compat_minimal_tuple(TupleDesc desc, Datum *values, bool *nulls)
{
#if PG_VERSION_NUM >= 180000
	return heap_form_minimal_tuple(desc, values, nulls, 0);
#else
	return heap_form_minimal_tuple(desc, values, nulls);
#endif
}

/*
 * From PostgreSQL 17 on, core puts a one-time filter above a custom join if it
 * is told the clauses.  Earlier versions do not call the join hook then.
 */
#if PG_VERSION_NUM >= 170000
#define QF_COMPAT_GATES_JOINS true
#else
#define QF_COMPAT_GATES_JOINS false
#endif

static inline void
qf_compat_set_restrictinfo(CustomPath *path, List *clauses)
{
#if PG_VERSION_NUM >= 170000
	path->custom_restrictinfo = clauses;
#endif
}

/* PostgreSQL 18 counts the disabled nodes of a path and prefers fewer. */
static inline void
qf_compat_sum_disabled(Path *path, Path *outer, Path *inner)
{
#if PG_VERSION_NUM >= 180000
	path->disabled_nodes = outer->disabled_nodes + inner->disabled_nodes;
#endif
}

/* A wait event set that lives until it is freed or the backend ends. */
static inline WaitEventSet *
qf_compat_wait_event_set(int nevents)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, nevents);
#else
	return CreateWaitEventSet(TopMemoryContext, nevents);
#endif
}

/* What we wait for: what pg_stat_activity shows is named from PostgreSQL 17 on. */
typedef enum QfWaitEvent
{
	QF_WAIT_EVENT_API,
	QF_WAIT_EVENT_LINE,
	QF_WAIT_EVENT_SESSION
} QfWaitEvent;

static inline uint32
qf_compat_wait_event(QfWaitEvent event)
{
#if PG_VERSION_NUM >= 170000
	static const char *const names[] = {
		"QianfanApi", "QianfanLine", "QianfanSession"
	};
	static uint32 events[lengthof(names)];

	if (events[event] == 0)
		events[event] = WaitEventExtensionNew(names[event]);
	return events[event];
#else
	return PG_WAIT_EXTENSION;
#endif
}

/*
 * Memory that sessions share by name, made by who comes first, exists from
 * PostgreSQL 17 on.  For who has included "storage/dsm_registry.h"; 19 passes an
 * argument through.
 */
#define QF_COMPAT_HAS_REGISTRY (PG_VERSION_NUM >= 170000)

#if PG_VERSION_NUM >= 190000
#define QF_COMPAT_REGISTRY_PARAMETERS void *ptr, void *arg
#define QF_COMPAT_NAMED_SEGMENT(name, size, init, found) \
	GetNamedDSMSegment(name, size, init, found, NULL)
#else
#define QF_COMPAT_REGISTRY_PARAMETERS void *ptr
#define QF_COMPAT_NAMED_SEGMENT(name, size, init, found) \
	GetNamedDSMSegment(name, size, init, found)
#endif

/* Locks of our own; before PostgreSQL 19 each process has to name them. */
#if PG_VERSION_NUM >= 190000
#define QF_COMPAT_NEW_TRANCHE(name) LWLockNewTrancheId(name)
#define QF_COMPAT_REGISTER_TRANCHE(tranche, name) ((void) (tranche))
#else
#define QF_COMPAT_NEW_TRANCHE(name) LWLockNewTrancheId()
#define QF_COMPAT_REGISTER_TRANCHE(tranche, name) \
	LWLockRegisterTranche(tranche, name)
#endif

/* Does a role own a foreign server, or may it use it? */
static inline bool
qf_compat_owns_server(Oid server, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(ForeignServerRelationId, server, role);
#else
	return pg_foreign_server_ownercheck(server, role);
#endif
}

static inline bool
qf_compat_may_use_server(Oid server, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ForeignServerRelationId, server, role,
						   ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_foreign_server_aclcheck(server, role, ACL_USAGE) == ACLCHECK_OK;
#endif
}

/*
 * The record of a parameter, or of the placeholder that stands for it until it
 * is defined; NULL if there is neither.  PostgreSQL 16 made a hash table of
 * the array.
 */
static inline struct config_generic *
qf_compat_find_parameter(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return find_option(name, false, true, DEBUG5);
#else
	struct config_generic **all = get_guc_variables();

	for (int i = 0; i < GetNumConfigOptions(); i++)
	{
		if (pg_strcasecmp(all[i]->name, name) == 0)
			return all[i];
	}
	return NULL;
#endif
}

/* The value a placeholder would be reset to, and its present one, or NULL. */
static inline const char *
qf_compat_reset_text(const struct config_generic *placeholder)
{
#if PG_VERSION_NUM >= 190000
	return placeholder->_string.reset_val;
#else
	return ((const struct config_string *) placeholder)->reset_val;
#endif
}

static inline const char *
qf_compat_present_text(const struct config_generic *placeholder)
{
#if PG_VERSION_NUM >= 190000
	return *placeholder->_string.variable;
#else
	return *((const struct config_string *) placeholder)->variable;
#endif
}

/*
 * Does an interrupt that is pending end the statement, or the session?
 * PostgreSQL 17 limits the time of transactions.
 */
static inline bool
qf_compat_is_being_ended(void)
{
#if PG_VERSION_NUM >= 170000
	if (TransactionTimeoutPending)
		return true;
#endif
	return QueryCancelPending || ProcDiePending;
}

/*
 * The role whose privileges and user mapping a write uses: the view's owner or
 * the caller.  A partition that rows are routed to has those of its root.
 */
static inline Oid
qf_compat_writing_user(ResultRelInfo *relation, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	return ExecGetResultRelCheckAsUser(relation, estate);
#else
	RangeTblEntry *rte;

	if (relation->ri_RangeTableIndex == 0)
		relation = relation->ri_RootResultRelInfo;
	rte = exec_rt_fetch(relation->ri_RangeTableIndex, estate);
	return OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
#endif
}

/* An expression over a table as one over its child, or a child of a child. */
static inline Node *
qf_compat_translate(PlannerInfo *root, Node *node, const RelOptInfo *child,
					const RelOptInfo *parent)
{
#if PG_VERSION_NUM >= 160000
	return adjust_appendrel_attrs_multilevel(root, node,
											 unconstify(RelOptInfo *, child),
											 unconstify(RelOptInfo *, parent));
#else
	return adjust_appendrel_attrs_multilevel(root, node, child->relids,
											 parent->relids);
#endif
}

/* Where in its range table a statement has what it writes to. */
static inline List *
qf_compat_result_relations(const PlannedStmt *statement)
{
#if PG_VERSION_NUM >= 190000
	List	   *relations = NIL;

	for (int i = -1; (i = bms_next_member(statement->resultRelationRelids, i)) >= 0;)
		relations = lappend_int(relations, i);
	return relations;
#else
	return statement->resultRelations;
#endif
}

/* When is a date or a timestamp?  At an infinite time if out of range. */
static inline TimestampTz
qf_compat_instant(Oid type, Datum value)
{
#if PG_VERSION_NUM >= 190000
	ErrorSaveContext context = {T_ErrorSaveContext};
	int64		number = type == DATEOID ?
	DatumGetDateADT(value) : DatumGetTimestamp(value);
	TimestampTz instant = type == DATEOID ?
	date2timestamptz_safe(number, (Node *) &context) :
	timestamp2timestamptz_safe(number, (Node *) &context);

	return !context.error_occurred ? instant : number > 0 ? DT_NOEND : DT_NOBEGIN;
#else
	int			overflow;

	return type == DATEOID ?
		date2timestamptz_opt_overflow(DatumGetDateADT(value), &overflow) :
		timestamp2timestamptz_opt_overflow(DatumGetTimestamp(value), &overflow);
#endif
}

/* From PostgreSQL 18 on, RETURNING can ask for the row as it was before. */
static inline bool
qf_compat_is_old(const Var *var)
{
#if PG_VERSION_NUM >= 180000
	return var->varreturningtype == VAR_RETURNING_OLD;
#else
	return false;
#endif
}

/* For who has included <curl/curl.h>. */
#ifdef LIBCURL_VERSION_NUM

#if LIBCURL_VERSION_NUM < 0x074a00
#error "qianfan_fdw needs libcurl 7.74 or later"
#endif

/*
 * Speak nothing but HTTP, and do not wait for a name server when a statement is
 * cancelled.  Before libcurl 7.87 there is no way to have the latter.
 */
static inline bool
qf_compat_set_easy(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075700
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
							"http,https") == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
#else
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
							(long) (CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK;
#endif
}

/*
 * Who is told that a request is about to be sent.  libcurl before 7.80 tells
 * nobody, but asks for the body once the header is on its way, and to have it
 * from the start again before it sends a request a second time.
 */
#if LIBCURL_VERSION_NUM < 0x075000
#define CURL_PREREQFUNC_OK 0
#define CURL_PREREQFUNC_ABORT 1
#endif

static inline bool
qf_compat_set_sending(CURL *easy,
					  int (*before) (void *, char *, char *, int, int),
					  curl_read_callback read, curl_seek_callback seek)
{
#if LIBCURL_VERSION_NUM >= 0x075000
	return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before) == CURLE_OK;
#else
	return curl_easy_setopt(easy, CURLOPT_READFUNCTION, read) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek) == CURLE_OK;
#endif
}

/* What they are told with. */
static inline bool
qf_compat_set_sender(CURL *easy, void *sender)
{
#if LIBCURL_VERSION_NUM >= 0x075000
	return curl_easy_setopt(easy, CURLOPT_PREREQDATA, sender) == CURLE_OK;
#else
	return curl_easy_setopt(easy, CURLOPT_READDATA, sender) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SEEKDATA, sender) == CURLE_OK;
#endif
}

/* The body of a request, or NULL; libcurl before 7.80 has to ask for it. */
static inline bool
qf_compat_set_body(CURL *easy, const char *body)
{
#if LIBCURL_VERSION_NUM < 0x075000
	body = NULL;
#endif
	return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK;
}

/* Did the transfer end because a request was not to be sent twice? */
static inline bool
qf_compat_is_repetition(int curl_code)
{
	return curl_code == CURLE_ABORTED_BY_CALLBACK ||
		curl_code == CURLE_SEND_FAIL_REWIND;
}

/*
 * From libcurl 8.20 on, the threads that resolve names are a pool of the multi
 * handle's.  Have as many as there were before, and let nobody wait for them
 * when the handle goes away.
 */
static inline CURLMcode
qf_compat_set_resolver(CURLM *multi, long nthreads)
{
#if LIBCURL_VERSION_NUM >= 0x081400
	CURLMcode	code = curl_multi_setopt(multi, CURLMOPT_RESOLVE_THREADS_MAX,
										 nthreads);

	return code == CURLM_OK ?
		curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L) : code;
#else
	return CURLM_OK;
#endif
}
#endif							/* LIBCURL_VERSION_NUM */

/* Columns that are computed when they are read exist from PostgreSQL 18 on. */
#ifndef ATTRIBUTE_GENERATED_VIRTUAL
#define ATTRIBUTE_GENERATED_VIRTUAL 'v'
#endif

#endif							/* QF_BASE_COMPAT_H */
