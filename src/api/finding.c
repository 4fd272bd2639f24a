/*
 * finding.c
 *	  What pages and details of a check tell of the service.
 *
 * Nothing here asks anything, and no value of a task is repeated: the findings
 * are made to be shown to others.
 *
 * src/api/finding.c
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "api/finding.h"
#include "base/nls.h"
#include "resource/registry.h"

/* What is in front of the time zone in a time as the API writes it. */
#define TIME_LENGTH strlen("2024-04-10T17:16:22")

/* How the times of a list go. */
typedef enum Trend
{
	TREND_NONE,					/* up and down, or there is no telling */
	TREND_LEVEL,				/* all alike */
	TREND_UP,
	TREND_DOWN
} Trend;

/* The member that a column reads, and its name; NULL if the object lacks it. */
static const QfJson *
find_member(const QfJson *object, const QfColumn *column, const char **name)
{
	for (int i = 0; i < QF_MAX_FIELDS && column->fields[i] != NULL; i++)
	{
		const QfJson *member = qf_json_member(object, column->fields[i]);

		if (member != NULL)
		{
			*name = column->fields[i];
			return member;
		}
	}
	return NULL;
}

static const char *
id_of(const QfProbe *probe, const QfJson *item)
{
	return qf_json_text(qf_json_member(item,
									   probe->options->resource->id_field));
}

static const QfJson *
last_item(const QfProbe *probe, QfProbePage page)
{
	const QfJson *last = NULL;

	for (const QfJson *item = qf_probe_items(probe, page); item != NULL;
		 item = qf_json_next(item))
		last = item;
	return last;
}

static bool
page_has(const QfProbe *probe, QfProbePage page, const char *id)
{
	for (const QfJson *item = qf_probe_items(probe, page); item != NULL;
		 item = qf_json_next(item))
	{
		if (strcmp(id_of(probe, item), id) == 0)
			return true;
	}
	return false;
}

/* Has the page after this one a task that this one has not? */
static bool
goes_on(const QfProbe *probe, QfProbePage page)
{
	for (const QfJson *item = qf_probe_items(probe, page + 1); item != NULL;
		 item = qf_json_next(item))
	{
		if (!page_has(probe, page, id_of(probe, item)))
			return true;
	}
	return false;
}

/* Where the second page begins, seen from the marker. */
static const char *
describe_marker(const QfProbe *probe)
{
	const QfJson *last = last_item(probe, QF_PROBE_FIRST);
	const QfJson *next = qf_probe_items(probe, QF_PROBE_SECOND);
	const char *marker = probe->pages[QF_PROBE_FIRST]->answer->next_marker;

	if (strcmp(id_of(probe, next), id_of(probe, last)) == 0)
		return qf_translate("The marker is inclusive: a page begins with the last task of the page before.");
	if (strcmp(id_of(probe, next), marker) == 0)
		return qf_translate("The marker is inclusive: it names the first task of the next page.");
	if (strcmp(id_of(probe, last), marker) == 0)
		return qf_translate("The marker is exclusive: a page begins after the task that it names.");
	return qf_translate("The marker is not the id of a task.");
}

/*
 * How do the times of two pages go?  They are compared as texts, which is right
 * as long as they are in the same time zone.
 */
static Trend
find_trend(const QfProbe *probe, QfProbePage page)
{
	const QfColumn *column = qf_registry_column(probe->options->resource,
												probe->options->resource->order_column);
	const char *before = NULL;
	bool		up = false;
	bool		down = false;

	for (int i = 0; i < 2; i++)
	{
		for (const QfJson *item = qf_probe_items(probe, page + i); item != NULL;
			 item = qf_json_next(item))
		{
			const char *name;
			const QfJson *member = find_member(item, column, &name);
			const char *time = member != NULL ? qf_json_text(member) : "";
			int			difference;

			if (strlen(time) <= TIME_LENGTH ||
				(before != NULL && strcmp(before + TIME_LENGTH,
										  time + TIME_LENGTH) != 0))
				return TREND_NONE;
			difference = before != NULL ? strcmp(time, before) : 0;
			before = time;
			/* A page that begins with the last task of the one before. */
			up = up || difference > 0;
			down = down || difference < 0;
		}
	}
	return up && down ? TREND_NONE : up ? TREND_UP :
		down ? TREND_DOWN : TREND_LEVEL;
}

