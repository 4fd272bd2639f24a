/*
 * modify_plan.c
 *	  What a plan that writes carries along: the id of each row that is cancelled
 *	  or deleted, and the columns that an UPDATE sets.
 *
 * src/fdw/modify_plan.c
 */
#include "postgres.h"

#include "access/table.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/nls.h"
#include "data/field.h"
#include "fdw/modify_plan.h"
#include "resource/resource.h"

/* The options of a table that may be written; NULL if it may not. */
static QfOptions *
find_options(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	QfOptions  *options = qf_option_resolve(GetForeignServerIdByRelId(relid),
											relid);

	return options->updatable && options->resource->writes != NULL ?
		options : NULL;
}

/*
 * qf_modify_plan_id
 *		The column that holds the id of an object; 0 if there is none.
 */
int
qf_modify_plan_id(Relation rel, const QfOptions *options)
{
	TupleDesc	desc = RelationGetDescr(rel);
	QfSource   *sources = qf_field_sources(rel, options->resource);

	for (int i = 0; i < desc->natts; i++)
	{
		if (!sources[i].absent &&
			qf_field_is_id(&sources[i], options->resource))
			return i + 1;
	}
	return 0;
}

/*
 * qf_modify_plan_id_name
 *		The name of the hidden column with the id.  Tables of one statement may
 *		share it only if their columns are alike.
 */
char *
qf_modify_plan_id_name(Relation rel, int attnum)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(rel),
												attnum - 1);

	return psprintf("qianfan_fdw:id:%d:%u:%d:%u", attnum, attribute->atttypid,
					attribute->atttypmod, attribute->attcollation);
}

/* Does core ask for the row by itself, for triggers? */
static bool
has_row_triggers(Relation rel, CmdType command)
{
	const TriggerDesc *triggers = rel->trigdesc;

	if (triggers == NULL)
		return false;
	return command == CMD_UPDATE ?
		triggers->trig_update_before_row || triggers->trig_update_after_row :
		triggers->trig_delete_before_row || triggers->trig_delete_after_row;
}

/* Is the row as it was before named in RETURNING? */
static bool
names_old(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return qf_compat_is_old((Var *) node);
	return expression_tree_walker(node, names_old, context);
}

/*
 * qf_modify_plan_uses_row
 *		Does anybody look at the row that an UPDATE or DELETE carries along as a
 *		whole, apart from a DELETE's RETURNING?
 *
 * Triggers do.  An UPDATE builds its new row from it, but of that we only take
 * the state.
 */
bool
qf_modify_plan_uses_row(const PlannerInfo *root, const RelOptInfo *rel)
{
	const Query *query = root->parse;
	Relation	target = table_open(planner_rt_fetch(rel->relid, root)->relid,
									NoLock);
	bool		result = has_row_triggers(target, query->commandType);

	table_close(target, NoLock);
	return result ||
		(query->commandType == CMD_UPDATE &&
		 names_old((Node *) query->returningList, NULL));
}

/*
 * qf_modify_plan_policies
 *		What policies ask of the rows that an UPDATE makes.
 */
List *
qf_modify_plan_policies(const Query *query)
{
	List	   *quals = NIL;
	ListCell   *lc;

	foreach(lc, query->withCheckOptions)
	{
		WithCheckOption *check = lfirst_node(WithCheckOption, lc);

		if (check->kind == WCO_RLS_UPDATE_CHECK)
			quals = lappend(quals, check->qual);
	}
	return quals;
}

/* Have the scan return what tells which object a row is about. */
void
qianfanAddForeignUpdateTargets(PlannerInfo *root, Index rtindex,
							   RangeTblEntry *target_rte,
							   Relation target_relation)
{
	const QfOptions *options = find_options(target_relation);
	Form_pg_attribute attribute;
	int			attnum;

	/* Core refuses it once it is executed. */
	if (options == NULL)
		return;
	attnum = qf_modify_plan_id(target_relation, options);
	if (attnum == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("foreign table \"%s\" has no column that holds the id of a %s",
						RelationGetRelationName(target_relation),
						qf_translate(options->resource->noun)),
				 errhint("Add a column with the option \"field\" set to \"%s\".",
						 options->resource->id_field)));
	attribute = TupleDescAttr(RelationGetDescr(target_relation), attnum - 1);
	add_row_identity_var(root,
						 makeVar(rtindex, attnum, attribute->atttypid,
								 attribute->atttypmod, attribute->attcollation,
								 0),
						 rtindex,
						 qf_modify_plan_id_name(target_relation, attnum));

	/* What a DELETE returns is not there to be read any more. */
	if (root->parse->commandType == CMD_DELETE &&
		root->parse->returningList != NIL &&
		!has_row_triggers(target_relation, CMD_DELETE))
		add_row_identity_var(root,
							 makeVar(rtindex, InvalidAttrNumber, RECORDOID, -1,
									 InvalidOid, 0),
							 rtindex, QF_MODIFY_ROW);
}

/* Does the column hold the state? */
static bool
is_state(const QfSource *source, const QfResource *resource)
{
	for (int i = 0; i < QF_MAX_FIELDS && resource->state_fields[i]; i++)
	{
		if (source->paths[0] != NULL &&
			strcmp(source->paths[0], resource->state_fields[i]) == 0)
			return true;
	}
	return false;
}

/* An UPDATE can only set the state, whatever it sets it to. */
static void
check_updated(Relation rel, const QfOptions *options, List *attnums)
{
	TupleDesc	desc = RelationGetDescr(rel);
	QfSource   *sources = qf_field_sources(rel, options->resource);
	ListCell   *lc;

	foreach(lc, attnums)
	{
		int			attnum = lfirst_int(lc);

		if (!is_state(&sources[attnum - 1], options->resource))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("column \"%s\" of foreign table \"%s\" cannot be changed",
							NameStr(TupleDescAttr(desc, attnum - 1)->attname),
							RelationGetRelationName(rel)),
					 errhint("UPDATE can only set the state to \"%s\" or \"%s\", which cancels.",
							 options->resource->writes->cancelled_states[0],
							 options->resource->writes->cancelled_states[1])));
	}
}

/*
 * qf_modify_plan_refuse_conflicts
 *		Raise 0A000 for INSERT ... ON CONFLICT: the API says of none.
 */
void
qf_modify_plan_refuse_conflicts(Relation rel, const ModifyTable *plan)
{
	if (plan->onConflictAction != ONCONFLICT_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("foreign table \"%s\" does not support ON CONFLICT",
						RelationGetRelationName(rel)),
				 errdetail("No conflict could be seen.")));
}

/* Refuse what cannot be done; the plan carries the numbers of the columns set. */
List *
qianfanPlanForeignModify(PlannerInfo *root, ModifyTable *plan,
						 Index result_relation, int subplan_index)
{
	RangeTblEntry *rte = planner_rt_fetch(result_relation, root);
	Relation	rel = table_open(rte->relid, NoLock);
	const QfOptions *options = find_options(rel);
	List	   *attnums = NIL;

	if (options != NULL && plan->operation == CMD_UPDATE)
	{
		attnums = list_nth(plan->updateColnosLists, subplan_index);
		check_updated(rel, options, attnums);
	}
	if (options != NULL && plan->operation == CMD_INSERT)
		qf_modify_plan_refuse_conflicts(rel, plan);
	table_close(rel, NoLock);
	return list_make1(attnums);
}