/* The value of list_order that is true; false if there is no telling. */
static bool
find_order(const QfProbe *probe, QfListOrder *order)
{
	Trend		forward = find_trend(probe, QF_PROBE_FIRST);
	Trend		backward = find_trend(probe, QF_PROBE_LAST);

	if (forward == TREND_UP && backward == TREND_DOWN)
		*order = QF_ORDER_RISING;
	else if (forward == TREND_DOWN && backward == TREND_UP)
		*order = QF_ORDER_FALLING;
	else
		*order = QF_ORDER_NONE;
	return forward != TREND_LEVEL && backward != TREND_LEVEL;
}

/* The first of four pages that is an error or brings nothing new; -1: none. */
static int
broken_page(const QfProbe *probe)
{
	for (int i = 0; i < QF_PROBE_NPAGES; i++)
	{
		bool		starts = i == QF_PROBE_FIRST || i == QF_PROBE_LAST;

		if (!qf_probe_answered(probe->pages[i]) ||
			(!starts && !goes_on(probe, i - 1)))
			return i;
	}
	return -1;
}

/* Why there are not four pages. */
static QfFinding
explain_pages(const QfProbe *probe, int broken)
{
	QfFinding	finding = {QF_CHECK_BAD};
	const QfCall *call = probe->pages[broken];

	if (call == NULL)
	{
		const QfCall *before = broken > 0 ? probe->pages[broken - 1] : NULL;

		finding.verdict = QF_CHECK_NOT_MADE;
		finding.detail = before != NULL && before->answer->nitems < 2 ?
			qf_translate("The account has too few tasks for two pages.") :
			qf_translate("The service put all tasks on one page.");
	}
	else if (!qf_probe_answered(call))
	{
		QfProbeError error = qf_probe_error(probe, call);

		finding.detail = error.message;
		finding.hint = error.hint;
	}
	else
	{
		finding.detail = broken == QF_PROBE_SECOND ?
			qf_translate("The second page has nothing new.") :
			qf_translate("The second page in reverse order has nothing new.");
		finding.hint = qf_translate("Lists of more than one page cannot be read. Ask the provider's support.");
	}
	return finding;
}

/*
 * qf_finding_paging
 *		Does paging work in both directions, is the marker inclusive, and which
 *		list_order is true?
 */
QfFinding
qf_finding_paging(const QfProbe *probe)
{
	QfFinding	finding = {QF_CHECK_GOOD};
	int			broken = broken_page(probe);
	QfListOrder declared = probe->options->list_order;
	QfListOrder order;

	if (broken >= 0)
		return explain_pages(probe, broken);
	if (!find_order(probe, &order))
		finding.detail = psprintf(qf_translate("%s The order of the list cannot be told, for the tasks have the same creation time."),
								  describe_marker(probe));
	else
	{
		finding.detail = psprintf(qf_translate("%s The value of \"list_order\" that fits is \"%s\"."),
								  describe_marker(probe),
								  qf_option_order_name(order));
		if (declared != QF_ORDER_NONE && declared != order)
			finding.verdict = QF_CHECK_BAD;
		if (declared != order)
			finding.hint = psprintf(qf_translate("Set the option \"list_order\" of the server to \"%s\"."),
									qf_option_order_name(order));
	}
	return finding;
}

/* Is the value one that becomes NULL, as a member that is missing does? */
static bool
says_nothing(const QfJson *value, QfValueKind kind)
{
	return qf_json_type(value) == QF_JSON_NULL ||
		(kind != QF_VALUE_TEXT && qf_json_is_empty(value));
}

/* Names of the list's members that the detail has with another value. */
static const char *
differing_members(const QfProbe *probe)
{
	const QfResource *resource = probe->options->resource;
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < resource->ncolumns; i++)
	{
		const char *name;
		const char *other_name;
		const QfJson *member = find_member(probe->item, &resource->columns[i],
										   &name);
		const QfJson *other = find_member(probe->detail->answer->result,
										  &resource->columns[i], &other_name);

		if (member == NULL || says_nothing(member, resource->columns[i].kind))
			continue;
		if (other == NULL ||
			strcmp(qf_json_text(member), qf_json_text(other)) != 0)
			appendStringInfo(&names, "%s%s",
							 names.len > 0 ? qf_translate(", ") : "", name);
	}
	return names.len > 0 ? names.data : NULL;
}

/* Was the detail of a task given, and does it say what the list says? */
QfFinding
qf_finding_detail(const QfProbe *probe)
{
	QfFinding	finding = {QF_CHECK_GOOD};
	const char *names;

	if (probe->detail->answer->kind == QF_ANSWER_NOT_FOUND)
	{
		finding.verdict = QF_CHECK_BAD;
		finding.detail = qf_translate("A task of the list is not known when it is asked for by id.");
		finding.hint = qf_translate("It may have been deleted meanwhile. Run the check once more.");
		return finding;
	}
	names = differing_members(probe);
	if (names == NULL)
		finding.detail = qf_translate("The detail of a task has what the list says of it.");
	else
	{
		finding.verdict = QF_CHECK_BAD;
		finding.detail = psprintf(qf_translate("Detail and list differ in: %s."),
								  names);
		finding.hint = qf_translate("The task may have changed meanwhile. Run the check once more.");
	}
	return finding;
}

/* Is the member, or what it is part of, in an item of the first page? */
static bool
list_has(const QfProbe *probe, const char *path)
{
	for (const QfJson *item = qf_probe_items(probe, QF_PROBE_FIRST);
		 item != NULL; item = qf_json_next(item))
	{
		if (qf_json_member(item, path) != NULL)
			return true;
	}
	return false;
}

/* Which of the spellings of a column an object has. */
static void
append_spelling(StringInfo text, const QfJson *object, const QfColumn *column)
{
	const char *name;

	if (object == NULL || find_member(object, column, &name) == NULL)
		return;
	appendStringInfo(text, "%s%s", text->len > 0 ? qf_translate(", ") : "",
					 name);
}

/*
 * qf_finding_spelling
 *		Which names the service uses where there are several, and which members
 *		of a detail the list has as well.
 */
QfFinding
qf_finding_spelling(const QfProbe *probe)
{
	const QfResource *resource = probe->options->resource;
	const QfJson *detail = qf_probe_answered(probe->detail) ?
	probe->detail->answer->result : NULL;
	QfFinding	finding = {QF_CHECK_GOOD};
	StringInfoData in_list;
	StringInfoData in_detail;
	StringInfoData carried;
	const char *name;

	initStringInfo(&in_list);
	initStringInfo(&in_detail);
	initStringInfo(&carried);
	for (int i = 0; i < resource->ncolumns; i++)
	{
		const QfColumn *column = &resource->columns[i];

		if (QF_MAX_FIELDS > 1 && column->fields[1] != NULL)
		{
			append_spelling(&in_list, probe->item, column);
			append_spelling(&in_detail, detail, column);
		}
		/* Members of a member come and go with it. */
		if (!column->in_list && strchr(column->fields[0], '.') == NULL)
			appendStringInfo(&carried, "%s%s",
							 carried.len > 0 ? qf_translate(", ") : "",
							 psprintf(list_has(probe, column->fields[0]) ?
									  qf_translate("\"%s\": yes") :
									  qf_translate("\"%s\": no"),
									  column->fields[0]));
	}
	finding.detail = psprintf(qf_translate("Names in the list: %s; in a detail: %s. Does the list have what only a detail is documented to have? %s."),
							  in_list.len > 0 ? in_list.data : "-",
							  in_detail.len > 0 ? in_detail.data : "-",
							  carried.data);
	if (find_member(probe->item, qf_registry_column(resource, "state"),
					&name) == NULL)
	{
		finding.verdict = QF_CHECK_BAD;
		finding.hint = qf_translate("The member that holds the state has a name that is not known. Name it with the column option \"field\".");
	}
	return finding;
}
